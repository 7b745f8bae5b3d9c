"""`promote --deploy` struck at its writes: killed it goes on when it is run again, stopped it says where it stands."""

from __future__ import annotations

import itertools
import json
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from paasctl.model.promoting import PROMOTION_TYPE
from support.lanes import Goal, Lane, in_lanes, lanes_in
from support.striking import Strike


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    with lanes_in(tmp_path_factory.mktemp("lanes")) as made:
        yield made


@pytest.fixture(scope="module")
def writes(lanes: list[Lane]) -> list[str]:
    """What an undisturbed run writes, in order."""
    goal = lanes[0].next()
    strike = Strike(10**6)
    run, _, said = goal.strike(strike)
    assert run.returncode == 0, said
    goal.check_done()
    return strike.seen


def _kind(write: str) -> str:
    """`POST blobs`, `PUT manifests/0.1.0`, `PATCH services`."""
    method, _, path = write.partition(" ")
    path = re.sub(r"sha256:[0-9a-f]{64}|\?.*", "", path)
    found = re.search(r"(blobs|manifests/[^/]*|namespaces$|[a-z]+/[^/]*$|[a-z]+$)", path)
    return f"{method} {found[1] if found else path}"


def _telling(writes: Sequence[str]) -> list[int]:
    """Of writes of one kind in a row the first and the last."""
    found: list[int] = []
    for _, them in itertools.groupby(range(len(writes)), lambda at: _kind(writes[at])):
        row = list(them)
        found += sorted({row[0], row[-1]})
    return found


def _killed(at: int, lane: Lane) -> None:
    goal = lane.next()
    strike = Strike(at)
    run, _, said = goal.strike(strike)
    assert run.returncode == -signal.SIGKILL, f"before write {at}: {said}"
    goal.check_declared()
    _goes_on(goal, f"killed before write {at}, {strike.seen[at]}")


def _goes_on(goal: Goal, after: str) -> None:
    told = goal.run()
    assert told["status"] in ("done", "nothing-to-do"), after
    try:
        goal.check_done(free=told["status"] == "done")
    except AssertionError as error:
        raise AssertionError(f"{after}: {error}") from error


def test_killed_before_any_write_the_next_run_ends_it(lanes: list[Lane], writes: list[str]) -> None:
    assert {"POST blobs", "PUT manifests/0.1.0", "POST leases", "PATCH deployments/web"} <= set(map(_kind, writes))
    told = _telling(writes)
    assert 12 <= len(told) <= len(writes)
    in_lanes(lanes, [partial(_killed, it) for it in told])


_BOTH = (signal.SIGINT, signal.SIGTERM)
_CHAPTERS = {
    "the first copy": ("POST blobs", "promote"),
    "the note of the promotion": ("PUT manifests/", "promote"),
    "the image's name": ("PUT manifests/0.1.0", "promote"),
    "the record's name": ("PUT manifests/0.1.0", "deploy"),
    "the lock": ("POST leases", "deploy"),
    "the history": ("POST configmaps", "deploy"),
    "the rollout": ("PATCH deployments/web", "deploy"),
}
"""The write at which the signal comes: its kind, and which chapter it belongs to."""
_LATER = 3
"""The statement, the history closed, the lock given back."""


def _at(writes: Sequence[str], chapter: str) -> int:
    """Which write that is."""
    kinds = [_kind(it) for it in writes]
    kind = _CHAPTERS[chapter][0]
    first, last = kinds.index(kind), len(kinds) - 1 - kinds[::-1].index(kind)
    if chapter == "the note of the promotion":
        return kinds.index("PUT manifests/0.1.0") - 1
    return last if chapter == "the record's name" else first


def _stopped(at: int, by: signal.Signals, chapter: str, lane: Lane) -> None:
    """A script reads JSON, a person reads words: both hear what is done, what is not, and how to go on."""
    after = f"{by.name} at {chapter}"
    goal = lane.next()
    run, out, said = goal.strike(Strike(at, by), "--output", "json" if by is signal.SIGINT else "text")
    assert run.returncode == 128 + by, f"{after}: {out}\n{said}"
    goal.check_declared()
    assert goal.holders in ([], [""]), after
    assert "open" not in {it["outcome"] for it in goal.history}, after
    assert "Traceback" not in said
    if by is signal.SIGINT:
        _check_told(json.loads(out), goal, _CHAPTERS[chapter][1])
    else:
        assert out == ""
        assert "error[cancelled]: stopped at your request" in said
        assert re.search(r"^  done: .+\n  left: ", said, re.MULTILINE), said
        assert re.search(r"^  → run the same command again", said, re.MULTILINE), said
    _goes_on(goal, after)


def _check_told(told: Mapping[str, Any], goal: Goal, chapter: str) -> None:
    assert (told["status"], told["exit"]) == ("cancelled", 130)
    assert [it["verb"] for it in told["chapters"]][-1] == chapter
    done, left = ([it["do"] for it in told[name]] for name in ("done", "left"))
    assert left
    for do, is_done in (("tagImage", "/web" in goal.names), ("tagRecord", "" in goal.names), ("apply", goal.runs)):
        assert bool(is_done) == (do in done), f"{do}: {done}, {left}, {goal.names}"
        assert do == "apply" or (do in done) != (do in left)
    assert (goal.of_type(PROMOTION_TYPE) == 1) == ("notePromotion" in done)


def test_stopped_in_any_chapter_it_says_where_it_stands(lanes: list[Lane], writes: list[str]) -> None:
    every = zip(_CHAPTERS, itertools.cycle(_BOTH), strict=False)
    in_lanes(lanes, [partial(_stopped, _at(writes, it), by, it) for it, by in every])


def _stopped_late(at: int, by: signal.Signals, lane: Lane) -> None:
    goal = lane.next()
    run, out, said = goal.strike(Strike(at, by), "--output", "json")
    told = json.loads(out)
    assert (run.returncode, told["status"]) in ((0, "done"), (128 + by, "cancelled")), said
    assert run.returncode == told["exit"]
    _goes_on(goal, f"{by.name} at write {at}")


def test_stopped_when_all_is_done_but_told_it_is_told(lanes: list[Lane], writes: list[str]) -> None:
    last = range(len(writes) - _LATER, len(writes))
    in_lanes(lanes, [partial(_stopped_late, at, it) for at, it in zip(last, itertools.cycle(_BOTH), strict=False)])
