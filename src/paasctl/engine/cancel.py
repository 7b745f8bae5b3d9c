"""The request to stop, and the time that was given: one object for the signal handler and everything that waits."""

from __future__ import annotations

import time

from paasctl.errors import Cancelled, Exit, TimedOut

_NAP = 0.1
"""Seconds without a look: a signal that comes just as its thread falls asleep does not wake it."""


class Cancel:
    """`ports.Cancel`: a step may be left half-way only inside `pause` and `check`; everywhere else it finishes."""

    def __init__(self, timeout: float | None = None) -> None:
        """`timeout` in seconds from now, for the whole way forward; None: as long as it takes."""
        self._asked = False  # no lock around it: a signal handler sets it in the midst of anything
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self.exit = Exit.CANCELLED
        self.free = False
        """Whether a wait may be left wherever it is: nothing was begun, so nothing can be half done."""

    def ask(self, exit_status: Exit = Exit.CANCELLED) -> None:
        """Ask to stop. `exit_status` says which signal it was."""
        self.exit = exit_status
        self._asked = True

    @property
    def asked(self) -> bool:
        """Whether somebody asked us to stop."""
        return self._asked

    @property
    def left(self) -> float | None:
        """Seconds until the time given runs out; None: as long as it takes."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def check(self) -> None:
        """Raise `Cancelled` or `TimedOut` where stopping leaves a declared state."""
        if self._asked:
            raise Cancelled("stopped at your request")
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise TimedOut(f"stopped: the {self._timeout:g} s given by --timeout ran out")

    def pause(self, seconds: float) -> None:
        """Wait, or raise as `check` does, as soon as there is reason."""
        until = time.monotonic() + seconds
        self.check()
        while (rest := until - time.monotonic()) > 0:
            left = self.left
            time.sleep(min(rest, _NAP) if left is None else min(rest, _NAP, left))  # noqa: TID251 - this is the pause
            self.check()


class RealClock:
    """`ports.Clock` on this machine's clocks."""

    def __init__(self, cancel: Cancel) -> None:
        """Pauses end early when `cancel` is asked."""
        self._cancel = cancel

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def utc(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Wait, or raise as soon as somebody asks."""
        self._cancel.pause(seconds)
