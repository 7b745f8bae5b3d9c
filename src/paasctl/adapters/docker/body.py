"""A request's body in the making: a thread posts it while it grows. The engine sees its end only if there was one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Full, Queue

from paasctl.errors import Unavailable
from paasctl.ports.cancel import Cancel

_DEPTH = 8
"""Chunks that wait to be sent."""
_LOOK = 0.2
_GRACE = 5.0
"""Seconds: between two looks whether to stop; for a thread that shall end and may be blocked in a write."""


class _BrokenOffError(Exception):
    """Raised into the request, so that it is not ended as if it were whole."""


class Body:
    """What is posted. One thread at a time adds to it."""

    def __init__(self, post: Callable[[Iterator[bytes]], None], cancel: Cancel) -> None:
        """`post` sends the chunks it is given and hears the answer; it raises what went wrong."""
        self._post = post
        self._cancel = cancel
        self._chunks = Queue[bytes | None](_DEPTH)
        self._broken = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="body", daemon=True)
        self._thread.start()

    def send(self, chunk: bytes) -> None:
        """Add to it; waits while the engine is behind. Raises what the request failed of, or that it shall stop."""
        if chunk:
            self._put(chunk)

    def end(self) -> None:
        """That was all of it: waits for the answer, and raises what the request failed of."""
        self._put(None)
        self._thread.join()
        self._check()

    def close(self) -> None:
        """Break it off, unless it has ended."""
        self._broken.set()
        with suppress(Full):
            self._chunks.put(None, timeout=_GRACE)
        self._thread.join(_GRACE)

    def _put(self, chunk: bytes | None) -> None:
        while True:
            self._check()
            try:
                self._chunks.put(chunk, timeout=_LOOK)
            except Full:
                self._check_taken()
                self._cancel.check()
            else:
                return

    def _check(self) -> None:
        if self._error:
            raise self._error

    def _check_taken(self) -> None:
        """Raise where nobody takes chunks any more: an answer may come before the end of what it answers."""
        if not self._thread.is_alive():
            self._check()
            raise Unavailable("sending to the engine: it answered before it had all", code="engine-gone")

    def _run(self) -> None:
        try:
            self._post(self._waited())
        except _BrokenOffError:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again where the chunks come from
            self._error = error

    def _waited(self) -> Iterator[bytes]:
        while (chunk := self._chunks.get()) is not None and not self._broken.is_set():
            yield chunk
        if self._broken.is_set():
            raise _BrokenOffError
