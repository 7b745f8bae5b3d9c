"""A rollout as painted lines: a line per workload, the pods that keep it from being ready, and why."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.model.verdict import Verdict
from paasctl.views.amounts import count
from paasctl.views.clean import clean
from paasctl.views.marks import Marks
from paasctl.views.paint import Piece
from paasctl.views.words import say_pod, troubled

_DOTS = 14
"""How many pods are drawn one by one."""
_ORDER = {"doomed": 0, "waiting": 1, "ready": 2}
_STYLES = {"ready": "green", "waiting": "yellow", "doomed": "red"}


def rollout(verdicts: Sequence[Verdict], room: int, marks: Marks) -> list[list[Piece]]:
    """At most `room` lines: what is not ready first and in full, what is ready as far as there is room."""
    ordered = sorted(verdicts, key=lambda it: _ORDER[it.state])
    width = max((len(str(it.key)) for it in ordered), default=0)
    blocks = [_block(it, width, _pods(ordered, room), marks) for it in ordered]
    lines = [line for it in blocks for line in it]
    if len(lines) <= room:
        return lines
    return _cut(blocks, max(0, room - 1)) if room else []


def _pods(verdicts: Sequence[Verdict], room: int) -> int:
    """How many ill pods of each workload can be told, so that every workload that isn't ready gets its line."""
    ill = [it for it in verdicts if it.state != "ready"]
    return next((pods for pods in (3, 1) if len(ill) * (pods + 2) <= room), 0)


def _cut(blocks: Sequence[list[list[Piece]]], room: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    for index, it in enumerate(blocks):
        if len(lines) + len(it) > room:
            return [*lines, [(f"    and {count(len(blocks) - index, 'more workload')}", "dim")]]
        lines += it
    return lines


def _block(it: Verdict, width: int, pods: int, marks: Marks) -> list[list[Piece]]:
    mark, style = getattr(marks, it.state), _STYLES[it.state]
    name = f"{it.key!s:{width}}  "
    head: list[Piece] = [
        (f"    {mark} ", style),
        (name, ""),
        *_dots(it, marks),
        (it.text, "" if it.state != "doomed" else "red"),
    ]
    if it.state == "ready":
        return [head]
    ill = troubled(it)
    below: list[list[Piece]] = [
        [("        ", ""), (say_pod(pod), "red" if it.state == "doomed" else "")] for pod in ill[:pods]
    ]
    if pods and len(ill) > pods:
        below.append([(f"        and {count(len(ill) - pods, 'more pod')}", "dim")])
    if it.cause and it.cause.message not in it.text:
        below.append([("      ! ", "bold yellow"), (clean(it.cause.message), "")])
    return [head, *below]


def _dots(it: Verdict, marks: Marks) -> list[Piece]:
    if not it.wanted and not it.old:
        return []
    ready = min(it.ready, it.wanted)
    if it.wanted + it.old > _DOTS:
        return [(f"{ready}/{it.wanted}  ", "green" if ready == it.wanted else "yellow")]
    return [
        (marks.pod * ready, "green"),
        (marks.missing * (it.wanted - ready), "yellow"),
        (marks.old * it.old + "  ", "dim"),
    ]
