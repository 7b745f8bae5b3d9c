"""A freeze: nobody deploys to a target until it is over, or lifted (decision 7)."""

from __future__ import annotations

from datetime import datetime

from paasctl.model.kube import Target
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The last word on it. Times are ISO 8601 with a zone."""

    by: str
    """`person@host`."""
    at: str
    until: str = ""
    """Empty: until somebody lifts it."""
    message: str = ""
    lifted: bool = False

    def holds(self, now: float) -> bool:
        """Whether it stops a deploy at that moment, in seconds since the epoch."""
        return not self.lifted and (not self.until or now < datetime.fromisoformat(self.until).timestamp())

    def __str__(self) -> str:
        until = f" until {self.until}" if self.until else ""
        return f"frozen{until}, by {self.by} since {self.at}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFreeze:
    """Say at a target that it is frozen, or no longer. No lock is taken: whoever deploys there goes on to the end."""

    target: Target
    lifts: bool
    until: str = ""
    message: str = ""


FreezeStep = SetFreeze
