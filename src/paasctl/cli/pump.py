"""One queue, one thread that feeds the view: many threads emit, views need no locks. The clock ticks into it too."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from paasctl.model.event import Event, Ticked
from paasctl.views.view import View

_TICK = 0.125
"""Seconds between two ticks: what a terminal needs to look alive. Other views ignore most of them."""


class Pump:
    """`Emit` for any thread."""

    def __init__(self, view: View) -> None:
        """Nothing is shown before `start`."""
        self._view = view
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._feed, name="view", daemon=True)
        self._failed: BaseException | None = None

    def __call__(self, event: Event) -> None:
        """Queue one event."""
        self._events.put(event)

    def drain(self) -> None:
        """Return when all that was emitted so far has been shown: before somebody is asked about it."""
        self._events.join()

    def start(self) -> None:
        """Begin to show."""
        self._thread.start()

    def stop(self) -> None:
        """Show what is left, close the view, and raise what the view failed with, if it did."""
        self._events.put(None)
        self._thread.join()
        try:
            self._view.close()
        finally:
            if self._failed is not None:
                raise self._failed

    def _feed(self) -> None:
        due = self._began + _TICK
        while True:
            try:
                event = self._events.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                pass
            else:
                if event is not None:
                    self._show(event)
                self._events.task_done()
                if event is None:
                    return
            # By the clock, not by silence: a flood of events must not keep the time from passing.
            if (now := time.monotonic()) >= due:
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
