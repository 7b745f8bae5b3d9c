"""What `.dockerignore` leaves out, by moby's rules: every builder is given the same files and the same lines."""

from __future__ import annotations

import pytest

from support.build_worlds import World
from support.builds import Wanted

pytestmark = pytest.mark.contract
FILES = ("a.md", "b.txt", "keep.md", "sub/a.md", "sub/deep/a.md", "sub/deep/x.log", "tmp/x", "tmp/keep", "#odd")
_TABLE: dict[str, tuple[str | bytes, str]] = {
    "a name": ("a.md", "a.md"),
    "a name is not one further down": ("x.log", ""),
    "a star stops at a slash": ("*.md", "a.md keep.md"),
    "a star in a folder": ("sub/*.md", "sub/a.md"),
    "a star for a folder": ("*/a.md", "sub/a.md"),
    "two stars at the beginning": ("**/a.md", "a.md sub/a.md sub/deep/a.md"),
    "two stars in the midst": ("sub/**/a.md", "sub/a.md sub/deep/a.md"),
    "two stars at the end": ("sub/**", "sub/a.md sub/deep/a.md sub/deep/x.log"),
    "two stars and an ending": ("**.log", "sub/deep/x.log"),
    "a question mark": ("?.md", "a.md"),
    "a class": ("[a-b].*", "a.md b.txt"),
    "a folder": ("tmp", "tmp/x tmp/keep"),
    "a folder with a slash": ("tmp/", "tmp/x tmp/keep"),
    "a slash in front": ("/tmp", "tmp/x tmp/keep"),
    "a dot in front": ("./tmp/../tmp", "tmp/x tmp/keep"),
    "a folder further down": ("sub/deep", "sub/deep/a.md sub/deep/x.log"),
    "all but one": ("*\n!b.txt", "a.md keep.md sub/a.md sub/deep/a.md sub/deep/x.log tmp/x tmp/keep #odd"),
    "taken back": ("*.md\n!keep.md", "a.md"),
    "taken back from a folder": ("tmp\n!tmp/keep", "tmp/x"),
    "taken back deep down": ("sub\n!sub/deep/a.md", "sub/a.md sub/deep/x.log"),
    "taken back too early": ("!a.md\n*.md", "a.md keep.md"),
    "taken back, and out again": ("*.md\n!*.md\na.md", "a.md"),
    "taken back by two stars": ("**/*.md\n!**/a.md", "keep.md"),
    "a comment": ("# a.md\n#odd\nb.txt", "b.txt"),
    "a blank before a mark is no comment": (" #odd", "#odd"),
    "blanks around": ("  a.md  \n\n\n", "a.md"),
    "a byte order mark": (b"\xef\xbb\xbfa.md\n", "a.md"),
    "line ends of Windows": ("a.md\r\nb.txt\r\n", "a.md b.txt"),
    "an escaped mark": ("\\#odd", "#odd"),
    "nothing": ("", ""),
    "everything": ("**", " ".join(FILES)),
}


@pytest.mark.parametrize("row", _TABLE)
def test_left_out_is(world: World, row: str) -> None:
    lines, left_out = _TABLE[row]
    files = dict.fromkeys(FILES, "x")
    built = world.build(Wanted(files=files, copies=((".", "/all"),), ignore=lines))
    there = {it.removeprefix("all/") for it in built.names()} - {"Dockerfile", ".dockerignore"}
    assert sorted(set(FILES) - there) == sorted(left_out.split())


def test_a_pattern_counts_from_the_context(world: World) -> None:
    files = {"app/tmp/x": "1", "tmp/y": "2"}
    built = world.build(Wanted(files=files, copies=(("app", "/app"),), ignore="tmp\n", context="services"))
    assert built.names() == {"app/tmp/x"}


def test_a_pattern_reaches_into_what_is_copied(world: World) -> None:
    files = {"app/tmp/x": "1", "app/y": "2"}
    built = world.build(Wanted(files=files, copies=(("app", "/app"),), ignore="app/tmp\n"))
    assert built.names() == {"app/y"}
