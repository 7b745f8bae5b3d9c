"""What we pack is read by those who have to read it: by others' gzip, and by Go's in umoci (images.md, 2.6).

pigz comes with the testbed (`PAASCTL_TEST_BIN`), busybox and umoci are programs on the path. Without a testbed Python's
own reader is asked alone.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from paasctl.adapters.layout import create_layout
from support.images import lay_image
from support.tars import tar_of

BIN = os.environ.get("PAASCTL_TEST_BIN", "")
CONTENT = Random(7).randbytes(3 << 20).hex() + "paasctl " * 500_000
FILES = {"one": CONTENT, "two": "short", "three": ""}
READERS = {
    "Python": [sys.executable, "-m", "gzip", "-d"],
    **(
        {
            "gzip": ["gzip", "-dc"],
            "busybox": ["busybox", "gzip", "-dc"],
            "pigz": [f"{BIN}/pigz", "-dc"],
            "pigz with its threads": [f"{BIN}/pigz", "-dc", "-p", "4"],
        }
        if BIN
        else {}
    ),
}
pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def squashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layout with one squashed layer of more than one of our chunks."""
    folder = tmp_path_factory.mktemp("squashed")
    layout = create_layout(folder / "made")
    lay_image(layout, "web", [tar_of(f"{name}={text}") for name, text in FILES.items()])
    words = ("image", "squash", "oci:made:web", "oci:out:web", "--all", "--layers", "1", "--compress", "gzip")
    subprocess.run([sys.executable, "-m", "paasctl", *words], cwd=folder, check=True, capture_output=True)
    return folder / "out"


def layer(layout: Path) -> bytes:
    def read(described: dict[str, str]) -> bytes:
        return (layout / "blobs/sha256" / described["digest"].removeprefix("sha256:")).read_bytes()

    index = json.loads((layout / "index.json").read_text())
    (only,) = json.loads(read(index["manifests"][0]))["layers"]
    return read(only)


@pytest.mark.parametrize("name", READERS)
def test_our_gzip_is_read_by(squashed: Path, name: str) -> None:
    packed = layer(squashed)
    done = subprocess.run(READERS[name], input=packed, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == gzip.decompress(packed)
    assert CONTENT.encode() in done.stdout


class TestGo:
    __test__ = bool(BIN)

    def test_our_gzip_is_read(self, squashed: Path, tmp_path: Path) -> None:
        command = ["umoci", "--log=error", "raw", "unpack", "--image", f"{squashed}:web", str(tmp_path / "out")]
        subprocess.run(command, check=True, capture_output=True)
        assert {it.name: it.read_text() for it in (tmp_path / "out").iterdir()} == FILES
