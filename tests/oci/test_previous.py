"""Layers of an earlier squash that stay: what did not change is neither packed nor sent again."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oci.test_squash_laws import Drawn, images
from paasctl.oci.tree.change import changes
from paasctl.oci.tree.emit import programs
from paasctl.oci.tree.partition import FILE
from paasctl.oci.tree.previous import keep, over
from paasctl.oci.tree.proof import differences
from support.naive import seen
from support.squashed import carried_out, index, squashed, stack_of
from support.tars import Entry, entry, tar_of

COUNT = 8
SMALL = 200_000
"""Bytes up to which the naive model is asked, too: it takes its time."""


@dataclass
class Squashed:
    """Layers above the base, and which of them were there before."""

    above: list[bytes]
    reused: tuple[int, ...]

    @property
    def new(self) -> int:
        """Bytes that a registry lacks."""
        return sum(map(len, self.above[len(self.reused) :]))


def squash(tars: Sequence[bytes], previous: Sequence[bytes] = (), kept: int = 0, count: int = COUNT) -> Squashed:
    """Squash above `kept` layers as an engine would, and check what comes out."""
    before = stack_of(tars, kept)
    found = keep(before, [index(it) for it in previous], count)
    reused = [previous[it] for it in found.reused]
    sources = [*tars[:kept], *reused, *tars[kept:]]
    new = [carried_out(it, sources) for it in programs(found.stack, found.count, found.weights)]
    after = stack_of([*tars[:kept], *reused, *new])
    assert differences(before.top, after.top) == []
    if sum(map(len, tars)) < SMALL:
        assert seen(*tars[:kept], *reused, *new) == seen(*tars)
    assert len(reused) + len(new) <= max(count, len(reused))
    return Squashed([*reused, *new], found.reused)


@cache
def application(edit: str = "", extra: tuple[str, ...] = (), touched: int = 1000) -> tuple[bytes, ...]:
    """A base, a runtime's packages, an application's dependencies, its own code: 1,250 files."""
    chance = random.Random(7)
    base = [entry("usr/"), entry("usr/bin/"), *(entry(f"usr/bin/b{it}=" + "b" * 900) for it in range(50))]
    system = [entry(f"usr/lib/p{it % 40}/f{it}=" + "s" * chance.randrange(100, 9000), mtime=1500) for it in range(500)]
    packages = [
        entry(f"opt/venv/lib/d{it % 60}/m{it}.py=" + "d" * chance.randrange(100, 9000), mtime=1700) for it in range(600)
    ]
    code = [entry(f"srv/app/m{it % 7}/c{it}.py=" + "c" * chance.randrange(100, 4000), mtime=1900) for it in range(100)]
    made = [base, [Entry("usr/", b"5", mode=0o755, mtime=touched), *system], packages, [*code, *map(entry, extra)]]
    return tuple(tar_of(*(replace(it, data=b"edited") if it.name == edit else it for it in layer)) for layer in made)


@cache
def first_squash(count: int = COUNT) -> Squashed:
    return squash(application(), kept=1, count=count)


def digest(tar: bytes) -> str:
    return hashlib.sha256(tar).hexdigest()


@pytest.mark.parametrize("edit", ["srv/app/m3/c10.py", "opt/venv/lib/d7/m67.py", "usr/lib/p3/f3"])
@pytest.mark.parametrize("touched", [1000, 2000])
def test_a_change_of_one_file_costs_at_most_one_layer(edit: str, touched: int) -> None:
    """Even where the time of a directory changed that lies above everything."""
    first = first_squash()
    assert len(first.above) >= 6
    second = squash(application(edit, touched=touched), first.above, kept=1)
    assert len(second.reused) >= len(first.above) - 1
    assert len({*map(digest, first.above)} & {*map(digest, second.above)}) == len(first.above) - 1
    assert second.new <= max(map(len, first.above)) + FILE
    assert len(second.above) <= COUNT


def test_nothing_changed_is_nothing_new() -> None:
    first = first_squash()
    second = squash(application(), first.above, kept=1)
    assert second.above == first.above
    assert second.new == 0


def test_new_files_cost_themselves_while_there_is_room_for_a_layer_and_then_the_smallest() -> None:
    first = first_squash(6)
    extra = tuple(f"srv/app/new{it}=x" for it in range(20))
    with_room = squash(application(extra=extra), first.above, kept=1, count=7)
    assert len(with_room.reused) == len(first.above)
    assert with_room.new < 50_000
    full = squash(application(extra=extra), first.above, kept=1, count=len(first.above))
    assert len(full.above) == len(first.above)
    assert full.new <= min(map(len, first.above)) + 50_000


def test_without_the_previous_image_a_change_in_the_youngest_layer_still_changes_one_layer_only() -> None:
    first, second = first_squash(), squash(application("srv/app/m3/c10.py"), kept=1)
    assert len({*map(digest, first.above)} & {*map(digest, second.above)}) == len(first.above) - 1


def test_another_base_below_keeps_the_layers_above() -> None:
    first = first_squash()
    rebuilt = [tar_of(entry("usr/", mtime=5000), entry("usr/bin/"), "usr/bin/other=1"), *application()[1:]]
    assert squash(rebuilt, first.above, kept=1).above[: len(first.above)] == first.above


CASES = {
    "a file of it was deleted": (["a=1 b=2"], ["a=1 k=1", ".wh.a b=2"], 0),
    "a file of it was edited": (["a=1"], ["a=2"], 0),
    "a mode changed": (["a=1"], ["a=1!"], 0),
    "a link group was torn": (["a=1 b==a"], ["a=1 b=1"], 0),
    "a link group has grown": (["a=1 b==a"], ["a=1 b==a c==a"], 0),
    "a link group is as it was": (["a=1 b==a"], ["a=1 b==a", "c=1"], 1),
    "two files became one": (["a=1 b=1"], ["a=1 b==a"], 0),
    "a directory became a file": (["d/ d/a=1"], ["d=1"], 0),
    "a file became a directory": (["d=1"], ["d/ d/a=1"], 0),
    "its whiteout would hide something": (["a=1 .wh.k"], ["k=1 a=1"], 0),
    "its whiteout hides nothing": (["a=1 .wh.k"], ["a=1"], 1),
    "two layers hold the same": (["a=1", "a=1 b=2"], ["a=1 b=2"], 1),
    "it links to a layer below": (["a=1", "b==a"], ["a=1 b==a"], 0),
    "it is empty": ([""], ["a=1"], 0),
    "it was foreign": (["x=1", "y=2"], ["a=1"], 0),
    "everything is gone": (["x=1"], ["x=1", ".wh.x"], 0),
}


@pytest.mark.parametrize("case", CASES)
def test_a_layer_stays_only_where_all_of_it_is_still_true(case: str) -> None:
    previous, tars, reused = CASES[case]
    made = [[entry(it.rstrip("!"), mode=0o600 if it.endswith("!") else 0o644) for it in one.split()] for one in tars]
    assert len(squash([tar_of(*it) for it in made], [tar_of(*it.split()) for it in previous], count=3).reused) == reused


def test_an_opaque_mark_that_would_hide_the_base_is_not_kept() -> None:
    base, previous = tar_of("d/", "d/a=1"), tar_of("d/", "d/.wh..wh..opq", "d/b=2")
    assert squash([base, tar_of("d/b=2")], [previous], kept=1).reused == ()
    assert squash([base, previous], [previous], kept=1).reused == (0,)


def test_what_the_base_has_already_is_not_written_again() -> None:
    tars = [tar_of("d/", "d/a=1", "d/b=2"), tar_of("d/a=1", "d/b=3")]
    again = over(stack_of(tars, 1), ())
    assert [it.path for it in changes(again).groups] == [b"d/b"]


@settings(max_examples=60, deadline=None)
@given(images(), images(), st.integers(0, 2), st.integers(1, 4), st.integers(1, 4))
def test_whatever_the_previous_image_was_the_result_looks_right(
    image: Drawn, other: Drawn, kept: int, before: int, count: int
) -> None:
    """Layers of another image, of this one as it was, and of this one squashed."""
    for previous in (other.tars, image.tars, squashed(image.tars, kept, before)[kept:]):
        squash(image.tars, previous, kept, count)


@settings(max_examples=30, deadline=None)
@given(images(), st.integers(0, 2), st.integers(1, 4))
def test_squashing_what_was_squashed_is_nothing_new(image: Drawn, kept: int, count: int) -> None:
    first = squash(image.tars, kept=kept, count=count)
    again = squash(image.tars, first.above, kept=kept, count=max(count, len(first.above)))
    assert len(again.above) - len(again.reused) <= 1
