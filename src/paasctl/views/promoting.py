"""The sentences about a promotion: steps, what a plan tells of them, and what became of several versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from paasctl.model.approving import Approve
from paasctl.model.counting import count
from paasctl.model.event import Outcome
from paasctl.model.promoting import Attest, Brings, CarryOver, Gate, NotePromotion, PromoteStep, TagRecord, Word
from paasctl.views.approving import say_approving
from paasctl.views.between import say_moved
from paasctl.views.clean import clean

_COMMITS, _LINES = 10, 12
"""How many are told."""
_WORDS: dict[Word, str] = {
    "healthy": "runs well",
    "rejected": "is rejected",
    "accepted": "is no longer rejected",
    "overridden": "passes closed gates",
}


def say_promoting(step: PromoteStep) -> str:
    """What a step does, in the infinitive."""
    match step:
        case CarryOver():
            what = f"image {step.name}" if step.name else "the record"
            return f"carry {what} of {step.version} to {step.repository}"
        case NotePromotion():
            why = f": {clean(step.reason)}" if step.reason else ""
            return f"note that {step.version} was promoted from {step.origin.name} to {step.goal.name}{why}"
        case Attest():
            where = f" in {step.environment}" if step.environment else ""
            why = f": {clean(step.reason)}" if step.reason else ""
            return f"say at {step.repository} that {step.version} {_WORDS[step.word]}{where}{why}"
        case Approve():
            return say_approving(step)
        case TagRecord():
            return f"name the record {step.repository}:{step.tag}"
        case _:
            assert_never(step)


def phase_promoting(step: PromoteStep) -> str:
    """Which part of a run it is, in a word."""
    return {CarryOver: "carry", NotePromotion: "note", TagRecord: "name", Attest: "say", Approve: "approve"}[type(step)]


def detail_promoting(step: CarryOver) -> Iterator[str]:
    """What a plan tells of it below its line: its digest, and what becomes of its parts, in numbers and bytes."""
    yield step.source.digest
    yield from say_moved(step.plan.objects)
    yield from (f"left behind: {clean(it)}" for it in step.plan.left)


def say_gates(gates: Iterable[Gate]) -> Iterator[str]:
    """Each gate that was looked at, and what it saw."""
    yield from (f"gate {it.name} {clean(it.of)}: {it.state}, {clean(it.why)}" for it in gates)


def say_brings(step: TagRecord) -> Iterator[str]:
    """What the release brings: commits, images, files. People get the first of many; JSON has all."""
    clusters: dict[str, set[str]] = {}
    for spot in (spot for it in step.brings for spot in it.at):
        clusters.setdefault(spot.environment, set()).add(spot.cluster)
    for it in step.brings:
        yield _heading(it, _where(it, clusters), step.version, free=not clusters)
        yield from _first(_changes(it), _COMMITS)
        if it.images:
            yield f"images that are others: {', '.join(map(clean, it.images))}"
        for file in it.files:
            yield f"{file.how} {clean(file.path)}"
            yield from _first((f"  {clean(line)}" for line in file.lines), _LINES)


def _heading(it: Brings, where: str, version: str, *, free: bool) -> str:
    """What it is held against, and how much is new; `free`: no environment takes from there."""
    other = f"{clean(it.since)}, {f'which runs in {where}' if where else 'the highest lower version there'}"
    own = "no environment takes from there: " if free else ""
    if it.unknown:
        what = "what it brings"
        if where and not it.since:
            what = f"what runs in {where}"
        elif it.since:
            what = f"goes back from {other}; what it is without" if it.back else f"{what} beside {other},"
        return f"{what} could not be found out: {clean(it.unknown)}"
    if not it.since:
        return f"nothing runs in {where}: it is the first one there" if where else f"{own}it is the first there"
    if it.since == version:
        return f"{clean(it.since)} runs in {where} already"
    return f"goes back from {other}: without {_commits(it)}" if it.back else f"{own}beside {other}: {_commits(it)}"


def _commits(it: Brings) -> str:
    more = f", and those of {count(it.unread, 'more release')}" if it.unread else ""
    return f"{count(len(it.commits), 'commit')}{', by its own record alone' if it.alone else ''}{more}"


def _where(it: Brings, clusters: Mapping[str, set[str]]) -> str:
    """Environments, and of one that has several clusters which of them, unless it is all."""
    at: dict[str, list[str]] = {}
    for spot in it.at:
        at.setdefault(spot.environment, []).append(spot.cluster)
    words = (name if len(on) == len(clusters[name]) else f"{name} on {' and '.join(on)}" for name, on in at.items())
    return clean(" and ".join(words))


def _changes(it: Brings) -> Iterator[str]:
    """The changelog in its groups; where the records have none, the commits."""
    for group, lines in it.changelog:
        yield f"{clean(group)}:"
        yield from (f"* {clean(one)}" for one in lines)
    if not it.changelog:
        yield from (f"* {clean(one)}" for one in it.commits)


def _first(lines: Iterable[str], most: int) -> Iterator[str]:
    every = list(lines)
    yield from every[:most]
    if len(every) > most:
        yield f"  and {len(every) - most} more"


def say_promoted(outcome: Outcome) -> Iterator[str]:
    """What became of each version, in a table; where there are several goals, at each of them."""
    several = len({it.goal for it in outcome.rows}) > 1
    cells = [(it.version or "all missing", *((it.goal,) if several else ())) for it in outcome.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row, it in zip(cells, outcome.rows, strict=True):
        head = "  ".join(f"{clean(cell):<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{head}  {clean(it.word)}"
