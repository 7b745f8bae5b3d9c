"""A process that is struck by a signal at one of its writes, whichever server that goes to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from paasctl.embedded.http.faults import Fault, Faults, parsed
from paasctl.embedded.http.message import Request
from paasctl.embedded.http.server import Server

WRITES = ("POST ", "PUT ", "PATCH ", "DELETE ")
_NO_WRITES = re.compile(r"selfsubject|dryrun=all", re.IGNORECASE)
_BOUND = 240
"""Seconds that a process may take, on a machine that has other things to do."""


@dataclass
class Strike:
    """At write number `at`, from 0, of those whose name has `word`: SIGKILL, and the write is not carried out, so that
    the one before it was the last; or another signal, and it is.
    """

    at: int
    by: signal.Signals = signal.SIGKILL
    word: str = ""
    methods: tuple[str, ...] = WRITES
    pid: int = 0
    seen: list[str] = field(default_factory=list)
    """Those that came in."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def hit(self) -> bool:
        """Whether it came to that."""
        return len(self.seen) > self.at

    def __call__(self, name: str) -> Fault | None:
        """What the server does instead; None: what it does always."""
        if not (self.pid and name.startswith(self.methods) and self.word in name) or _NO_WRITES.search(name):
            return None
        with self._lock:
            self.seen.append(name)
            number = len(self.seen) - 1
        kills = self.by is signal.SIGKILL
        if number == self.at or (kills and number > self.at):
            with suppress(ProcessLookupError):
                os.kill(self.pid, self.by)
        return parsed("*: reset") if kills and number >= self.at else None


class _Struck(Faults):
    """Names of requests lack what follows `?`, and a dry run is told by that alone."""

    def __init__(self, strike: Strike, whole: Callable[[], str]) -> None:
        super().__init__()
        self._strike, self._whole = strike, whole

    def strike(self, names: Sequence[str]) -> Fault | None:
        """As the strike says."""
        return self._strike(self._whole() or names[-1])


@contextmanager
def struck(strike: Strike, *servers: Server) -> Iterator[Strike]:
    """All of the servers strike together; afterwards they are as they were."""
    before = [(it, it.faults, it.names) for it in servers]
    for server, _, names in before:
        _listen(server, names, strike)
    try:
        yield strike
    finally:
        strike.pid = 0
        for server, faults, names in before:
            server.faults, server.names = faults, names


def _listen(server: Server, names: Callable[[Request], Sequence[str]], strike: Strike) -> None:
    here = threading.local()  # a connection is a thread, which names a request and then asks what goes wrong

    def named(request: Request) -> Sequence[str]:
        here.whole = f"{request.method} {request.target}"
        return names(request)

    server.names, server.faults = named, _Struck(strike, lambda: getattr(here, "whole", ""))


def ended(begun: subprocess.Popen[str], strike: Strike) -> tuple[str, str]:
    """What a process said that was told to be struck."""
    strike.pid = begun.pid
    try:
        return begun.communicate(timeout=_BOUND)
    finally:
        strike.pid = 0
