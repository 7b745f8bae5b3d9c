"""A program that runs beside us: its output as chunks, its words line by line. A cancel ends it, and its children."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from paasctl.errors import PaasError, Unavailable
from paasctl.ports.cancel import Cancel

_CHUNK = 1 << 20
_WATCH = 0.1
_GRACE = 5.0
"""Seconds between asking a program to end and ending it: BuildKit's tell their daemon to stop meanwhile."""
_LONGEST = 16 << 20
"""Bytes of a line of words; what is longer comes in pieces."""


class Child:
    """A running program. Make one with `running`."""

    def __init__(self, process: subprocess.Popen[bytes], hear: Callable[[bytes], None], cancel: Cancel) -> None:
        """`hear` gets each line that it writes to its standard error, from another thread."""
        self._process = process
        self._out, self._said = _pipes(process)
        self._hear = hear
        self._cancel = cancel
        self._over = threading.Event()
        self._trouble: list[Exception] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._listener.start()
        self._watcher.start()

    def chunks(self) -> Iterator[bytes]:
        """What it writes to its standard output, as it comes."""
        while chunk := os.read(self._out.fileno(), _CHUNK):
            self._cancel.check()
            yield chunk
        self._cancel.check()

    def ended(self) -> int:
        """Its status, once it has ended and all that it said was heard. Raises where a cancel ended it."""
        status = self._process.wait()
        self._listener.join()
        self._cancel.check()
        if self._trouble:
            raise self._trouble[0]
        return status

    def close(self) -> None:
        """End it if it runs, and whatever it started."""
        self._over.set()
        self._watcher.join()
        end_group(self._process)
        self._listener.join()
        self._out.close()
        self._said.close()

    def _listen(self) -> None:
        while line := self._said.readline(_LONGEST):
            try:
                self._hear(line)
            except Exception as error:  # noqa: BLE001 - told by `ended`; the pipe must be read on, or the program waits
                self._trouble.append(error)

    def _watch(self) -> None:
        while not self._over.wait(_WATCH):
            try:
                self._cancel.check()
            except PaasError:
                end_group(self._process)
                return


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdout is None or process.stderr is None:
        raise AssertionError("a child without pipes")
    return process.stdout, process.stderr


@contextmanager
def running(
    argv: Sequence[str], environ: Mapping[str, str], *, hear: Callable[[bytes], None], cancel: Cancel
) -> Iterator[Child]:
    """Run a program while in the context. `Unavailable` where there is no such program."""
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a group of its own: Ctrl-C is ours to pass on, and its children end with it
        )
    except OSError as error:
        raise Unavailable(f"running {argv[0]}: {error.strerror}", code="builder-absent") from error
    child = Child(process, hear, cancel)
    try:
        yield child
    finally:
        child.close()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the program and all of its group to end, and end them if they don't."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    _signal(process, signal.SIGKILL)  # its children, if any are left, too
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
