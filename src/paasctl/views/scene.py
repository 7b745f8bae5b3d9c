"""The picture of what is going on, as painted lines for a terminal of a given size. Pure: a board in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasctl.model.plan import AwaitReady
from paasctl.values import dataclass
from paasctl.views.amounts import amount, duration, size, ticking
from paasctl.views.board import Bar, Board, Phase, Running
from paasctl.views.clean import clean
from paasctl.views.marks import Marks
from paasctl.views.paint import Piece
from paasctl.views.rollout import Line, rollout
from paasctl.views.words import on_cluster, say, say_keys

_STEPS = 6
"""How many running steps are shown, before the rest is only counted."""
_FRAMES = 8
"""Pictures of the spinner per second."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of the terminal, in cells."""

    width: int
    height: int


def scene(board: Board, on: Size, marks: Marks) -> list[Line]:
    """What is running, each with what there is to see of it, and the run's phases; never more than fits."""
    shown = list(board.running.values())[:_STEPS]
    rest = len(board.running) - len(shown)
    room = on.height - 4 - len(shown) - bool(rest)
    lines: list[Line] = []
    for left, it in zip(range(len(shown), 0, -1), shown, strict=True):
        below = _below(it, board, max(0, room // left), marks)
        room -= len(below)
        lines += [_step(it, board.now, on.width, marks, several=board.is_several), *below]
    if rest:
        lines.append([("  and ", ""), (f"{rest} more", "bold")])
    return [*lines, [], _phases(board, on.width, marks)]


def thinking(said: str, since: float, now: float, width: int, marks: Marks) -> list[Line]:
    """Nothing is running yet: a sign of life."""
    took = f"  {ticking(now - since)}"
    return [[(_spin(now, marks), "cyan"), (f" {cut(said, width - 3 - len(took), marks)}", ""), (took, "dim")]]


def _spin(now: float, marks: Marks) -> str:
    return marks.spinner[int(now * _FRAMES) % len(marks.spinner)]


def _step(it: Running, now: float, width: int, marks: Marks, *, several: bool) -> Line:
    on = on_cluster(it.step) if several else ""
    details = list(_details(it, now, width, marks))
    room = width - 5 - sum(len(text) for text, _ in details)
    name = f"wait for {say_keys(it.step)}" if isinstance(it.step, AwaitReady) else say(it.step)
    return [(_spin(now, marks), "cyan"), (f" {cut(name + on, room, marks)}", "bold"), ("  ", ""), *details]


def _details(it: Running, now: float, width: int, marks: Marks) -> Iterator[Piece]:
    took = ticking(now - it.began)
    if len(it.bars) == 1:
        yield from bar(next(iter(it.bars.values())), now, width, marks)
    elif isinstance(it.step, AwaitReady):
        yield f"{took} of {duration(it.step.timeout)}", "dim"
    else:
        yield took, "dim"


def _below(it: Running, board: Board, room: int, marks: Marks) -> list[Line]:
    if isinstance(it.step, AwaitReady):
        return rollout(board.seen.get(str(it.step.target), ()), room, marks)
    if len(it.bars) > 1:
        return [_named_bar(name, of, board.now, marks) for name, of in it.bars.items()][:room]
    return [[(f"  {marks.line} {clean(line)}", "dim")] for line in list(it.log)[-room:]] if room else []


def _named_bar(name: str, of: Bar, now: float, marks: Marks) -> Line:
    return [(f"    {name}  ", ""), *bar(of, now, 100, marks)]


def bar(it: Bar, now: float, width: int, marks: Marks) -> Iterator[Piece]:
    """How far, how fast, and how much longer: a bar where the end is known."""
    progress, rate = it.progress, it.rate(now)
    if progress.total:
        cells = 20 if width >= 100 else 10
        full = min(cells, cells * progress.done // progress.total)
        yield marks.full * full, "green"
        yield marks.empty * (cells - full) + " ", "dim"
    yield amount(progress), ""
    if rate is not None:
        yield (f"  {size(rate)}/s" if progress.unit == "bytes" else f"  {rate:.0f}/s"), "dim"
        if progress.total and rate > 0:
            yield f"  {ticking((progress.total - progress.done) / rate)} left", "dim"


def _phases(board: Board, width: int, marks: Marks) -> Line:
    """Phases in order, the ended ones with their time. Where they don't fit, the earliest go first, then the last."""
    total = f"   {ticking(board.now)} in all"
    every = [_phase(it, board.now, marks, several=board.is_several) for it in board.phases]
    ended = sum(it.took is not None for it in board.phases)
    room = width - 1 - len(total)
    first, last = 0, len(every)
    while _cells(_joined(every[first:last])) + 2 * len(marks.cut) + 2 > room and last - first > 1:
        if first < ended:
            first += 1
        else:
            last -= 1
    line: Line = [(f"{marks.cut} ", "dim")] if first else []
    line += [*_joined(every[first:last]), *([(f" {marks.cut}", "dim")] if last < len(every) else [])]
    return [*line, (total, "dim")]


def _phase(it: Phase, now: float, marks: Marks, *, several: bool) -> Line:
    name = f"{it.cluster} {it.name}" if several and it.cluster else it.name
    if it.took is not None:
        return [(marks.ready, "green"), (f" {name}", ""), (f" {duration(it.took)}" if it.took >= 1 else "", "dim")]
    if it.began is None:
        return [(f"{marks.later} {name}", "dim")]
    far = f" {it.ended} of {len(it.steps)}," if len(it.steps) > 1 else ""
    return [(_spin(now, marks), "cyan"), (f" {name}", "bold"), (f"{far} {ticking(now - it.began)}", "dim")]


def _joined(parts: Sequence[Line]) -> Line:
    return [piece for index, it in enumerate(parts) for piece in ([("   ", ""), *it] if index else it)]


def _cells(line: Line) -> int:
    return sum(len(text) for text, _ in line)


def cut(text: str, room: int, marks: Marks) -> str:
    """A text that fits, its end left out where it must be."""
    room = max(room, 8)
    return text if len(text) <= room else text[: room - len(marks.cut)] + marks.cut
