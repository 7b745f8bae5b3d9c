"""One queue, one thread that feeds the view: many threads emit, views need no locks. It ticks each second."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from paasctl.model.event import Emit, Event, Ticked

_TICK = 1.0


class View(Protocol):
    """Something that shows events."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


@contextmanager
def pumped(view: View) -> Iterator[Emit]:
    """An `emit` for any thread; when the context ends, all that was emitted has been shown and the view is closed."""
    events: queue.Queue[Event | None] = queue.Queue()
    began = time.monotonic()
    failed: list[BaseException] = []

    def feed() -> None:
        while True:
            try:
                event = events.get(timeout=_TICK)
            except queue.Empty:
                event = Ticked(time.monotonic() - began)
            if event is None:
                return
            try:
                view(event) if not failed else None
            except Exception as error:  # noqa: BLE001 - shown to the caller below: the run itself goes on
                failed.append(error)

    thread = threading.Thread(target=feed, name="view", daemon=True)
    thread.start()
    try:
        yield events.put
    finally:
        events.put(None)
        thread.join()
        view.close()
        if failed:
            raise failed[0]
