"""How many requests may be under way at once: fewer when the API server says it has too many (row D6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CALM = 20
"""Good answers after which one more request may run at once."""


class Gate:
    """A semaphore whose size is halved by every 429 and grows back slowly."""

    def __init__(self, most: int) -> None:
        """At most `most` at once."""
        self._most = most
        self._limit = most
        self._inside = 0
        self._calm = 0
        self._free = threading.Condition()

    @property
    def limit(self) -> int:
        """How many may run at once now."""
        return self._limit

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Wait for a place, and hold it."""
        with self._free:
            self._free.wait_for(lambda: self._inside < self._limit)
            self._inside += 1
        try:
            yield
        finally:
            with self._free:
                self._inside -= 1
                self._free.notify()

    def heard(self, *, throttled: bool) -> None:
        """Take note of an answer."""
        with self._free:
            if throttled:
                self._limit, self._calm = max(1, self._limit // 2), 0
                return
            self._calm += 1
            if self._calm >= _CALM and self._limit < self._most:
                self._limit, self._calm = self._limit + 1, 0
                self._free.notify()
