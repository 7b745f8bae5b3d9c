"""What a row of the table is: a pair that is timed in turn, or something counted; its bound; its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from typing import Literal

from bench.commands import Command, run
from bench.place import Place

Verdict = Literal["within", "ABOVE", "-"]


@dataclass(frozen=True, slots=True)
class Bound:
    """`times`: ours / the peer's at most; `plus`: ours - the peer's at most, in seconds; `count`: at most."""

    kind: Literal["times", "plus", "count", "none"] = "none"
    limit: float = 0.0

    def __str__(self) -> str:
        match self.kind:
            case "times":
                return f"<= {self.limit:g}x"
            case "plus":
                return f"<= +{self.limit:g} s"
            case "count":
                return f"<= {self.limit:g}"
            case "none":
                return "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Median, smallest and largest of several runs."""

    median: float
    min: float
    max: float
    runs: tuple[float, ...]

    @classmethod
    def of(cls, runs: Sequence[float]) -> Figure:
        """The figure of at least one run."""
        return cls(median=median(runs), min=min(runs), max=max(runs), runs=tuple(round(it, 4) for it in runs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a row gave. `ours` and `peer` are in `unit`: seconds on the wall, MiB, or requests."""

    ours: Figure
    peer: Figure | None = None
    cpu: tuple[float, float] | None = None
    """Median seconds of processors, ours and the peer's: steadier than the wall where a machine is busy."""
    memory: tuple[float, float] | None = None
    """Largest MiB, ours and the peer's."""
    unit: str = "s"
    note: str = ""


Side = Callable[[int], Command]
"""The command of one run, by its number, which differs between runs, so that every run has something to change."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two commands for the same end."""

    ours: Side
    peer: Side
    note: str = ""


Measure = Callable[[Place, int], Measured]
"""What a row does at a place, so many runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `needs` are the parts of the testbed without which it can't be taken."""

    name: str
    ours: str
    peer: str
    bound: Bound
    runs: tuple[int, int]
    """How many: as a rule, and with `--quick`."""
    measure: Measure
    needs: tuple[str, ...] = ()


def times(limit: float) -> Bound:
    """At most so many times the peer's median."""
    return Bound("times", limit)


def timed(make: Callable[[Place], AbstractContextManager[Pair]], warm: int = 1) -> Measure:
    """The measure of a pair: made, run once each to warm up (unless that takes minutes), then in turn A B A B."""

    def measure(place: Place, runs: int) -> Measured:
        with make(place) as pair:
            return _in_turn(pair, runs, warm)

    return measure


def _in_turn(pair: Pair, runs: int, warm: int) -> Measured:
    taken = [(run(pair.ours(number))[0], run(pair.peer(number))[0]) for number in range(runs + warm)]
    counted = taken[warm:]  # the first warms caches up
    return Measured(
        ours=Figure.of([it.wall for it, _ in counted]),
        peer=Figure.of([it.wall for _, it in counted]),
        cpu=(median(it.cpu for it, _ in counted), median(it.cpu for _, it in counted)),
        memory=(max(it.memory for it, _ in counted), max(it.memory for _, it in counted)),
        note=pair.note,
    )


def ratio(measured: Measured) -> float | None:
    """Ours over the peer's, of the medians; None: there is nothing to divide (by)."""
    if measured.peer is None or not measured.peer.median or measured.unit == "failed":
        return None
    return measured.ours.median / measured.peer.median


def verdict(bound: Bound, measured: Measured) -> Verdict:
    """Whether the medians keep the bound (a count: whether the worst run does)."""
    match bound.kind:
        case "none":
            return "-"
        case "count":
            return "within" if measured.ours.max <= bound.limit else "ABOVE"
        case "times":
            found = ratio(measured)
            return "within" if found is not None and found <= bound.limit else "ABOVE"
        case "plus":
            extra = measured.ours.median - (measured.peer.median if measured.peer else 0.0)
            return "within" if extra <= bound.limit else "ABOVE"
