"""How a promotion to several goals ends: each goal's own end, and what they come to together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from paasctl.errors import Exit
from paasctl.model.counting import count
from paasctl.model.event import Outcome, Status
from paasctl.model.plan import TagImage
from paasctl.model.promoting import Became, CarryOver, NotePromotion, TagRecord
from paasctl.planning.promotion.decide import VERB
from paasctl.planning.promotion.several import REFUSALS, Goal, verdict
from paasctl.values import dataclass
from paasctl.verbs.promotion.ending import COUNTS, status_of
from paasctl.verbs.promotion.promote import PromoteTyped

_MOVES = (CarryOver, NotePromotion, TagImage, TagRecord)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A goal that had its turn."""

    goal: Goal
    rows: tuple[Became, ...]
    outcome: Outcome | None = None
    """How its own run ended; None: there was none."""

    @property
    def stopped(self) -> bool:
        """Whether the whole run ends here: somebody asked, or the time given ran out."""
        return self.outcome is not None and self.outcome.exit in (Exit.CANCELLED, Exit.TIMEOUT)


def arrived(goal: Goal, versions: Sequence[str], outcome: Outcome) -> tuple[Became, ...]:
    """Of a run that ended before it could tell of each version: the same of all."""
    if outcome.exit in (Exit.OK, Exit.CHANGES):
        return ()
    code = outcome.problems[0].code if outcome.problems else ""
    return tuple(
        Became(
            version=it,
            goal=goal.stop,
            origin=goal.origin,
            state="refused" if outcome.exit in REFUSALS else "failed",
            exit=outcome.exit,
            code=code,
        )
        for it in versions
    )


def deployed(goal: Goal, version: str, outcome: Outcome) -> Became:
    """Of a goal with a deploy: the release arrived or did not, and it runs or does not."""
    it = Became(version=version, goal=goal.stop, origin=goal.origin, state="promoted")
    code = outcome.problems[0].code if outcome.problems else ""
    if outcome.status == "dry-run":
        moves = any(isinstance(step, _MOVES) for step in outcome.left)
        return replace(it, state="planned" if moves else "nothing to do", deployed=f"then deploy {goal.environment}")
    if len(outcome.chapters) < 2:
        return arrived(goal, (version,), outcome)[0]
    moved, runs = outcome.chapters
    there = replace(it, state="promoted" if moved.done else "nothing to do")
    if runs.exit is Exit.OK:
        return replace(there, deployed=f"runs in {goal.environment}")
    return replace(there, exit=runs.exit, code=code, deployed=f"deploy {goal.environment} {runs.status}")


def whole(asked: PromoteTyped, goals: tuple[Goal, ...], them: tuple[Arrived, ...]) -> Outcome:
    """One outcome of all goals. The exit is by the rule of several versions."""
    rows = (*(row for it in them for row in it.rows), *_unbegun(asked, goals[len(them) :]))
    ends = [it.outcome for it in them if it.outcome]
    done = tuple(step for it in ends for step in it.done)
    exits = [*(it.exit for it in rows), *(it.exit for it in ends)]
    status = verdict(exits, changed=bool(done))
    changes = status is Exit.OK and Exit.CHANGES in exits
    what = asked.versions[0] if len(asked.versions) == 1 else count(len(asked.versions), "version")
    return Outcome(
        status=_status(rows, ends, status),
        exit=Exit.CHANGES if changes else status,
        verb=VERB,
        subject=f"{what if asked.versions else 'all missing'} to {', '.join(it.typed for it in goals)}",
        done=done,
        left=tuple(step for it in ends for step in it.left),
        problems=tuple(dict.fromkeys(problem for it in ends for problem in it.problems)),
        urls=tuple(dict.fromkeys(url for it in ends for url in it.urls)),
        facts=tuple(dict(_facts(asked, rows, them)).items()),
        chapters=tuple(ends),
        rows=rows,
        back=next((it.back for it in ends if it.back), ""),
    )


def _status(rows: Sequence[Became], ends: Sequence[Outcome], status: Exit) -> Status:
    if any(it.status == "dry-run" for it in ends) or any(it.state == "planned" for it in rows):
        return "dry-run"
    if status is not Exit.OK:
        return status_of(status)
    return "done" if any(it.done for it in ends) else "nothing-to-do"


def _unbegun(asked: PromoteTyped, goals: Sequence[Goal]) -> Iterator[Became]:
    for goal in goals:
        for it in asked.versions or ("",):
            yield Became(version=it, goal=goal.stop, origin=goal.origin, state="not reached")


def _facts(asked: PromoteTyped, rows: Sequence[Became], them: Sequence[Arrived]) -> Iterator[tuple[str, str]]:
    """Names of one goal's results have the goal in them: `version.1.2.4.rc`, `record.rc`, `image.rc.web`."""
    alone = len(asked.versions) == 1
    if alone:
        yield "version", asked.versions[0]
    yield from _words(rows)
    sums = Counter[str]()
    left = dict[str, None]()
    for it in them:
        for name, said in it.outcome.facts if it.outcome else ():
            if name in COUNTS:
                sums[name] += int(said)
            elif name.startswith("left."):
                left[said] = None
            elif alone and (new := _of_goal(name, it.goal.stop)):
                yield new, said
    yield from _counts(sums)
    yield from ((f"left.{number}", it) for number, it in enumerate(left, 1))


def _words(rows: Sequence[Became]) -> Iterator[tuple[str, str]]:
    """Several environments of one stop have a row each: the last hides no other."""
    words: dict[str, list[str]] = {}
    for it in rows:
        if it.version:
            words.setdefault(f"version.{it.version}.{it.goal}", []).append(it.word)
    yield from ((name, "; ".join(said)) for name, said in words.items())


def _counts(sums: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if sums:
        yield from ((it, str(sums[it])) for it in COUNTS)


def _of_goal(name: str, goal: str) -> str:
    head, _, rest = name.partition(".")
    if head == "record" and not rest:
        return f"record.{goal}"
    return f"image.{goal}.{rest}" if head == "image" and rest else ""
