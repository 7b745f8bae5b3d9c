"""The sentences about a promotion: steps, what a plan tells of them, and what became of several versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from paasctl.model.event import Outcome
from paasctl.model.promoting import CarryOver, NotePromotion, PromoteStep, TagRecord
from paasctl.views.between import say_moved
from paasctl.views.clean import clean


def say_promoting(step: PromoteStep) -> str:
    """What a step does, in the infinitive."""
    match step:
        case CarryOver():
            what = f"image {step.name}" if step.name else "the record"
            return f"carry {what} of {step.version} to {step.repository}"
        case NotePromotion():
            why = f": {clean(step.reason)}" if step.reason else ""
            return f"note that {step.version} was promoted from {step.origin.name} to {step.goal.name}{why}"
        case TagRecord():
            return f"name the record {step.repository}:{step.tag}"
        case _:
            assert_never(step)


def phase_promoting(step: PromoteStep) -> str:
    """Which part of a run it is, in a word."""
    return {CarryOver: "carry", NotePromotion: "note", TagRecord: "name"}[type(step)]


def detail_promoting(step: CarryOver) -> Iterator[str]:
    """What a plan tells of it below its line: its digest, and what becomes of its parts, in numbers and bytes."""
    yield step.source.digest
    yield from say_moved(step.plan.objects)
    yield from (f"left behind: {clean(it)}" for it in step.plan.left)


def say_promoted(outcome: Outcome) -> Iterator[str]:
    """Of several versions what became of each, in a table."""
    rows = [(name.removeprefix("version."), it) for name, it in outcome.facts if name.startswith("version.")]
    width = max((len(name) for name, _ in rows), default=0)
    yield from (f"{clean(name):<{width}}  {clean(it)}" for name, it in rows)
