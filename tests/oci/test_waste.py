"""What is dead in an image, who is to blame, and what lies there twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from oci.test_squash_laws import Drawn, images
from paasctl.oci.report.waste import account
from support.naive import seen
from support.squashed import stack_of
from support.tars import Entry, entry, tar_of


def told(*layers: str | bytes, most: int = 10) -> list[str]:
    """Wastes in a line each: `path layer files why by`; layers count from 0."""
    tars = [it if isinstance(it, bytes) else tar_of(*it.split()) for it in layers]
    found = account(stack_of(tars), most).wastes
    return [f"{it.path.decode()} {it.layer} {it.files} {it.why} {it.by}" for it in found]


CASES: dict[str, tuple[list[str], list[str]]] = {
    "nothing is wasted": (["a=1", "b=2"], []),
    "a file was deleted": (["a=1", "b=1", ".wh.a"], ["a 0 1 deleted 2"]),
    "a file was overwritten": (["a=1", "a=2"], ["a 0 1 overwritten 1"]),
    "a file was written again": (["a=1", "a=1"], ["a 0 1 rewritten 1"]),
    "twice overwritten": (["a=1", "a=2", "a=3"], ["a 0 1 overwritten 1", "a 1 1 overwritten 2"]),
    "the first to blame counts": (["d/a=1", "d/.wh.a", ".wh.d"], ["d/a 0 1 deleted 1"]),
    "a directory was deleted": (["d/ d/a=1 d/e/b=2", ".wh.d"], ["d 0 2 deleted 1"]),
    "files of a directory were deleted": (["d/ d/a=1 d/b=2 d/c=3", "d/.wh.a d/.wh.b"], ["d 0 2 deleted 1"]),
    "a directory became a file": (["d/ d/a=1 d/b=1", "d=1"], ["d 0 2 overwritten 1"]),
    "a file became a directory": (["d=1", "d/ d/a=1"], ["d 0 1 overwritten 1"]),
    "an opaque mark": (["d/ d/a=1 d/b=2", "d/.wh..wh..opq d/c=3"], ["d 0 2 hidden 1"]),
    "a duplicate in one layer": (["a=1 a=2"], ["a 0 1 unseen 0"]),
    "a hard link outlives its first name": (["a=1 b==a", ".wh.a"], []),
    "a link is deleted, its file is not": (["a=1 b==a", ".wh.b"], ["b 0 1 deleted 1"]),
    "a symlink was replaced": (["s->a", "s->b"], ["s 0 1 overwritten 1"]),
}


@pytest.mark.parametrize("case", CASES)
def test_wastes(case: str) -> None:
    layers, wanted = CASES[case]
    assert sorted(told(*layers)) == sorted(wanted)


def test_one_file_that_is_nearly_all_of_it_is_told_by_its_own_name_and_the_rest_beside_it() -> None:
    big = entry("opt/m/model.bin=" + "x" * 90_000)
    first = tar_of("opt/", "opt/m/", big, "opt/m/readme=1", "usr/", "usr/a=1")
    assert told(first, ".wh.opt usr/.wh.a") == [
        "opt/m/model.bin 0 1 deleted 1",
        "opt/m/readme 0 1 deleted 1",
        "usr/a 0 1 deleted 1",
    ]


def test_the_biggest_come_first_and_the_rest_is_left_out() -> None:
    first = tar_of(*(entry(f"d{it}=" + "x" * 5000 * it) for it in range(1, 6)))
    assert told(first, ".wh.d1 .wh.d3", ".wh.d2", ".wh.d4", "d5=y", most=3) == [
        "d5 0 1 overwritten 4",
        "d4 0 1 deleted 3",
        "d3 0 1 deleted 1",
    ]


def test_weights_of_layers() -> None:
    found = account(stack_of([tar_of("d/", "d/a=1", "d/b=2"), tar_of("d/.wh.a", "d/b=3")]))
    assert [(it.live, it.dead, it.members, it.whiteouts) for it in found.layers] == [
        (512, 2048, 3, 0),
        (1024, 512, 2, 1),
    ]
    assert found.entries == 3  # the root, d, d/b


def test_the_same_content_in_several_files() -> None:
    found = account(stack_of([tar_of("a=xyz", "b=xyz", "l==a", "c=other"), tar_of("d/e=xyz", "empty1=", "empty2=")]))
    assert [(it.path, it.copies, it.bytes) for it in found.twins] == [(b"a", 3, 6)]
    assert found.twin_bytes == 6


def test_names_are_bytes() -> None:
    first = tar_of(Entry("n\udcff\udc80", data=b"1"))
    found = account(stack_of([first, tar_of(Entry(".wh.n\udcff\udc80"))])).wastes
    assert [it.path for it in found] == [b"n\xff\x80"]


@settings(max_examples=60, deadline=None)
@given(images())
def test_dead_and_live_are_all_there_is_and_nothing_dead_is_seen(image: Drawn) -> None:
    stacked = stack_of(image.tars)
    found = account(stacked, 10_000)
    for layer, weight in zip(stacked.layers, found.layers, strict=True):
        assert weight.live + weight.dead == sum(it.end - it.start for it in layer.members)
    visible = sum(1 for it in seen(*image.tars).values() if it[0] != "dir")
    wasted = sum(it.files for it in found.wastes)
    links = sum(1 for layer in stacked.layers for it in layer.members if it.kind == "link")
    things = sum(1 for layer in stacked.layers for it in layer.members if it.kind != "dir" and b".wh." not in it.path)
    assert things - wasted >= visible >= things - wasted - links
