"""The sentences about a cleanup: its steps, what would go, what stays and because of what."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import assert_never

from paasctl.model.cleanup import (
    CleanupAnswer,
    CleanupExplained,
    CleanupStep,
    CloseSweep,
    DeleteManifests,
    KeptBecause,
    NoteSweep,
    SweptRow,
)
from paasctl.model.counting import count
from paasctl.model.image import digest_named
from paasctl.views.amounts import duration, size
from paasctl.views.clean import clean

_DAY = 86400.0
_SHOWN = 40
"""Rows of a table; JSON has them all."""
_NARROWEST = 20
_TAGS = 4


def say_cleanup(step: CleanupStep) -> str:
    """What a step does, in the infinitive."""
    match step:
        case NoteSweep():
            return f"note at {step.repository} which {count(len(step.manifests), 'manifest')} are about to go"
        case DeleteManifests():
            return f"delete {count(len(step.manifests), step.what)} of {step.repository}{_tags(step)}"
        case CloseSweep():
            return f"delete that note at {step.repository}"
        case _:
            assert_never(step)


def _tags(step: DeleteManifests) -> str:
    tags = [tag for it in step.manifests for tag in it.tags if not digest_named(tag)]
    if not tags:
        return ""
    more = f" and {len(tags) - _TAGS} more" if len(tags) > _TAGS else ""
    return f": {', '.join(tags[:_TAGS])}{more}"


def phase_cleanup(step: CleanupStep) -> str:
    """Which part of a run it is, in a word."""
    return {NoteSweep: "note", DeleteManifests: "delete", CloseSweep: "close"}[type(step)]


def cleanup_text(answer: CleanupAnswer | CleanupExplained, width: int | None) -> list[str]:
    """The lines of an answer."""
    if isinstance(answer, CleanupExplained):
        return [line for it in answer.found for line in _explained(it)]
    lines = [*_table("GOES", answer.going, width, "FREES")] if answer.going else []
    lines += ["", *_table("STAYS", answer.staying, width, "TAKES")] if answer.staying else []
    return [*(lines[0 if answer.going else 1 :]), *([""] if lines else []), *_summed(answer)]


def _table(head: str, rows: Sequence[SweptRow], width: int | None, takes: str) -> list[str]:
    """Where the last column has no room beside the others, each reason stands below its row."""
    heads = (head, "HOLDS", "OLD", takes, "BECAUSE")
    cells = [(clean(it.name), it.holds, _old(it), size(it.bytes), clean(it.because)) for it in rows[:_SHOWN]]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    is_wide = width is None or sum(widths) + 2 * (len(widths) - 1) <= width
    lines = list(_wide((heads, *cells), widths) if is_wide else _narrow(heads, cells, widths, width or _NARROWEST))
    more = len(rows) - _SHOWN
    return [*lines, f"and {more:,} more: --output json has them all"] if more > 0 else lines


def _wide(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    return (f"{_columns(row, widths)}  {row[-1]}" for row in rows)


def _narrow(heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], width: int) -> Iterator[str]:
    yield _columns(heads, widths)
    for row in rows:
        yield _columns(row, widths)
        yield from textwrap.wrap(row[-1], max(_NARROWEST, width), initial_indent="  ", subsequent_indent="  ")


def _columns(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(row[:-1], widths, strict=False)
    return "  ".join(cell.rjust(width) if at in (2, 3) else cell.ljust(width) for at, (cell, width) in enumerate(cells))


def _old(row: SweptRow) -> str:
    if row.age is None:
        return "?"
    return f"{row.age / _DAY:.0f} d" if row.age >= 2 * _DAY else duration(max(0.0, row.age))


def _summed(answer: CleanupAnswer) -> Iterator[str]:
    where = f"{answer.registry} ({answer.repository})"
    for what, many in answer.roots:
        yield f"looked at {clean(what)}: {count(many, 'name')}"
    if not answer.roots:
        yield "no cluster was asked what runs"
    if not answer.doomed:
        yield f"{where}: nothing would go, {count(answer.held, 'manifest')} stay"
        return
    going = len(answer.doomed)
    yield f"{where}: {going:,} of {count(answer.held, 'manifest')} would go"
    yield f"at most {size(answer.frees)} become free when the registry collects its garbage"
    if answer.refused:
        yield f"! {answer.refused}: look at it, then allow it with --max-delete {going}"
    allowed = f" --max-delete {going}" if answer.refused else ""
    plan = f"--plan {clean(answer.saved)}" if answer.saved else "--apply"
    yield f"nothing was deleted; paasctl cleanup {answer.registry} {plan}{allowed}   does it"


def _explained(it: KeptBecause) -> Iterator[str]:
    tags = f" ({', '.join(map(clean, it.tags))})" if it.tags else ""
    yield f"{it.at}{tags} {'stays' if it.stays else 'goes'}:"
    for depth, line in enumerate(it.chain, 1):
        yield f"{'  ' * depth}{clean(line)}"
