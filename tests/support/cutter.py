"""A wire that can be cut: it passes bytes on to another address, and breaks a connection when told to.

Whoever still sends into a cut one is reset, and does not wait until a send times out.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Cutter:
    """`with Cutter("127.0.0.1:5000") as wire:` listens at `wire.host`. A cut happens once and is then forgotten."""

    def __init__(self, host: str) -> None:
        name, _, port = host.rpartition(":")
        self._target = (name, int(port))
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.up: int | None = None
        """Cut the next connection that sends more than so many bytes, after those."""
        self.down: int | None = None
        """The same for what comes back."""
        self.cuts = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for each in self._sockets:
            _end(each)
            each.close()

    @property
    def host(self) -> str:
        """Where it listens: `127.0.0.1:port`."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                ways = [
                    threading.Thread(target=self._pass, args=it, daemon=True)
                    for it in ((near, far, "up"), (far, near, "down"))
                ]
                for way in ways:
                    way.start()
                threading.Thread(target=_closed, args=(ways, near, far), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, way: str) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                limit = self._limit(way, passed + len(chunk))
                if limit is not None:
                    target.sendall(chunk[: max(0, limit - passed)])
                    break
                target.sendall(chunk)
                passed += len(chunk)
        _end(source)
        _end(target)

    def _limit(self, way: str, passed: int) -> int | None:
        with self._lock:
            limit: int | None = getattr(self, way)
            if limit is None or passed <= limit:
                return None
            setattr(self, way, None)
            self.cuts += 1
            return limit


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _closed(ways: list[threading.Thread], *both: socket.socket) -> None:
    """Closed as soon as nothing passes any more: a socket that is only shut down takes bytes until it is full."""
    for way in ways:
        way.join()
    for each in both:
        each.close()
