"""What a release brings, as a table: which version is before it, which lie between, and what differs in files."""

from __future__ import annotations

import pytest

from paasctl.config.words import is_sensitive
from paasctl.model.image import Repository
from paasctl.model.promoting import Brings, FileDiffers
from paasctl.model.release import Release
from paasctl.planning.promotion.brings import between, since, what_it_brings

_HERE = Repository.parse("registry.example/shop")


@pytest.mark.parametrize(
    ("version", "there", "before"),
    [
        ("1.2.0", (), ""),
        ("1.2.0", ("1.1.0", "1.0.9", "latest"), "1.1.0"),
        ("1.2.0", ("1.10.0", "1.9.0"), ""),
        ("1.10.0", ("1.2.0", "1.9.0"), "1.9.0"),
        ("1.2.0", ("1.2.0-rc.1", "1.1.0"), "1.2.0-rc.1"),
        ("1.2.0", ("1.2.0",), ""),
        ("main-SNAPSHOT", ("1.2.0",), ""),
    ],
)
def test_it_stands_beside_the_highest_lower_one(version: str, there: tuple[str, ...], before: str) -> None:
    assert since(version, there) == before


@pytest.mark.parametrize(
    ("version", "before", "found"),
    [
        ("1.4.0", "1.1.0", ("1.3.0", "1.2.0")),
        ("1.2.0", "1.1.0", ()),
        ("1.2.0", "", ("1.1.0", "1.0.0")),
        ("other", "1.0.0", ()),
    ],
)
def test_what_lies_between_comes_highest_first(version: str, before: str, found: tuple[str, ...]) -> None:
    assert between(version, before, ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "latest")) == found


def _release(version: str, *subjects: str, digit: str = "1", **files: bytes) -> Release:
    return Release(
        app="shop",
        version=version,
        commit="a" * 40,
        created=0,
        images={"web": _HERE.child("web").pinned(f"sha256:{digit * 64}")},
        bases={},
        subjects=subjects,
        files=files,
    )


def _brings(release: Release, before: Release | None, *skipped: Release) -> Brings:
    return what_it_brings(release, before, skipped, is_secret=is_sensitive)


def test_commits_of_those_between_are_told_once_and_newest_first() -> None:
    found = _brings(_release("1.3.0", "three", "merge"), _release("1.1.0", "one"), _release("1.2.0", "two", "merge"))
    assert (found.since, found.commits, found.images) == ("1.1.0", ("three", "merge", "two"), ())


def test_files_that_differ_are_told_with_their_lines() -> None:
    old = _release("1.0.0", gone=b"x\n", same=b"s\n", text=b"a\nb\nc\n", blob=b"\xff", long=b"l\n")
    new = _release("1.1.0", digit="2", fresh=b"n\n", same=b"s\n", text=b"a\nB\nc\n", blob=b"\xfe", long=b"l\n" * 1001)
    found = _brings(new, old)
    assert found.images == ("web",)
    assert found.files == (
        FileDiffers(path="blob", how="changed"),
        FileDiffers(path="fresh", how="added", lines=("+ n",)),
        FileDiffers(path="gone", how="removed", lines=("- x",)),
        FileDiffers(path="long", how="changed"),
        FileDiffers(path="text", how="changed", lines=("- b", "+ B")),
    )


def test_what_looks_like_a_secret_is_masked() -> None:
    found = _brings(_release("1.1.0", f=b"  password: hush\nTOKEN=hush\nport: 1\n"), _release("1.0.0", f=b""))
    assert found.files[0].lines == ("+   password: ***", "+ ***", "+ port: 1")
