"""The first signal asks to stop, the second interrupts, the third kills.

A CI system that cancels a job sends SIGINT, then SIGTERM, then kills: the second must still close records and locks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
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
        _install(interrupt)
        cancel.ask(_SIGNALS[signal.Signals(number)])

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _install(signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _install(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)
