"""A request to stop, and time. Nothing sleeps but through here."""

from __future__ import annotations

from typing import Protocol


class Cancel(Protocol):
    """Shared by the signal handler and everything that may take long, reading code too."""

    @property
    def asked(self) -> bool:
        """Whether somebody asked us to stop."""
        ...

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked; a place where stopping leaves a declared state."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait, or raise `Cancelled` as soon as somebody asks."""
        ...


class Clock(Protocol):
    """Time: `now` is monotonic, `utc` is the wall's."""

    def now(self) -> float:
        """Monotonic seconds; only differences mean something (failure row D35)."""
        ...

    def utc(self) -> float:
        """Seconds since the epoch, for records; never for durations."""
        ...

    def pause(self, seconds: float) -> None:
        """`Cancel.pause`, in this clock's time."""
        ...
