"""One run of pytest that has collected the suite, and is forked for each change: no import is paid for twice."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from mutants.change import Change
from mutants.live import put
from mutants.suite import case_of

_LONGEST = 10.0
_EACH = 3.0
"""Seconds that a change has: for itself, and for each case that is asked."""
_ENOUGH = 2
"""So many cases that notice a change say that it is nobody's own."""


@dataclass(frozen=True)
class Asked:
    """A change, and the cases that run its line."""

    file: str
    source: str
    change: Change
    cases: Collection[str]
    about: Any = None


class Asks(Protocol):
    """Who wants to know."""

    def next(self) -> Asked | None:
        """What to try next; None: all is known."""
        ...

    def told(self, asked: Asked, noticed: frozenset[str] | None) -> None:
        """Which cases noticed it; None: it can't be told (a hang, a crash, code that nobody holds)."""
        ...


@dataclass
class _Child:
    asked: Asked
    ends: float
    said: bytes = b""


@dataclass(eq=False)
class Forking:
    """A plugin: in the place of running the tests, it runs some of them for each change that is asked about."""

    asks: Asks
    jobs: int
    _cases: dict[str, list[pytest.Item]] = field(default_factory=dict)
    _failed: dict[str, None] = field(default_factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for it in session.items:
            self._cases.setdefault(case_of(it.nodeid), []).append(it)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # one for all children
        self._warm(session)
        children: dict[int, _Child] = {}
        pids: dict[int, int] = {}
        more = True
        while more or children:
            while more and len(children) < self.jobs:
                asked = self.asks.next()
                if asked is None:
                    more = False
                    break
                pid, pipe = self._fork(session, asked)
                children[pipe], pids[pipe] = _Child(asked, time.monotonic() + _LONGEST + _EACH * len(asked.cases)), pid
            for pipe, child in _ended(children):
                del children[pipe]
                os.close(pipe)
                with suppress(ProcessLookupError):
                    os.kill(pids[pipe], signal.SIGKILL)
                os.waitpid(pids.pop(pipe), 0)
                self.asks.told(child.asked, _noticed(child.said))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed[case_of(report.nodeid)] = None

    def _warm(self, session: pytest.Session) -> None:
        """A test of each file, in the parent: what they import and read once is there for every child."""
        for it in {it.path: it for it in session.items}.values():
            it.config.hook.pytest_runtest_protocol(item=it, nextitem=None)
        self._failed.clear()
        gc.unfreeze()  # what holds the code of a change is asked of the collector (`live.py`); conftest.py froze it

    def _fork(self, session: pytest.Session, asked: Asked) -> tuple[int, int]:
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid:
            os.close(theirs)
            return pid, ours
        os.close(ours)
        try:
            self._tell(session, asked, theirs)
        finally:
            os._exit(0)

    def _tell(self, session: pytest.Session, asked: Asked, pipe: int) -> None:
        """In the child: what fails, as one line."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        if not put(asked.file, asked.source, asked.change.made(asked.source), asked.change.line):
            return
        items = [it for case in asked.cases for it in self._cases.get(case, ())]
        items.sort(key=session.items.index)
        for at, it in enumerate(items):
            after = items[at + 1] if at + 1 < len(items) else None
            it.config.hook.pytest_runtest_protocol(item=it, nextitem=after)
            if len(self._failed) >= _ENOUGH:
                break
        os.write(pipe, json.dumps(list(self._failed)).encode() + b"\n")


def _ended(children: dict[int, _Child]) -> Iterator[tuple[int, _Child]]:
    ready = set(select.select(list(children), [], [], 0.5)[0]) if children else set()
    for pipe, child in list(children.items()):
        if pipe in ready:
            chunk = os.read(pipe, 1 << 16)
            child.said += chunk
            if not chunk or child.said.endswith(b"\n"):
                yield pipe, child
        elif time.monotonic() > child.ends:
            yield pipe, child


def _noticed(said: bytes) -> frozenset[str] | None:
    return frozenset(json.loads(said)) if said.endswith(b"\n") else None


def run(asks: Asks, jobs: int, chosen: Sequence[str]) -> None:
    """Ask about every change there is; the suite is collected on the embedded world alone."""
    for name in [it for it in os.environ if it.startswith("PAASCTL_")]:
        del os.environ[name]
    fixed = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        pytest.main([*fixed, f"--basetemp={folder}/base", *chosen], plugins=[Forking(asks, jobs)])
