"""What tests of registry traffic share: a clock that only counts, content in memory, and a client that is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import Cancelled, Unavailable
from paasctl.model.image import Descriptor
from support.registry import Registry, describe


@dataclass
class CountingClock:
    """Time passes only in pauses, and no pause takes any. After so many calls of `pause` somebody asks to stop."""

    time: float = 1000.0
    pauses: list[float] = field(default_factory=list)
    calls: int = 0
    stops_after: int | None = None

    def now(self) -> float:
        return self.time

    def utc(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.calls += 1
        if self.stops_after is not None and self.calls > self.stops_after:
            raise Cancelled("stopped at your request")
        if seconds:
            self.pauses.append(seconds)
            self.time += seconds


class ThreadsClock:
    """The same with a time for each thread, as threads really wait: beside one another.

    A thread begins when the last of those that have ended did: it may have been waiting for them.
    """

    def __init__(self) -> None:
        self._times: dict[threading.Thread, float] = {}
        self._ended = 1000.0
        self._lock = threading.Lock()

    @property
    def time(self) -> float:
        """Of whoever has come furthest."""
        return max(self._ended, *self._times.values()) if self._times else self._ended

    def now(self) -> float:
        me = threading.current_thread()
        with self._lock:
            for it in [it for it in self._times if not it.is_alive()]:
                self._ended = max(self._ended, self._times.pop(it))
            return self._times.setdefault(me, self._ended)

    def utc(self) -> float:
        return self.now()

    def pause(self, seconds: float) -> None:
        now = self.now()
        with self._lock:
            self._times[threading.current_thread()] = now + seconds


@dataclass
class Content:
    """Blobs in memory, in chunks of `step` bytes. Counts how often each was opened."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    step: int = 1 << 20
    opened: int = 0

    @classmethod
    def of(cls, *contents: bytes, step: int = 1 << 20) -> Content:
        return cls({describe(it).digest: it for it in contents}, step)

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        self.opened += 1
        content = self.blobs[descriptor.digest]
        yield self._chunks(content, describe(content).digest == descriptor.digest)

    def _chunks(self, content: bytes, good: bool) -> Iterator[bytes]:
        for start in range(0, len(content), self.step):
            yield content[start : start + self.step]
        if not good:
            raise Unavailable("reading the layout: other bytes than their name says", code="digest-mismatch")


@contextmanager
def talking(
    registry: Registry, clock: CountingClock | None = None, environ: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[RegistryClient]:
    """A client of this registry, without any credentials of whoever runs the tests."""
    home = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}
    client = RegistryClient(
        registry.host, clock=clock or CountingClock(), environ={**home, **(environ or {})}, **settings
    )
    try:
        yield client
    finally:
        client.close()
