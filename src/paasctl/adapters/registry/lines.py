"""Open connections, so that a registry which has fallen silent does not keep a run that was asked to stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_LOOK, _GRACE = 0.2, 2.0
"""Seconds between two looks; and for an answer on its way: cutting it off would leave unsaid what it did."""


class Lines:
    """The connections of one wire. `asked` says whether the run was asked to stop."""

    def __init__(self, asked: Callable[[], bool] | None) -> None:
        """Nothing is watched before `watch`; without `asked`, nothing ever is."""
        self._asked = asked
        self._open: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._watcher: threading.Thread | None = None

    def watch(self, pools: PoolManager) -> None:
        """Note every connection that these pools make, and begin to look."""
        if self._asked is None:
            return
        lines = self

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                lines.note(self)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                lines.note(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls: Any = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls: Any = Secure

        pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._look, args=(self._asked,), name="lines", daemon=True)
            self._watcher.start()

    def note(self, connection: HTTPConnection) -> None:
        """One that has just been made."""
        with self._lock:
            self._open.add(connection)

    def close(self) -> None:
        """No more looks."""
        self._over.set()

    def _look(self, asked: Callable[[], bool]) -> None:
        while not asked():
            if self._over.wait(_LOOK):
                return
        with self._lock:
            before = list(self._open)
        if not self._over.wait(_GRACE):  # what is made from here on ends what was begun: it has its own short time
            for it in before:
                _cut(it.sock)


def _cut(line: socket.socket | None) -> None:
    """Wake whoever reads or writes there."""
    with suppress(OSError):
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)
