"""Which files go into which layer (images.md 2.7): balanced, cut at directories, the rarely changing first."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.oci.tar.member import Member, Meta
from paasctl.oci.tar.names import above
from paasctl.oci.tree.change import Group, changes
from paasctl.oci.tree.partition import ALIKE, FILE, MOST, Weights, best_count, count_for, partition
from paasctl.oci.tree.tree import Inode, Name
from support.squashed import stack_of
from support.tars import tar_of

MIB = 1 << 20


def group(path: str, size: int = 0, layer: int = 0, links: tuple[str, ...] = ()) -> Group:
    member = Member(path.encode(), "file", Meta(0o644, 0, 0, b"0"), 0, 0, size, size)
    inode = Inode(layer, member, member.meta)
    return Group(inode, member.path, tuple((it.encode(), Name(layer, member, inode)) for it in links))


def paths(run: list[Group]) -> list[str]:
    return sorted(it.path.decode() for it in run)


@st.composite
def trees(draw: st.DrawFn) -> list[Group]:
    names = st.lists(st.sampled_from(["a", "b", "c", "a-", "d.d"]), min_size=1, max_size=5).map("/".join)
    drawn = draw(st.dictionaries(names, st.tuples(st.integers(0, 5 * MIB), st.integers(0, 3)), max_size=40))
    return [group(path, size, layer) for path, (size, layer) in drawn.items() if not _is_folder(path, drawn)]


def _is_folder(path: str, drawn: dict[str, tuple[int, int]]) -> bool:
    return any(it.startswith(path + "/") for it in drawn)


@settings(max_examples=80, deadline=None)
@given(trees(), st.integers(1, 8), st.randoms())
def test_every_group_goes_into_exactly_one_run_whatever_the_order(
    groups: list[Group], count: int, chance: Random
) -> None:
    runs = partition(groups, count)
    assert all(runs)
    assert len(runs) <= count
    assert sorted(it.path for run in runs for it in run) == sorted(it.path for it in groups)
    shuffled = list(groups)
    chance.shuffle(shuffled)
    assert [paths(it) for it in partition(shuffled, count)] == [paths(it) for it in runs]


@settings(max_examples=80, deadline=None)
@given(trees(), st.integers(2, 8))
def test_only_heavy_directories_are_torn(groups: list[Group], count: int) -> None:
    runs = partition(groups, count)
    where = {it.path: number for number, run in enumerate(runs) for it in run}
    total = sum(map(ALIKE.of, groups))
    for folder in {above(it) for it in where}:
        files = [it for it in groups if above(it.path) == folder and ALIKE.of(it) * count <= total]
        if len({where[it.path] for it in files}) > 1:
            assert sum(map(ALIKE.of, files)) * count * 2 > total - sum(
                ALIKE.of(it) for it in groups if ALIKE.of(it) * count > total
            ), f"{folder!r} is light, and torn"


def test_runs_have_similar_costs() -> None:
    groups = [group(f"usr/lib/p{number % 60}/f{number}", 30_000 + number * 7919 % 50_000) for number in range(6000)]
    for count in (2, 5, 8, 10):
        costs = [sum(map(ALIKE.of, run)) for run in partition(groups, count)]
        assert len(costs) == count
        assert max(costs) < 1.4 * sum(costs) / count


def test_a_flat_directory_that_outweighs_a_layer_is_cut_by_name() -> None:
    groups = [group(f"app/lib/{number:03}.jar", MIB) for number in range(100)]
    runs = partition(groups, 5)
    assert [len(it) for it in runs] == [20] * 5
    assert all(paths(one)[-1] < paths(two)[0] for one, two in pairwise(runs))


def test_a_file_that_outweighs_a_layer_has_one_of_its_own() -> None:
    groups = [group("opt/model.bin", 90 * MIB), *(group(f"srv/{it}/x", MIB, 1) for it in "abcdefgh")]
    runs = partition(groups, 4)
    assert paths(runs[0]) == ["opt/model.bin"]
    assert len(runs) > 2


def test_what_changes_rarely_comes_first_and_what_the_youngest_layer_brought_lies_alone() -> None:
    old = [group(f"usr/{folder}/{number}", MIB) for folder in "abcdefgh" for number in range(9)]
    new = [group("usr/a/app.py", 1000, 4), group("srv/app.py", 1000, 4), group("usr/b/1.pyc", 500, 2)]
    runs = partition([*new, *old], 5)
    assert paths(runs[-1]) == ["srv/app.py", *(f"usr/a/{it}" for it in range(9)), "usr/a/app.py"]
    ages = [max(it.inode.layer for it in run) for run in runs]
    assert ages == sorted(ages)


def test_link_groups_stay_whole() -> None:
    groups = [group(f"usr/{it}/x", MIB, links=(f"opt/{it}/x", f"srv/{it}")) for it in "abcdefgh"]
    runs = partition(groups, 4)
    assert len(runs) == 4
    assert sum(len(it) for it in runs) == 8


def test_packed_bytes_are_estimated_by_layer() -> None:
    weights = Weights((50, 10, 0), (100, 100, 0))
    assert weights.bytes(group("a", 1600, 0)) == 800
    assert weights.bytes(group("a", 1600, 1)) == 200
    assert weights.bytes(group("a", 1600, 2)) == 1600, "nothing is known of it"
    assert weights.bytes(group("a", 1600, 9)) == 1600
    assert weights.of(group("a", 1600, 0, links=("b",))) == 800 + 2 * FILE


@pytest.mark.parametrize(
    ("packed", "unpacked", "files", "count"),
    [
        (600_000_000, 2_400_000_000, 0, 8),  # images.md 2.7: D = 10 s, U = 15 s, o = 0.15 s
        (663_000_000, 2_118_000_000, 78_000, 10),
        (5_000_000, 15_000_000, 500, 1),
        (0, 0, 0, 1),
        (30_000_000_000, 90_000_000_000, 9, MOST),
    ],
)
def test_the_best_count(packed: int, unpacked: int, files: int, count: int) -> None:
    assert best_count(packed, unpacked, files) == count


def test_the_count_of_a_small_image_is_one() -> None:
    found = changes(stack_of([tar_of("a=1", "b/c=2"), tar_of("b/d=3")])).groups
    assert count_for(found) == 1
    assert partition([], 5) == []
