"""One queue, one thread that feeds the view: many threads emit, views need no locks. The clock ticks into it too.

How far a step is, is told by the clock: a thousand counts in a second wake nobody, and only the last of them is shown.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from paasctl.model.event import Event, Progress, Ticked
from paasctl.views.view import View

_TICK = 0.125
"""Seconds between two ticks: what a terminal needs to look alive. Other views ignore most of them."""


class _Now(Enum):
    """Asks for nothing but that all before it is shown."""

    NOW = 1


class Pump:
    """`Emit` for any thread."""

    def __init__(self, view: View) -> None:
        """Nothing is shown before `start`."""
        self._view = view
        self._events: queue.Queue[Event | _Now | None] = queue.Queue()
        self._lock = threading.Lock()
        self._queued, self._taken = 0, 0
        self._far: dict[tuple[int | None, str], tuple[int, Progress]] = {}
        """Step and what of it -> how far it is, and how many events were queued before that."""
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._feed, name="view", daemon=True)
        self._failed: BaseException | None = None

    def __call__(self, event: Event) -> None:
        """Queue one event."""
        with self._lock:
            if isinstance(event, Progress):
                self._far.pop((event.index, event.what), None)  # the last to come is the last to be shown
                self._far[event.index, event.what] = self._queued, event
            else:
                self._put(event)

    def drain(self) -> None:
        """Return when all that was emitted so far has been shown: before somebody is asked about it."""
        with self._lock:
            self._put(_Now.NOW)
        self._events.join()

    def start(self) -> None:
        """Begin to show."""
        self._thread.start()

    def stop(self) -> None:
        """Show what is left, close the view, and raise what the view failed with, if it did."""
        with self._lock:
            self._put(None)
        self._thread.join()
        try:
            self._view.close()
        finally:
            if self._failed is not None:
                raise self._failed

    def _put(self, event: Event | _Now | None) -> None:
        self._queued += 1
        self._events.put(event)

    def _show_far(self) -> None:
        """What was told before the events that were shown already, and was not shown."""
        with self._lock:
            due = {key: event for key, (before, event) in self._far.items() if before <= self._taken}
            for key in due:
                del self._far[key]
        for event in due.values():
            self._show(event)

    def _feed(self) -> None:
        due = self._began + _TICK
        while True:
            try:
                event = self._events.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                pass
            else:
                self._show_far()
                self._taken += 1
                if event is not None and event is not _Now.NOW:
                    self._show(event)
                self._events.task_done()
                if event is None:
                    return
            # By the clock, not by silence: a flood of events must not keep the time from passing.
            if (now := time.monotonic()) >= due:
                self._show_far()
                self._show(Ticked(now - self._began))
                due = now + _TICK

    def _show(self, event: Event) -> None:
        try:
            if self._failed is None:
                self._view(event)
        except Exception as error:  # noqa: BLE001 - raised by `stop`: the run itself goes on
            self._failed = error


@contextmanager
def pumped(view: View) -> Iterator[Pump]:
    """A pump; when the context ends, all that was emitted has been shown and the view is closed."""
    pump = Pump(view)
    pump.start()
    try:
        yield pump
    finally:
        pump.stop()
