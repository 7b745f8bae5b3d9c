"""The cluster's time: the real one, or one that passes only when a test says so."""

from __future__ import annotations

import time
from typing import Protocol

_START = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where a driven clock begins unless told otherwise."""


class Mover(Protocol):
    """Whatever lives by the clock."""

    def settle(self) -> None:
        """Do all there is to do now; return when nothing is left."""
        ...

    def due(self) -> float | None:
        """When there will be something to do again, in seconds since the epoch; None: not by time alone."""
        ...


class RealClock:
    """Time as it is."""

    def utc(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class DrivenClock:
    """Time that stands still until it is advanced, and then stops at everything that is due on the way."""

    def __init__(self, start: float = _START) -> None:
        """`start`: seconds since the epoch."""
        self._now = start
        self._movers: list[Mover] = []

    def utc(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def attach(self, mover: Mover) -> None:
        """Let `mover` live by this clock."""
        self._movers.append(mover)

    def detach(self, mover: Mover) -> None:
        """Let it live no longer."""
        self._movers.remove(mover)

    def advance(self, seconds: float = 0.0) -> None:
        """Let time pass: what is due is done in its order, and all is settled between. Returns when all is settled."""
        end = self._now + seconds
        self._settle()
        while (due := self._due()) is not None and due <= end:
            self._now = max(self._now, due)
            self._settle()
        self._now = max(self._now, end)
        self._settle()

    def _settle(self) -> None:
        for mover in list(self._movers):
            mover.settle()

    def _due(self) -> float | None:
        return min((due for mover in self._movers if (due := mover.due()) is not None), default=None)
