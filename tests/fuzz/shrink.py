"""From a sequence that fails to a short one that still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from fuzz.smaller import without_one
from fuzz.steps import Sequence

Fails = Callable[[Sequence], bool]


def shrunk(sequence: Sequence, fails: Fails, tries: int = 150) -> Sequence:
    """Fewer steps, then smaller bodies, as long as it fails; at most so many tries."""
    left = tries
    changed = True
    while changed and left > 0:
        changed = False
        for smaller in _smaller(sequence):
            left -= 1
            if left <= 0:
                break
            if fails(smaller):
                sequence, changed = smaller, True
                break
    return sequence


def _smaller(sequence: Sequence) -> Iterator[Sequence]:
    for index in range(len(sequence.steps)):
        if len(sequence.steps) > 1:
            yield replace(sequence, steps=sequence.steps[:index] + sequence.steps[index + 1 :])
    for index, step in enumerate(sequence.steps):
        for body in without_one(step.body):
            steps = (*sequence.steps[:index], replace(step, body=body), *sequence.steps[index + 1 :])
            yield replace(sequence, steps=steps)
