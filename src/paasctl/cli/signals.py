"""The first signal asks to stop, the second kills as usual."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit

_SIGNALS = {signal.SIGINT: Exit.CANCELLED, signal.SIGTERM: Exit.TERMINATED}


@contextmanager
def listening(cancel: Cancel) -> Iterator[None]:
    """Turn the first signal into a request to stop. Outside the main thread signals are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        restore()
        cancel.ask(_SIGNALS[signal.Signals(number)])

    before = {number: signal.signal(number, ask) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        yield
    finally:
        restore()
