"""A rollout as painted lines: a line per workload, the pods that keep it from being ready, and why."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.model.counting import count
from paasctl.model.verdict import Verdict
from paasctl.values import dataclass
from paasctl.views.clean import clean
from paasctl.views.marks import Marks
from paasctl.views.paint import Piece
from paasctl.views.words import say_pod, troubled

_DOTS = 14
"""How many pods are drawn one by one."""
_ORDER = {"doomed": 0, "waiting": 1, "ready": 2}
_STYLES = {"ready": "green", "waiting": "yellow", "doomed": "red"}

Line = list[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """Cells of the columns, and how many ill pods of each workload are told."""

    name: int
    dots: int
    pods: int


def rollout(verdicts: Sequence[Verdict], room: int, marks: Marks) -> list[Line]:
    """At most `room` lines: what is not ready first and in full, what is ready as far as there is room."""
    ordered = sorted(verdicts, key=lambda it: _ORDER[it.state])
    widths = _Widths(
        name=max((len(str(it.key)) for it in ordered), default=0),
        dots=max((_cells(_dots(it, marks)) for it in ordered), default=0),
        pods=_pods(ordered, room),
    )
    blocks = [_block(it, widths, marks) for it in ordered]
    lines = [line for it in blocks for line in it]
    if len(lines) <= room:
        return lines
    return _cut(blocks, max(0, room - 1)) if room else []


def _pods(verdicts: Sequence[Verdict], room: int) -> int:
    """How many ill pods of each workload can be told, so that every workload that isn't ready gets its line."""
    ill = [it for it in verdicts if it.state != "ready"]
    return next((pods for pods in (3, 1) if len(ill) * (pods + 3) <= room), 0)


def _cut(blocks: Sequence[list[Line]], room: int) -> list[Line]:
    lines: list[Line] = []
    for index, it in enumerate(blocks):
        lines += it[: room - len(lines)]
        if len(lines) == room:
            rest = len(blocks) - index - 1
            return [*lines, [(f"    and {count(rest, 'more workload')}", "dim")]] if rest else lines
    return lines


def _block(it: Verdict, widths: _Widths, marks: Marks) -> list[Line]:
    doomed = "red" if it.state == "doomed" else ""
    dots = _dots(it, marks)
    head: Line = [
        (f"    {getattr(marks, it.state)} ", _STYLES[it.state]),
        (f"{it.key!s:{widths.name}}  ", ""),
        *dots,
        (" " * (widths.dots - _cells(dots) + (2 if widths.dots else 0)), ""),
        (it.text, doomed),
    ]
    if it.state == "ready":
        return [head]
    ill = troubled(it)
    below: list[Line] = [[(f"        {say_pod(pod)}", doomed)] for pod in ill[: widths.pods]]
    if widths.pods and len(ill) > widths.pods:
        below.append([(f"        and {count(len(ill) - widths.pods, 'more pod')}", "dim")])
    if it.cause and it.cause.message not in it.text:
        below.append([("      ! ", "bold yellow"), (clean(it.cause.message), "")])
    return [head, *below]


def _cells(line: Line) -> int:
    return sum(len(text) for text, _ in line)


def _dots(it: Verdict, marks: Marks) -> Line:
    if not it.wanted and not it.old:
        return []
    ready = min(it.ready, it.wanted)
    if it.wanted + it.old > _DOTS:
        return [(f"{ready}/{it.wanted}", "green" if ready == it.wanted else "yellow")]
    return [
        (marks.pod * ready, "green"),
        (marks.missing * (it.wanted - ready), "yellow"),
        (marks.old * it.old, "dim"),
    ]
