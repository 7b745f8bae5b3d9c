"""`.dockerignore` leaves out of a layer of files what it would leave out of a Dockerfile's context: one meaning."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from paasctl.adapters.docker.context import open_context
from paasctl.adapters.layout import FolderLayout
from paasctl.errors import ConfigError
from paasctl.model.layer import FileLayer
from support.building import build, project, step
from support.images import tars_of
from support.naive import seen

FILES = {
    "src/a.py": "1", "src/a.pyc": "2", "src/deep/b.pyc": "3", "src/deep/keep.pyc": "4", "src/gone/x": "5",
    "src/gone/back/y": "6", "src/gone/back/z": "7", "src/.hidden": "8", "README.md": "9", "docs/a.md": "10",
    "Dockerfile": "FROM scratch",
}  # fmt: skip
CASES = [
    "*.pyc",
    "**/*.pyc\n!src/deep/keep.pyc",
    "src/gone",
    "src/gone\n!src/gone/back/y",
    "src/*\n!src/deep",
    "*\n!src/deep/*.pyc",
    "# a comment\n\n  docs  \n/README.md",
    "**/back",
    "src/.*",
    "!src\n",
]


@pytest.mark.parametrize("text", CASES)
def test_the_same_files_as_for_a_dockerfile(text: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", FILES)
    (folder / ".dockerignore").write_text(text)
    context = tarfile.open(fileobj=BytesIO(b"".join(open_context(folder, "Dockerfile").tar(0))))  # noqa: SIM115 - read at once
    theirs = {it.name for it in context.getmembers() if it.name not in ("Dockerfile", ".dockerignore")}
    made = build(step(FileLayer(src=".", dest="/")), folder, layout)
    (tar,) = tars_of(layout, made)
    assert set(seen(tar)) - {"Dockerfile", ".dockerignore"} == theirs


def test_it_counts_from_the_context_wherever_src_lies(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", FILES)
    (folder / ".dockerignore").write_text("src/deep\n*.py\n")
    (tar,) = tars_of(layout, build(step(FileLayer(src="src", dest="/d", exclude=("*.pyc",))), folder, layout))
    assert set(seen(tar)) == {
        "d",
        "d/a.py",
        "d/.hidden",
        "d/gone",
        "d/gone/x",
        "d/gone/back",
        "d/gone/back/y",
        "d/gone/back/z",
    }


@pytest.mark.parametrize("src", ["src/deep", "src/deep/b.pyc", "README.md"])
def test_what_is_left_out_as_a_whole_is_told(src: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", FILES)
    (folder / ".dockerignore").write_text("src/deep\nREADME.md\n")
    with pytest.raises(ConfigError, match=rf"reading {src}: \.dockerignore leaves it out") as caught:
        build(step(FileLayer(src=src, dest="/d")), folder, layout)
    assert caught.value.code == "file-ignored"
    assert f"!{src}" in caught.value.hint


@pytest.mark.parametrize(("text", "why"), [("a\n[z-a]", r"\.dockerignore:2:1"), ("!", "takes back nothing")])
def test_one_that_means_nothing_is_told(text: str, why: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", FILES)
    (folder / ".dockerignore").write_text(text)
    with pytest.raises(ConfigError, match=why):
        build(step(FileLayer(src="src", dest="/d")), folder, layout)
