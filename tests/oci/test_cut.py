"""A large layer is cut so that one changed file changes a small one, and nothing else moves."""

from __future__ import annotations

import random

import pytest

from paasctl.oci.building.compose import Entry, Given, Piece, Source, compose
from paasctl.oci.building.cut import cut
from paasctl.oci.building.shape import Shape

MIB = 1 << 20


def entries(files: dict[str, int], *empty: str) -> list[Entry]:
    sources = [Source(b"", "dir"), *(Source(it.encode(), "dir") for it in empty)]
    sources += [Source(path.encode(), "file", Given(b""), size) for path, size in files.items()]
    return compose(Piece("src", "/app", sources), Shape(), 1)


def many(count: int, size: int, seed: int = 1) -> dict[str, int]:
    it = random.Random(seed)
    return {f"d{it.randrange(200):03}/f{number}": it.randrange(size) for number in range(count)}


def parts(files: dict[str, int]) -> list[tuple[bytes, ...]]:
    return [tuple(it.path for it in part if it.source) for part in cut(entries(files))]


@pytest.mark.parametrize("files", [{}, {"a": 1}, many(2000, 10), {"big": 15 * MIB}])
def test_a_small_layer_stays_whole(files: dict[str, int]) -> None:
    whole = entries(files)
    assert [list(it) for it in cut(whole)] == [whole]


def test_every_file_is_in_one_part_with_its_parents_and_in_order() -> None:
    whole = entries(many(20_000, 10_000), "empty/inner", "d001/also-empty")
    found = list(cut(whole))
    assert 8 <= len(found) <= 40
    files = [it for part in found for it in part if it.source]
    assert files == [it for it in whole if it.source]
    assert {it.path for part in found for it in part} == {it.path for it in whole}
    for part in found:
        paths = [it.path for it in part]
        assert paths == sorted(paths)
        assert {it.rpartition(b"/")[0] for it in paths} - {b""} <= set(paths)


def test_a_change_moves_only_what_is_beside_it() -> None:
    files = many(20_000, 10_000)
    before = parts(files)
    for change in ({"d100/new": 5_000}, {"d000/first": 1}, {"zzz": 9_999}):
        after = parts({**files, **change})
        assert len(set(after) - set(before)) <= 2
    gone = dict(files)
    del gone[next(iter(gone))]
    assert len(set(parts(gone)) - set(before)) <= 2
    bigger = {path: size + (path == "d050/f1") for path, size in files.items()}
    assert len(set(parts(bigger)) - set(before)) <= 2


def test_the_largest_do_not_come_out_as_more_than_an_engine_stacks() -> None:
    assert len(parts({f"f{number}": 64 * MIB for number in range(2000)})) <= 64
    assert len(parts(many(50_000, 200_000))) <= 64
    assert [len(it) for it in parts({"one": 1024 * MIB, "two": 1})] == [1, 1]
