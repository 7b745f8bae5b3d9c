"""Several goals of one promotion: what an earlier one means for a later one, and the exit of them all. Pure.

Goals are done in the order given. What a goal takes from an earlier one of the same command is there by then, or it is
known why not: it is never looked for in vain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasctl.errors import Exit, UsageError
from paasctl.model.promoting import Became
from paasctl.values import dataclass

_STOPS = (Exit.CANCELLED, Exit.TERMINATED, Exit.TIMEOUT)
_THERE = ("promoted", "nothing to do")
REFUSALS = (Exit.REFUSED, Exit.LOCKED)
"""Exits that promise that nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One of the goals: as it was typed, and the two registries."""

    typed: str
    origin: str
    stop: str
    environment: str = ""
    """Where the release is deployed then; empty: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is to be done when a goal's turn has come."""

    versions: tuple[str, ...]
    """Those to look at now, as they were named; of *all that is missing* none is named."""
    coming: tuple[Became, ...] = ()
    """Those that an earlier goal of the same command only plans to bring where they would come from."""
    kept: tuple[Became, ...] = ()
    """Those that an earlier goal keeps from this one."""


def turn(goal: Goal, versions: Sequence[str], before: Sequence[Became]) -> Turn:
    """`versions` as they were named; none: all that is missing. `before`: what became of the earlier goals."""
    fed = {it.version: it for it in before if it.goal == goal.origin and it.version}
    same = {it.version: it for it in before if it.goal == goal.stop and it.state == "planned"}
    told = tuple(versions) or tuple(fed)
    coming = [it for it in told if it in same or (it in fed and fed[it].state == "planned")]
    kept = {it: fed[it] for it in told if it not in coming and it in fed and _keeps(fed[it])}
    there = {it.version for it in before if it.goal == goal.origin and it.state in _THERE}
    after = deploy_of(goal)
    return Turn(
        versions=tuple(it for it in versions if it not in coming and it not in kept),
        coming=tuple(
            Became(
                version=it,
                goal=goal.stop,
                origin=goal.origin,
                state="planned",
                after=goal.stop if it in same else goal.origin,
                deployed=after,
            )
            for it in coming
        ),
        kept=tuple(_kept(goal, it, arrived=it.version in there) for it in kept.values()),
    )


def may_open(closed: Iterable[str], version: str, before: Sequence[Became], deploys: Iterable[Goal]) -> str:
    """Of a dry run: the stop whose deploys, planned by then, may open all these gates; empty: they may not.

    `closed` as a refusal tells them, `after dev: it never ran well there`; `deploys`: the goals that had their turn.
    """
    planned = {(it.goal, it.deployed) for it in before if it.version == version}
    opens = {it.environment: it.stop for it in deploys if (it.stop, deploy_of(it)) in planned}
    stops = [opens.get(it.partition(":")[0].removeprefix("after "), "") for it in closed]
    return stops[-1] if stops and all(stops) else ""


def deploy_of(goal: Goal) -> str:
    """What a dry run says of its deploy; empty: there is none."""
    return f"then deploy {goal.environment}" if goal.environment else ""


def _keeps(it: Became) -> bool:
    return it.exit is not Exit.OK or it.state == "not reached"


def _kept(goal: Goal, cause: Became, *, arrived: bool) -> Became:
    return Became(
        version=cause.version,
        goal=goal.stop,
        origin=goal.origin,
        state="refused" if cause.exit in REFUSALS else "not reached" if cause.state == "not reached" else "failed",
        exit=cause.exit,
        code=cause.code,
        after=cause.goal,
        because=f"it does not run well at {cause.goal}" if arrived else f"it did not reach {cause.goal}",
    )


def distinct(goals: Iterable[Goal]) -> tuple[Goal, ...]:
    """Each registry once, or as often as there is another environment to deploy there."""
    found: dict[tuple[str, str], Goal] = {}
    for it in goals:
        found.setdefault((it.stop, it.environment), it)
    return tuple(found.values())


def check_deploys(goals: Sequence[Goal], clusters: Sequence[str]) -> None:
    """`UsageError` where `--deploy` makes no sense with these goals."""
    deployed = [it.environment for it in goals if it.environment]
    listed = ", ".join(it.typed for it in goals)
    if not deployed:
        raise UsageError(
            f"promoting to {listed} with --deploy: of several goals those are deployed that are environments; "
            "none of these is",
            hint="name environments with --to, or leave --deploy out",
        )
    if clusters and len(deployed) > 1:
        raise UsageError(
            f"--cluster narrows one environment, and {', '.join(deployed)} are deployed",
            hint="leave --cluster out, or deploy one environment at a time",
        )


def verdict(exits: Iterable[Exit], *, changed: bool) -> Exit:
    """The exit of several: what stopped the run, else what all failures have in common, else 1.

    A refusal promises that nothing changed, which is not so where something else was promoted.
    """
    wrong = [it for it in exits if it not in (Exit.OK, Exit.CHANGES)]
    if stopped := [it for it in wrong if it in _STOPS]:
        return stopped[0]
    if not wrong:
        return Exit.OK
    return wrong[0] if len(set(wrong)) == 1 and not (changed and wrong[0] in REFUSALS) else Exit.FAILED
