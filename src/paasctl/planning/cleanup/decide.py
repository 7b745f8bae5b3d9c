"""Sweep: what no root leads to, in the order in which it goes, within what one run may delete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self

from paasctl.errors import Refused, StalePlan, UsageError
from paasctl.model.cleanup import CleanupStep, CloseSweep, DeleteManifests, Doomed, Held, NoteSweep
from paasctl.model.counting import count
from paasctl.model.image import Pinned
from paasctl.model.plan import NOTHING, Plan, Stage
from paasctl.planning.cleanup.facts import CleanupFacts, is_version_tag, links_of
from paasctl.planning.cleanup.marking import Marks, mark
from paasctl.planning.cleanup.order import ranked
from paasctl.values import dataclass

VERB = "cleanup"
_SHOWN = 5
FOLLOWS = ("what it vouches for goes, or is gone", "nothing that stays leads to it")
"""Why parts go: they follow what they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """What one run may delete at most, in manifests and as a share of all that are there."""

    number: int | None = 1000
    share: float | None = 0.5

    @classmethod
    def parse(cls, text: str) -> Self:
        """`200` or `80%`: it takes the place of both; `UsageError` otherwise."""
        found = re.fullmatch(r"([0-9]{1,9})(%?)", text.strip())
        if not found or (found[2] and int(found[1]) > 100):
            raise UsageError(
                f"reading --max-delete: {text!r} is no number and no share", hint="--max-delete 200 or --max-delete 80%"
            )
        number = int(found[1])
        return cls(number=None, share=number / 100) if found[2] else cls(number=number, share=None)

    def refusal(self, going: int, held: int) -> str:
        """Why so many may not go at once; empty: they may."""
        if self.number is not None and going > self.number:
            return f"that is more than {self.number} at once"
        if self.share is not None and going > self.share * held:
            return f"that is more than {self.share:.0%} of the {held} there"
        return ""


DEFAULT_CAP = Cap()


@dataclass(frozen=True, slots=True)
class Sweep:
    """What goes, in order, and what stays for which root."""

    ranks: tuple[tuple[Doomed, ...], ...]
    marks: Marks

    @property
    def doomed(self) -> tuple[Doomed, ...]:
        """All of them."""
        return tuple(it for rank in self.ranks for it in rank)


def sweep(facts: CleanupFacts) -> Sweep:
    """What no root leads to. Notes of earlier cleanups are no part of it: they go when all else has."""
    marks = mark(facts)
    doomed = {at for at, it in facts.held.items() if at not in marks and it.what != "note"}
    return Sweep(_dressed(facts, ranked(facts.held, doomed)), marks)


def _dressed(facts: CleanupFacts, ranks: Sequence[Sequence[Pinned]]) -> tuple[tuple[Doomed, ...], ...]:
    return tuple(
        tuple(Doomed(at=at, tags=facts.held[at].tags, why=_why(facts.held[at], facts)) for at in rank) for rank in ranks
    )


def _why(it: Held, facts: CleanupFacts) -> str:
    """Which rule lets it go."""
    if it.what == "voucher":
        return FOLLOWS[0]
    if versions := [tag for tag in it.tags if is_version_tag(tag)]:
        rule = "snapshots" if any("-" in tag for tag in versions) else "releases"
        most = getattr(facts.keep, rule)
        return f"runs nowhere, in no history, not among the newest {most} {rule}"
    if it.tags:
        return "runs nowhere, and no rule keeps its tag"
    return FOLLOWS[1]


def check_cap(facts: CleanupFacts, doomed: Sequence[Doomed], cap: Cap) -> None:
    """`Refused` where more would go than one run may delete."""
    if why := capped(facts, doomed, cap):
        raise Refused(
            f"cleaning up {facts.registry} ({facts.repository}): {count(len(doomed), 'manifest')} would go, and {why}",
            hint=f"look at the plan, then allow it: --max-delete {len(doomed)}",
            code="too-much-to-delete",
        )


def capped(facts: CleanupFacts, doomed: Sequence[Doomed], cap: Cap) -> str:
    """Why so many may not go; empty: they may."""
    return cap.refusal(len(doomed), sum(it.what != "note" for it in facts.held.values()))


def bound(facts: CleanupFacts, found: Sweep, agreed: frozenset[Pinned]) -> Sweep:
    """Of what goes only what was agreed to. `StalePlan` where some of that stays by now: a person decides anew.

    What is gone already is no news: somebody was quicker, or this very plan was carried out before.
    """
    kept = sorted(at for at in agreed if at in found.marks)
    if kept:
        first = ", ".join(f"{at} ({found.marks[at].why})" for at in kept[:_SHOWN])
        more = f" and {len(kept) - _SHOWN} more" if len(kept) > _SHOWN else ""
        raise StalePlan(
            f"cleaning up {facts.registry} by a plan: what it would delete stays by now: {first}{more}",
            hint=f"make the plan anew: paasctl cleanup {facts.registry} --save FILE",
        )
    spared = _below([it.at for it in found.doomed if it.at not in agreed], facts)
    ranks = tuple(tuple(it for it in rank if it.at in agreed - spared) for rank in found.ranks)
    return replace(found, ranks=tuple(filter(None, ranks)))


def _below(tops: Sequence[Pinned], facts: CleanupFacts) -> frozenset[Pinned]:
    """All that these lead to: what goes only another day must not lead to nothing until then."""
    links, found, todo = links_of(facts.held), dict.fromkeys(tops), list(tops)
    while todo:
        fresh = [goal for _, goal in links.leads_to(todo.pop()) if goal not in found]
        found.update(dict.fromkeys(fresh))
        todo += fresh
    return frozenset(found)


def cleanup_plan(facts: CleanupFacts, found: Sweep, *, asks: bool) -> Plan:
    """The note first, then what goes, names before what they lead to, then the notes."""
    notes = tuple(sorted(at.digest for at, it in facts.held.items() if it.what == "note" and it.app == facts.app))
    stages: list[Stage] = []
    if found.doomed:
        every = tuple(sorted(it.at for it in found.doomed))
        seen = tuple(sorted(_versions(facts)))
        stages.append((NoteSweep(app=facts.app, repository=facts.repository, manifests=every, seen=seen),))
        stages += [tuple(_steps(rank, facts)) for rank in found.ranks]
    if found.doomed or notes:
        stages.append((CloseSweep(repository=facts.repository, notes=notes),))
    if not stages:
        return NOTHING
    why = f"it deletes {count(len(found.doomed), 'manifest')}" if asks and found.doomed else ""
    subject = f"{facts.registry} ({facts.repository})"
    return Plan(verb=VERB, subject=subject, stages=tuple(stages), asks=why, again=True)


def _versions(facts: CleanupFacts) -> Iterator[str]:
    for at, it in facts.held.items():
        if at.repository == facts.repository:
            yield from filter(is_version_tag, it.tags)


def _steps(rank: Sequence[Doomed], facts: CleanupFacts) -> Iterator[CleanupStep]:
    """One for each repository and kind of thing."""
    piles: dict[tuple[str, str], list[Doomed]] = {}
    for it in rank:
        piles.setdefault((it.at.repository.path, _WORDS[facts.held[it.at].what]), []).append(it)
    for (_, what), them in sorted(piles.items()):
        yield DeleteManifests(repository=them[0].at.repository, what=what, manifests=tuple(them))


_WORDS = {
    "release": "release record",
    "image": "image",
    "index": "multi-platform image",
    "voucher": "voucher",
    "note": "note",
    "unknown": "manifest",
}
