from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from paasctl.adapters.git.reads import ReadingGit
from support.histories import RULES, git, repository

Environ = Mapping[str, str]


@pytest.fixture
def work(tmp_path: Path, environ: Environ) -> Path:
    """A repository with a file, a program, a link, a submodule and something ignored."""
    repository(tmp_path / "lib", "o", environ)
    repository(tmp_path / "work", "o", environ)
    folder = tmp_path / "work"
    (folder / "kept.txt").write_text("as it was\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "link").symlink_to("kept.txt")
    (folder / ".gitignore").write_text("ignored/\n")
    add = ("submodule", "--quiet", "add", str(tmp_path / "lib"), "lib")
    git(folder, environ, "-c", "protocol.file.allow=always", *add)
    git(folder, environ, "add", "-A")
    git(folder, environ, "commit", "-q", "-m", "all of it")
    return folder


def tree(folder: Path, environ: Environ) -> str:
    return ReadingGit(folder, environ).checkout(RULES, {}).tree


def rewrite(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(content)


def relink(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("run.sh")


CHANGES: dict[str, Callable[[Path], None]] = {
    "an edit": lambda it: rewrite(it, "kept.txt", "otherwise\n"),
    "another edit": lambda it: rewrite(it, "kept.txt", "yet otherwise\n"),
    "a new file": lambda it: rewrite(it, "new.txt", "otherwise\n"),
    "a new file in a new folder": lambda it: rewrite(it, "new/new.txt", "otherwise\n"),
    "a file gone": lambda it: (it / "kept.txt").unlink(),
    "made a program": lambda it: (it / "kept.txt").chmod(0o755),
    "a link elsewhere": relink,
    "a file for a link": lambda it: rewrite(it, "link", "kept.txt"),
    "an odd name": lambda it: rewrite(it, 'two\nlines "é', ""),
    "an edit in a submodule": lambda it: rewrite(it, "lib/new.txt", "otherwise\n"),
}


def test_clean(work: Path, environ: Environ) -> None:
    (work / "ignored").mkdir()
    (work / "ignored/file").write_text("nobody looks")
    told = ReadingGit(work, environ).checkout(RULES, {})
    assert (told.dirty, told.tree) == ((), "")


def test_v4_every_change_has_a_tree_of_its_own(work: Path, environ: Environ, tmp_path: Path) -> None:
    trees = {}
    for what, change in CHANGES.items():
        folder = tmp_path / what.replace(" ", "-")
        shutil.copytree(work, folder, symlinks=True)
        change(folder)
        trees[what] = tree(folder, environ)
        assert tree(folder, environ) == trees[what]
    assert all(len(it) == 12 for it in trees.values())
    assert len(set(trees.values())) == len(CHANGES)


def test_v4_staged_or_not_is_the_same_tree(work: Path, environ: Environ) -> None:
    CHANGES["an edit"](work)
    CHANGES["a new file"](work)
    before = tree(work, environ)
    git(work, environ, "add", "-A")
    assert tree(work, environ) == before


def test_v4_a_settings_file_cannot_hide_dirt(work: Path, environ: Environ) -> None:
    git(work, environ, "config", "status.showUntrackedFiles", "no")
    git(work, environ, "config", "diff.ignoreSubmodules", "all")
    CHANGES["a new file"](work)
    CHANGES["an edit in a submodule"](work)
    assert ReadingGit(work, environ).checkout(RULES, {}).dirty == ("lib", "new.txt")


def test_reading_writes_nothing(work: Path, environ: Environ) -> None:
    CHANGES["an edit"](work)
    (work / "run.sh").touch()  # a stale index entry, which `status` would like to refresh
    before = {path: path.stat().st_mtime_ns for path in sorted((work / ".git").rglob("*"))}
    tree(work, environ)
    assert {path: path.stat().st_mtime_ns for path in sorted((work / ".git").rglob("*"))} == before
