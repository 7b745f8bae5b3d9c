"""Several jobs at once in a bounded pool; the first failure stops the others, and so does a request to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from paasctl.errors import Cancelled
from paasctl.ports.cancel import Cancel

K = TypeVar("K")
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
def begun(jobs: Mapping[K, Callable[[], T]], workers: int, meter: Meter) -> Iterator[Callable[[K], T]]:
    """Every job begun, in the order of `jobs`; what is yielded waits for one of them and gives its result.

    It raises the first failure of any of them. Whoever leaves the context by an error makes the others stop.
    """
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="blob") as pool:
        futures = {key: pool.submit(job) for key, job in jobs.items()}
        try:
            yield lambda key: _result(futures, key)
        except BaseException:
            meter.halt()
            for it in futures.values():
                it.cancel()
            raise


def _result(futures: Mapping[K, Future[T]], key: K) -> T:
    wanted = futures[key]
    while not wanted.done():
        wait([it for it in futures.values() if not it.done()], return_when=FIRST_COMPLETED)
        if broken := [error for it in futures.values() if it.done() and (error := it.exception())]:
            raise broken[0]
    return wanted.result()
