"""What an earlier goal of a promotion means for a later one, as a table; the exit of them all."""

from __future__ import annotations

from itertools import permutations

import pytest

from paasctl.errors import Exit, UsageError
from paasctl.model.promoting import Became, State
from paasctl.planning.promotion.several import Goal, check_deploys, distinct, turn, verdict

_PROD = Goal(typed="production", origin="rc", stop="prod")


def _row(words: str) -> Became:
    """`1 rc refused`: a version, the goal it had, what became of it."""
    version, goal, *rest = words.split(" ", 2)
    state: State = rest[0]  # type: ignore[assignment]  # one of its words
    wrong = {"refused": Exit.REFUSED, "failed": Exit.UNAVAILABLE}.get(state, Exit.OK)
    return Became(version=version, goal=goal, origin="dev", state=state, exit=wrong, code="why" if wrong else "")


@pytest.mark.parametrize(
    ("versions", "before", "now", "told"),
    [
        ("1", (), "1", []),
        ("1 2", ("1 rc promoted", "2 rc nothing to do"), "1 2", []),
        ("1 2", ("1 rc refused", "2 rc promoted"), "2", ["1: refused, it did not reach rc: why"]),
        ("1", ("1 rc failed",), "", ["1: failed, it did not reach rc: why"]),
        ("1", ("1 rc not reached",), "", ["1: not reached, it did not reach rc"]),
        ("1 2", ("1 rc planned", "2 rc nothing to do"), "2", ["1: planned after rc"]),
        ("1", ("1 eu refused",), "1", []),
        ("1", ("1 prod planned",), "", ["1: planned after prod"]),
        ("1", ("1 prod refused",), "1", []),
        (
            "",
            ("1 rc refused", "2 rc planned", "3 rc promoted"),
            "",
            ["2: planned after rc", "1: refused, it did not reach rc: why"],
        ),
        ("", ("1 eu refused",), "", []),
    ],
    ids=[
        "nothing came before",
        "both arrived",
        "one was refused where it comes from",
        "one failed where it comes from",
        "one was not reached where it comes from",
        "one is only planned where it comes from",
        "refused at a goal that does not feed this one",
        "planned at this very registry, for another environment",
        "refused at this very registry: asked again",
        "all that is missing",
        "all that is missing, of a goal that nobody feeds",
    ],
)
def test_a_goals_turn(versions: str, before: tuple[str, ...], now: str, told: list[str]) -> None:
    found = turn(_PROD, versions.split(), tuple(map(_row, before)))
    assert found.versions == tuple(now.split())
    assert [f"{it.version}: {it.word}" for it in (*found.coming, *found.kept)] == told
    assert all((it.goal, it.origin) == ("prod", "rc") for it in (*found.coming, *found.kept))


def test_the_order_of_versions_changes_nothing_but_the_order() -> None:
    before = tuple(map(_row, ("1 rc refused", "2 rc planned", "3 rc promoted", "4 rc failed")))
    ends = {
        (frozenset(it.versions), frozenset(it.coming), frozenset(it.kept))
        for order in permutations("1234")
        for it in [turn(_PROD, order, before)]
    }
    assert len(ends) == 1


def test_a_release_that_does_not_run_well_goes_no_further() -> None:
    bad = Became(version="1", goal="rc", origin="dev", state="promoted", exit=Exit.FAILED, code="rollout-failed")
    (kept,) = turn(_PROD, ("1",), (bad,)).kept
    assert (kept.word, kept.exit) == ("failed, it does not run well at rc: rollout-failed", Exit.FAILED)


@pytest.mark.parametrize(
    ("exits", "changed", "said"),
    [
        ((), False, Exit.OK),
        ((Exit.OK, Exit.CHANGES), False, Exit.OK),
        ((Exit.REFUSED, Exit.OK), False, Exit.REFUSED),
        ((Exit.REFUSED, Exit.OK), True, Exit.FAILED),
        ((Exit.LOCKED, Exit.LOCKED), True, Exit.FAILED),
        ((Exit.UNAVAILABLE, Exit.UNAVAILABLE), True, Exit.UNAVAILABLE),
        ((Exit.UNAVAILABLE, Exit.REFUSED), False, Exit.FAILED),
        ((Exit.REFUSED, Exit.CANCELLED, Exit.FAILED), True, Exit.CANCELLED),
        ((Exit.UNAVAILABLE, Exit.TIMEOUT), True, Exit.TIMEOUT),
    ],
)
def test_the_exit_of_several(exits: tuple[Exit, ...], changed: bool, said: Exit) -> None:
    assert {verdict(it, changed=changed) for it in permutations(exits)} == {said}


def _goal(typed: str, stop: str, environment: str = "") -> Goal:
    return Goal(typed=typed, origin="dev", stop=stop, environment=environment)


def test_a_registry_counts_once_or_for_each_environment_that_is_deployed() -> None:
    rc, showcase, eu = _goal("rc", "rc"), _goal("showcase", "rc"), _goal("eu", "eu")
    assert distinct((rc, showcase, eu, rc)) == (rc, eu)
    one, two = _goal("one", "rc", "one"), _goal("two", "rc", "two")
    assert distinct((one, two, one, eu)) == (one, two, eu)


@pytest.mark.parametrize(
    ("goals", "clusters", "said"),
    [
        ((_goal("rc", "rc"), _goal("eu", "eu")), (), "none of these is"),
        ((_goal("one", "rc", "one"), _goal("two", "eu", "two")), ("x",), "--cluster narrows one environment"),
    ],
)
def test_deploys_that_make_no_sense(goals: tuple[Goal, ...], clusters: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_deploys(goals, clusters)


def test_deploys_that_do() -> None:
    check_deploys((_goal("rc", "rc"), _goal("one", "eu", "one")), ("x",))
