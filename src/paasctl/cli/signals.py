"""The first signal asks to stop, the second interrupts, the third kills.

While nothing was begun, the first one and the end of the time given leave even a wait for a host that never answers:
there is nothing to finish. A CI system that cancels a job sends SIGINT, then SIGTERM, then kills: the second must still
close records and locks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from paasctl.cli.process import PROCESS
from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, TimedOut

_SIGNALS = {signal.SIGINT: Exit.CANCELLED, signal.SIGTERM: Exit.TERMINATED, signal.SIGHUP: Exit.TERMINATED}
"""A terminal that is closed (HUP) leaves a declared state behind, too."""
_LATE = 0.05  # seconds: a pause that ends with the time that was given says more than the alarm


class _Left(BaseException):
    """Raised into whatever the main thread waits for; no `except` of a reader takes it for an answer."""


@contextmanager
def listening(cancel: Cancel) -> Iterator[None]:
    """Turn the first signal into a request to stop. Outside the main thread signals are left alone.

    Raises `Cancelled` or `TimedOut` in the midst of a wait while `cancel.free`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _listen(cancel)
    try:
        yield
    except _Left as left:
        try:
            cancel.check()
        except TimedOut as up:  # those who waited have noted what for
            raise TimedOut("; ".join((up.message, *getattr(left, "__notes__", ())))) from None
    finally:
        cancel.free = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():  # once the end was told, no signal makes another of it
            signal.signal(number, signal.SIG_IGN if PROCESS.ends else handler)


def _listen(cancel: Cancel) -> dict[signal.Signals, Any]:
    """The handlers that were there before."""

    def ask(number: int, _frame: FrameType | None) -> None:
        _install(interrupt)
        cancel.ask(_SIGNALS[signal.Signals(number)])
        leave(number, _frame)

    def leave(_number: int, _frame: FrameType | None) -> None:
        if cancel.free:
            raise _Left

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _install(signal.SIG_DFL)
        raise KeyboardInterrupt(int(cancel.exit))

    before = {number: signal.signal(number, ask) for number in _heard()}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, leave)
    if cancel.left is not None:
        signal.setitimer(signal.ITIMER_REAL, cancel.left + _LATE)
    return before


def _install(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in _heard():
        signal.signal(number, handler)


def _heard() -> list[signal.Signals]:
    """All but a hang-up that we were told to ignore (`nohup`)."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [it for it in _SIGNALS if it is not signal.SIGHUP or not ignored]
