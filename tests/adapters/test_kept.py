"""The user's cache: whole or not there, never too big, and never an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paasctl.adapters.kept import KeptFiles, cache_folder


@pytest.fixture
def kept(tmp_path: Path) -> KeptFiles:
    return KeptFiles(tmp_path / "cache" / "paasctl")


def files(kept: KeptFiles) -> list[Path]:
    assert kept.folder is not None
    return sorted(it for it in kept.folder.rglob("*") if it.is_file())


def test_what_was_put_comes_back(kept: KeptFiles) -> None:
    assert kept.get("layers", "sha256:a") is None
    kept.put("layers", "sha256:a", b"one")
    kept.put("inspect", "sha256:a", b"two")
    kept.put("layers", "sha256:a", b"three")
    assert kept.get("layers", "sha256:a") == b"three"
    assert kept.get("inspect", "sha256:a") == b"two"
    assert kept.get("layers", "sha256:b") is None


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_a_damaged_file_counts_as_none_and_is_written_anew(kept: KeptFiles, damage: bytes) -> None:
    kept.put("layers", "a", b"one")
    (path,) = files(kept)
    path.write_bytes(damage)
    assert kept.get("layers", "a") is None
    kept.put("layers", "a", b"one")
    assert kept.get("layers", "a") == b"one"


def test_a_flipped_bit_is_found(kept: KeptFiles) -> None:
    kept.put("layers", "a", b"one")
    (path,) = files(kept)
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert kept.get("layers", "a") is None


def test_nobody_else_may_look(kept: KeptFiles) -> None:
    kept.put("layers", "a", b"one")
    assert kept.folder is not None
    assert (kept.folder / "layers").stat().st_mode & 0o077 == 0


def test_the_oldest_make_room(kept: KeptFiles) -> None:
    small = KeptFiles(kept.folder, most=4 * 132 + 40)
    for number, name in enumerate("abcd"):
        small.put("layers", name, name.encode() * 100)
        _age(small, name, number)
    assert small.get("layers", "a")  # looked at: it is young again
    small.put("layers", "e", b"e" * 100)
    assert [it for it in "abcde" if small.get("layers", it)] == ["a", "c", "d", "e"]
    small.put("layers", "huge", b"h" * 500)
    assert small.get("layers", "huge") is None
    assert sum(it.stat().st_size for it in files(small)) <= small.most


def test_many_in_a_row_are_not_as_many_looks_at_the_folder(kept: KeptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image of 2,000 layers took a minute and a half: each looked at all that was kept."""
    looks = list[Path]()
    monkeypatch.setattr("paasctl.adapters.kept.remove_unheld", looks.append)
    for it in range(100):
        kept.put("layers", str(it), b"x" * 100)
    assert len(files(kept)) == 100
    assert len(looks) <= 1


@pytest.mark.parametrize("most", [10_000, 100_000])
def test_what_is_kept_stays_below_what_was_said(kept: KeptFiles, most: int) -> None:
    small = KeptFiles(kept.folder, most=most)
    for it in range(1000):
        small.put("layers", str(it), b"x" * 200)
    assert sum(it.stat().st_size for it in files(small)) <= most * 1.1
    assert small.get("layers", "999")


def _age(kept: KeptFiles, name: str, number: int) -> None:
    newest = max(files(kept), key=lambda it: it.stat().st_mtime_ns)
    assert newest.read_bytes().endswith(name.encode())
    os.utime(newest, (number, number))


def test_what_a_killed_run_left_goes(kept: KeptFiles) -> None:
    kept.put("layers", "a", b"one")
    assert kept.folder is not None
    left = kept.folder / "layers" / ".tmp-left"
    left.write_bytes(b"half")
    KeptFiles(kept.folder).put("layers", "b", b"two")
    assert not left.exists()


def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file" / "cache", None):
        kept = KeptFiles(folder)
        kept.put("layers", "a", b"one")
        assert kept.get("layers", "a") is None


def test_a_full_or_read_only_disk_is_no_error(kept: KeptFiles) -> None:
    assert kept.folder is not None
    (kept.folder / "layers").mkdir(parents=True)
    (kept.folder / "layers").joinpath("x").mkdir()
    kept.folder.joinpath("inspect").write_text("a file where a folder should be")
    kept.put("inspect", "a", b"one")
    assert kept.get("inspect", "a") is None


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, Path("/x/paasctl")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, Path("/h/.cache/paasctl")),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache/paasctl")),
        ({}, None),
    ],
)
def test_where_it_is(environ: dict[str, str], folder: Path | None) -> None:
    assert cache_folder(environ) == folder
