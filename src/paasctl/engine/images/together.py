"""Several jobs at once in a bounded pool; the first failure stops the others, and so does a request to stop."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from paasctl.errors import Cancelled
from paasctl.ports.cancel import Cancel

T = TypeVar("T")
Told = Callable[[int, int | None], None]
"""How far: bytes done, and bytes in all."""


class Meter:
    """Counts bytes from several threads; every count is also a place to stop."""

    def __init__(self, progress: Told, cancel: Cancel, total: int) -> None:
        """`total` is what will be counted in all."""
        self._progress = progress
        self._cancel = cancel
        self._lock = threading.Lock()
        self._halted = threading.Event()
        self._done = 0
        self.total = total

    def moved(self, count: int) -> None:
        """Add bytes. Raises `Cancelled` when it is time to stop."""
        self.check()
        with self._lock:
            self._done += count
            self._progress(min(self._done, self.total), self.total)

    def finish(self) -> None:
        """All is done, whatever was estimated."""
        self._progress(self.total, self.total)

    def check(self) -> None:
        """Raise `Cancelled` when it is time to stop."""
        self._cancel.check()
        if self._halted.is_set():
            raise Cancelled("stopped, because something else failed")

    def halt(self) -> None:
        """Make every other job stop at its next count."""
        self._halted.set()


def together(jobs: Sequence[Callable[[], T]], workers: int, meter: Meter) -> list[T]:
    """The results in the order of `jobs`. Raises the first failure, when all that ran has stopped."""
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="blob") as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            meter.halt()
            raise
        broken = [error for it in futures if it.done() and (error := it.exception())]
        if broken:
            meter.halt()
            for it in futures:
                it.cancel()
    if broken:
        raise broken[0]
    return [it.result() for it in futures]


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cyclic garbage meanwhile.

    Among hundreds of thousands of new objects without a cycle it is a third of the time, and finds nothing.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
