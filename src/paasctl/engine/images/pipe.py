"""Stages of a pipeline, each in a thread of its own, with bounded queues of chunks between them.

A stage that fails goes on taking chunks, so that nobody waits for it for ever, and gives its error to whoever feeds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Queue
from types import TracebackType
from typing import Self

_DEPTH = 4
"""Chunks that may wait between two stages."""


class Stage:
    """Does something with each chunk, in order. Used with `with`: its end is the end of the stream."""

    def __init__(self, work: Callable[[Iterator[bytes]], None]) -> None:
        """`work` is given the chunks, and must read them to their end."""
        self._queue: Queue[bytes | None] = Queue(_DEPTH)
        self._error: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, args=(work,), name="stage", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        """Hand over a chunk; waits while the stage is behind. Raises what the stage failed of."""
        self._check()
        self._queue.put(chunk)

    def end(self) -> None:
        """No more chunks; waits until all are done. Raises what the stage failed of."""
        self.stop()
        self._check()

    def stop(self) -> None:
        """The same, whatever it failed of."""
        if not self._ended:
            self._ended = True
            self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _check(self) -> None:
        if self._error:
            raise self._error

    def _run(self, work: Callable[[Iterator[bytes]], None]) -> None:
        chunks = iter(self._queue.get, None)
        try:
            work(chunks)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the chunks come from
            self._error = error
        for _ in chunks:
            pass


class Ahead:
    """An iterable of chunks that is read ahead in a thread. Used with `with`, so that its thread ends in any case."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], depth: int) -> None:
        """`chunks` is called in the thread; at most `depth` of them wait to be taken."""
        self._queue: Queue[bytes | BaseException | None] = Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(chunks,), name="ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self._queue.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        while self._thread.is_alive():  # it may be waiting for room
            while not self._queue.empty():
                self._queue.get_nowait()
            self._thread.join(0.01)

    def _run(self, chunks: Callable[[], Iterable[bytes]]) -> None:
        try:
            for chunk in chunks():
                if self._stopped.is_set():
                    return
                self._queue.put(chunk)
            self._queue.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the chunks are read
            self._queue.put(error)
