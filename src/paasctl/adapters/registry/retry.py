"""When to try again: jittered backoff inside a deadline, and one pause for a whole host (failure rows P6, P7)."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from paasctl.errors import TimedOut, Unavailable
from paasctl.ports.cancel import Clock
from paasctl.values import dataclass

_jitter = random.Random()  # noqa: S311 - spreads retries, protects nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    read: float = 60.0
    """Between two reads of one answer."""
    total: float = 120.0
    """For one piece of work from the first failure since it last got on, all tries and pauses together."""
    first: float = 0.25
    longest: float = 15.0
    dials: int = 3
    """How often a host is tried that takes no connection at all: a wrong name should not cost minutes."""


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a try failed that may work later. `wait`: what the registry asked for; `dialled`: nobody took the call."""

    reason: str
    wait: float | None = None
    dialled: bool = False


class Broken(Exception):  # noqa: N818 - not an error yet: it is tried again
    """A try failed; the package's own signal, never seen outside of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def is_passing(status: int) -> bool:
    """Whether a status says *later*: 408, 425, 429 and the 5xx that are not about what we asked."""
    return status in (408, 425, 429) or (500 <= status < 600 and status not in (501, 505))


def status_fault(status: int, headers: Mapping[str, str], now: float) -> Fault:
    """The fault that a passing status stands for. `now` in seconds since the epoch, for a `Retry-After` date."""
    wait = retry_after(headers.get("Retry-After", ""), now=_date(headers.get("Date", "")) or now)
    return Fault(f"the registry answers {spelled(status)}", wait)


def spelled(status: int) -> str:
    """`503 Service Unavailable`."""
    known = status in HTTPStatus.__members__.values()
    return f"{status} {HTTPStatus(status).phrase}" if known else str(status)


def retry_after(text: str, *, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date); None: nothing usable."""
    if text.strip().isdecimal():
        return float(text)
    date = _date(text)
    return None if date is None else max(0.0, date - now)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


class Gate:
    """One host's *not before*: what it asks of one thread holds for all."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._until = clock.now()

    def hold(self, seconds: float) -> None:
        """Nobody asks this host anything for so long."""
        with self._lock:
            self._until = max(self._until, self.clock.now() + seconds)

    @property
    def wait(self) -> float:
        """Seconds until it opens; 0: it is open."""
        with self._lock:
            return max(0.0, self._until - self.clock.now())


class Attempts:
    """The tries of one piece of work: it counts them, pauses between them, and ends them with a sentence."""

    def __init__(self, doing: str, gate: Gate, patience: Patience, *, ends: bool = False) -> None:
        """`ends`: it ends what was begun, and is left half-way only where it would have to wait."""
        self.doing = doing
        self._ends = ends
        self._gate = gate
        self._patience = patience
        self._tries = 0
        self._last = ""
        self._since = gate.clock.now()

    def enter(self) -> None:
        """Before every try: stop if asked to, wait while the host wants to be left alone."""
        if (wait := self._gate.wait) or not self._ends:
            self._pause(wait, "the registry asks everybody to wait")

    def progressed(self) -> None:
        """Something got through: patience starts anew."""
        self._tries = 0
        self._since = self._gate.clock.now()

    def failed(self, fault: Fault) -> None:
        """After a failed try: pause before the next one, or raise `Unavailable` when the patience is used up."""
        self._tries += 1
        self._last = fault.reason
        if self._tries == 1:  # who moved bytes for an hour, or waited for a slow reader, has used up nothing yet
            self._since = self._gate.clock.now()
        if fault.wait is not None:
            self._gate.hold(fault.wait)
        if fault.dialled and self._tries >= self._patience.dials:
            raise self._over(fault.reason)
        self._pause(max(self._backoff(), fault.wait or 0.0), fault.reason)

    def _pause(self, seconds: float, reason: str) -> None:
        clock = self._gate.clock
        if seconds and clock.now() + seconds > self._since + self._patience.total:
            raise self._over(reason, seconds)
        try:
            clock.pause(seconds)
        except TimedOut as up:
            if not (seconds or self._last):
                raise
            raise TimedOut(f"{up.message}; {self.doing}: {reason if seconds else self._last} ({self._spent})") from up

    @property
    def story(self) -> str:
        """What is waited for, and why that is not over."""
        return f"{self.doing}: {self._last} ({self._spent})" if self._last else f"{self.doing}: no answer yet"

    @property
    def _spent(self) -> str:
        tries = "1 try" if self._tries == 1 else f"{self._tries} tries"
        return f"{tries} in {self._gate.clock.now() - self._since:.0f} s"

    def _backoff(self) -> float:
        full = min(self._patience.first * 2.0 ** (self._tries - 1), self._patience.longest)
        return full * _jitter.uniform(0.5, 1.0)

    def _over(self, reason: str, wait: float = 0.0) -> Unavailable:
        hint = f"try again in {wait:.0f} seconds" if wait > self._patience.longest else "try again later"
        return Unavailable(f"{self.doing}: {reason} ({self._spent})", hint=hint)
