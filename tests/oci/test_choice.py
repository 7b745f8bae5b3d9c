"""`squash: auto`: where it pays, by numbers."""

from __future__ import annotations

import pytest

from paasctl.oci.report.choice import Choice, choose_cut
from support.squashed import stack_of
from support.tars import entry, tar_of

MIB = 1 << 20


def file(name: str, kib: int) -> object:
    return entry(f"{name}=" + "x" * (kib << 10))


def layered(dead: int, live: int, count: int) -> list[bytes]:
    """`count` layers; the first holds files of so many KiB that the second deletes, and others that stay."""
    first = tar_of(entry("dead=" + "x" * (dead << 10)), entry("live=" + "x" * (live << 10)))
    return [first, tar_of(".wh.dead"), *(tar_of(f"f{it}=1") for it in range(count - 2))]


CASES = {
    "one layer": ([tar_of("a=1")], None, None, "nothing to win"),
    "nothing dead, few layers": (layered(1, 999, 10), None, None, "nothing to win"),
    "nothing dead, many layers, base known": (layered(1, 999, 12), 1, 1, "above the base"),
    "nothing dead, many layers, base not known": (layered(1, 999, 12), None, None, "too little"),
    "much dead, base not known": (layered(300, 700, 3), None, 0, "too much to keep it"),
    "some dead, base not known": (layered(200, 800, 3), None, None, "too little"),
    "much dead, from scratch": (layered(300, 700, 3), 0, 0, "dead in 3 layers"),
    "all of it dead in the base": (layered(300, 700, 3), 2, None, "above the base: nothing to win"),
    "the base is all there is": (layered(300, 700, 3), 3, None, "nothing to win"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_squashed(case: str) -> None:
    tars, base, kept, said = CASES[case]
    found = choose_cut(stack_of(tars), [len(it) for it in tars], base)
    assert found.kept == kept
    assert said in found.said


def test_it_is_told_in_numbers() -> None:
    tars = [tar_of(entry("a=" + "x" * MIB)), tar_of(entry("b=" + "x" * 3 * MIB)), tar_of(".wh.b", ".wh.a")]
    assert choose_cut(stack_of(tars), [MIB, 2 * MIB, 1000], 1) == Choice(
        1,
        "2.0 MiB of 2.0 MiB dead in 2 layers above the base;"
        " with the base's own, 1.0 MiB more, and 1.0 MiB to share less",
    )


def test_packed_sizes_count() -> None:
    tars = layered(500, 500, 2)
    assert choose_cut(stack_of(tars), [10 * MIB, 500], None).said.startswith("5.0 MiB of 10.0 MiB dead in 2 layers;")
    assert choose_cut(stack_of([]), [], None).kept is None
