"""What goes on while a command runs: is every request answered, when did a pod first break, what wrk counted."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from e2e.parts import Answer, Testbed

_PAUSE = 0.05
_LONGEST = 90
"""Seconds that a load lasts where nobody ends it."""


@dataclass
class Asking:
    """A context in which the router is asked again and again; `answers` are what it said."""

    testbed: Testbed
    host: str
    answers: list[Answer] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._stop.set()
        assert self._thread
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(_PAUSE):
            try:
                self.answers.append(self.testbed.get("/", self.host))
            except OSError as error:
                self.broken.append(repr(error))

    @property
    def lost(self) -> list[str]:
        """Requests that were not answered with 200."""
        return self.broken + [f"{it.status} {it.body}" for it in self.answers if it.status != 200]

    @property
    def versions(self) -> list[str]:
        """Versions served, each once, in the order they came first."""
        return list(dict.fromkeys(it.headers["X-Version"] for it in self.answers if it.status == 200))


@dataclass
class FirstEnd:
    """A context in which pods are looked at; `at` is when (monotonic) a container was first seen to have ended so."""

    testbed: Testbed
    namespace: str
    exit_code: int
    at: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._stop.set()
        assert self._thread
        self._thread.join()

    def _look(self) -> None:
        while self.at is None and not self._stop.wait(_PAUSE):
            pods = self.testbed.objects("pods", self.namespace)
            if self.exit_code in [code for it in pods for code in _ends(it)]:
                self.at = time.monotonic()


def _ends(pod: dict[str, Any]) -> Iterator[int]:
    """Exit codes of the containers that have ended, now or before."""
    for it in (pod.get("status") or {}).get("containerStatuses") or ():
        for state in (it.get("state") or {}, it.get("lastState") or {}):
            if "terminated" in state:
                yield state["terminated"]["exitCode"]


@dataclass(frozen=True)
class Load:
    """What wrk counted."""

    requests: int
    failed: int
    text: str


class Wrk:
    """Sixteen connections that ask the router, about 1,000 times a second, until they are counted."""

    def __init__(self, testbed: Testbed, host: str, folder: Path) -> None:
        script = folder / "load.lua"
        script.write_text("function delay() return 12 end\n")
        self._running = subprocess.Popen(
            ["wrk", "-t2", "-c16", f"-d{_LONGEST}s", "--timeout", "5s", "-s", str(script),
             "-H", f"Host: {host}", f"http://{testbed.traefik}/"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def count(self) -> Load:
        """End it."""
        assert self._running.poll() is None, "the load ended by itself: nothing was proved"
        self._running.send_signal(signal.SIGINT)
        text, _ = self._running.communicate(timeout=30)
        requests = re.search(r"(\d+) requests in", text)
        assert requests, text
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        failed = sum(map(int, errors.groups())) if errors else 0
        return Load(int(requests[1]), failed + (int(bad[1]) if bad else 0), text)
