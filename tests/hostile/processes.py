"""`paasctl image squash` as a process of its own, in a folder where everything it leaves can be seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paasctl

_SOURCE = str(Path(paasctl.__file__).parents[1])
_PACKAGES = [it for it in sys.path if it.endswith("site-packages")]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; `memory` is its peak, in MB."""

    code: int
    out: str
    err: str
    memory: float


class Room:
    """A home, a working folder and a folder for temporary files, beside the image `in` and the results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.image = root / "image"
        for name in ("home", "work", "tmp", "results"):
            (root / name).mkdir()
            (root / name).chmod(0o777)

    def command(self, result: str, *more: str, python: str = sys.executable) -> list[str]:
        """Squash the image into a layout of that name."""
        there = f"oci:{self.root}/results/{result}:out"
        return [python, "-m", "paasctl", "image", "squash", f"oci:{self.image}:in", there, "--all", *more]

    def environ(self, **more: str) -> dict[str, str]:
        """Nothing of the caller's but where Python's packages are."""
        return {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join([_SOURCE, *_PACKAGES]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": f"{self.root}/home",
            "TMPDIR": f"{self.root}/tmp",
            **more,
        }

    def start(self, command: list[str], environ: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[str]:
        """The process, its output in pipes."""
        return subprocess.Popen(
            command,
            env=environ or self.environ(),
            cwd=self.root / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )

    def run(self, result: str, *more: str, python: str = sys.executable, **how: Any) -> Ended:
        """The process, to its end."""
        return ended(self.start(self.command(result, *more, python=python), **how))

    def digest(self, result: str) -> str:
        """Of the image in a result."""
        return str(self._read(result, "index.json")["manifests"][0]["digest"])

    def diff_ids(self, result: str) -> list[str]:
        """Of its layers, unpacked."""
        manifest = self._read(result, _blob(self.digest(result)))
        found: list[str] = self._read(result, _blob(manifest["config"]["digest"]))["rootfs"]["diff_ids"]
        return found

    def _read(self, result: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "results" / result / path).read_text())
        return found

    def left(self) -> list[str]:
        """What lies about outside the results: nothing should."""
        return [str(it.relative_to(self.root)) for name in ("work", "tmp") for it in (self.root / name).rglob("*")]

    def unfinished(self, result: str) -> list[str]:
        """Files in a result that are neither blobs under their digest nor the layout's own."""
        root = self.root / "results" / result
        names = {str(it.relative_to(root)) for it in root.rglob("*") if it.is_file()}
        own = {"oci-layout", "index.json", ".lock"}
        return sorted(it for it in names - own if not (it.startswith("blobs/sha256/") and len(it) == 13 + 64))

    def has_image(self, result: str) -> bool:
        """Whether the name was given."""
        index = self.root / "results" / result / "index.json"
        return index.exists() and bool(json.loads(index.read_text())["manifests"])


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for it."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, out, err, usage.ru_maxrss / 1024)


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
