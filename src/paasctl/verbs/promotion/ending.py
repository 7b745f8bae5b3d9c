"""How a promotion of several versions goes on and ends: what became of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from paasctl.errors import Cancelled, Exit, PaasError, Refused, TimedOut
from paasctl.model.counting import count
from paasctl.model.event import Outcome, Problem, Status
from paasctl.model.plan import Step
from paasctl.model.promoting import CARRIED, Became, Stop
from paasctl.model.rounds import Rounds
from paasctl.planning.promotion.decide import VERB, PromotionFacts, Stages
from paasctl.planning.promotion.several import REFUSALS, verdict
from paasctl.values import dataclass

COUNTS = ("blobs.there", "blobs.mounted", "blobs.sent", "bytes.sent", "manifests", "vouchers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One version that was asked for: what it still needs, or why it cannot be promoted."""

    version: str
    facts: PromotionFacts | None = None
    stages: Stages = ()
    error: PaasError | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in order."""
        return tuple(step for stage in self.stages for step in stage)


def rest_of(asked: tuple[Asked, ...], rounds: Rounds) -> tuple[Asked, ...]:
    """What comes next: at first everything; after a failure the versions behind the one that failed."""
    if not rounds:
        return tuple(it for it in asked if it.stages)
    if rounds[-1].error is None or isinstance(rounds[-1].error, Cancelled | TimedOut):
        return ()
    now = [it for it in asked if _is_in(it, rounds[-1].plan.steps)]
    failed = next((at for at, it in enumerate(now) if _is_in(it, rounds[-1].left)), len(now))
    return tuple(now[failed + 1 :])


def promoted(asked: tuple[Asked, ...], rounds: Rounds, goal: Stop, verb: str = VERB) -> Outcome:
    """The outcome: alone a version says it all; of several each has a word, and one failure fails the run."""
    done = tuple(step for it in rounds for step in it.done)
    broken = _broken(asked, rounds)
    errors = tuple(broken.values())
    status = verdict((it.exit for it in errors), changed=bool(done))
    told = _one(asked[0], rounds, goal) if len(asked) == 1 else _several(asked, broken, done)
    return Outcome(
        status=status_of(status) if errors else "done" if rounds else "nothing-to-do",
        exit=status,
        verb=verb,
        subject=f"{asked[0].version if len(asked) == 1 else count(len(asked), 'version')} to {goal.name}",
        done=done,
        left=tuple(step for it in asked for step in it.steps if step not in done),
        problems=tuple(dict.fromkeys(Problem.of(it) for it in errors)),
        facts=tuple({**told, **_counted(rounds)}.items()),
    )


def rows(asked: tuple[Asked, ...], rounds: Rounds, goal: str, origin: str) -> tuple[Became, ...]:
    """What became of each version; where nothing was to be done yet, what is planned."""
    done = tuple(step for it in rounds for step in it.done)
    broken = _broken(asked, rounds)
    found = (_became(it, broken.get(it.version), done, goal, origin) for it in asked)
    return tuple(found) if rounds else tuple(_as_planned(it) for it in found)


def _as_planned(it: Became) -> Became:
    return replace(it, state="planned") if it.state == "not reached" else it


def amiss(asked: tuple[Asked, ...]) -> tuple[Problem, ...]:
    """Why some of what was asked for will not be promoted."""
    return tuple(dict.fromkeys(Problem.of(it.error) for it in asked if it.error))


def foreseen(asked: tuple[Asked, ...]) -> Exit:
    """What a dry run says of that: nothing is changed by it, so it may say *refused* where the run itself may not."""
    return verdict((it.error.exit for it in asked if it.error), changed=False)


def status_of(status: Exit) -> Status:
    """The word for an exit that is not OK."""
    if status in REFUSALS:
        return "refused"
    return "cancelled" if status in (Exit.CANCELLED, Exit.TERMINATED) else "failed"


def _is_in(asked: Asked, steps: Iterable[Step]) -> bool:
    return any(step in asked.steps for step in steps)


def _broken(asked: tuple[Asked, ...], rounds: Rounds) -> dict[str, PaasError]:
    """Of each version that is not there: why."""
    found = {it.version: it.error for it in asked if it.error}
    for it in rounds:
        if it.error:
            left = [one for one in asked if _is_in(one, it.left)]
            found |= {one.version: it.error for one in left[:1]}
    return found


def _one(asked: Asked, rounds: Rounds, goal: Stop) -> Mapping[str, str]:
    facts = asked.facts
    if facts is None or (rounds and rounds[-1].error):
        return {"version": asked.version}
    record = {"version": asked.version, "record": str(goal.repository.pinned(facts.record.digest))}
    images = (it for it in facts.moving if it.name and not it.is_outside)
    return record | {f"image.{it.name}": str(it.repository.pinned(it.source.digest)) for it in images}


def _several(asked: tuple[Asked, ...], broken: Mapping[str, PaasError], done: tuple[Step, ...]) -> Mapping[str, str]:
    """`version.1.2.4` -> a word."""
    return {f"version.{it.version}": _became(it, broken.get(it.version), done).word for it in asked}


def _became(asked: Asked, error: PaasError | None, done: tuple[Step, ...], goal: str = "", origin: str = "") -> Became:
    it = Became(version=asked.version, goal=goal, origin=origin, state="nothing to do")
    if error:
        return replace(
            it, state="refused" if isinstance(error, Refused) else "failed", exit=error.exit, code=error.code
        )
    if not asked.stages:
        return it
    return replace(it, state="promoted" if all(step in done for step in asked.steps) else "not reached")


def _counted(rounds: Rounds) -> Mapping[str, str]:
    """What it took, all copies together; what was left behind, each once."""
    facts = dict(rounds[-1].facts) if rounds else {}
    sums = Counter[str]()
    left = dict[str, None]()
    for name, found in facts.items():
        head, _, what = name.rpartition(" ")
        if head.startswith(CARRIED):
            if what in COUNTS:
                sums[what] += int(found)
            else:
                left[found] = None
    if not sums and not any(name.startswith(CARRIED) for name in facts):
        return {}
    return {it: str(sums[it]) for it in COUNTS} | {f"left.{number}": it for number, it in enumerate(left, 1)}
