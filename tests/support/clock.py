"""Time that passes only when somebody pauses."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasctl.errors import Cancelled


@dataclass
class FakeClock:
    """`ports.Clock`; waits of minutes take no time."""

    time: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def utc(self) -> float:
        return 1_700_000_000.0 + self.time

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


@dataclass
class FakeCancel:
    """`ports.Cancel`; `after` checks it asks to stop, None: never."""

    after: int | None = None
    checks: int = 0

    @property
    def asked(self) -> bool:
        return self.after is not None and self.checks > self.after

    def check(self) -> None:
        self.checks += 1
        if self.asked:
            raise Cancelled("stopped at your request")

    def pause(self, seconds: float) -> None:
        del seconds
        self.check()
