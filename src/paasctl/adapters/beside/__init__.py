"""Layers read in processes of their own.

The interpreter runs one thread at a time, and half the time of reading a layer is spent on its headers: two processes
read two layers at once, two threads hardly one and a half.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Self

from paasctl import errors
from paasctl.adapters.beside.frames import Frames
from paasctl.adapters.beside.slots import Slots, shared
from paasctl.errors import BuildFailed, PaasError
from paasctl.ports.codecs import LayerReader

_LEAST = 48 << 20
"""Packed bytes from which on it pays to start processes: each takes a tenth of a second to come up."""
_MOST = 8
_PIPE = 1 << 20
_GRACE = 5.0
_CHILD = "paasctl.adapters.beside.child"
_ARGV = ("-P", "-m", _CHILD)
"""`-P`: what lies in the folder one stands in is not ours to import."""


@contextmanager
def beside(layers: int, packed: int) -> Iterator[LayerReader | None]:
    """One process for each processor, while in the context; see `ports.Codecs`."""
    width = min(_MOST, os.cpu_count() or 1, layers)
    if packed < _LEAST or width == 1 or not sys.executable:
        yield None
        return
    first = _started()
    if first is None:
        yield None
        return
    with _Pool(first) as pool:
        for _ in range(width - 1):
            pool.more()
        yield pool


class _Pool:
    """The processes that are idle; one more is started where none is."""

    def __init__(self, first: _Reader) -> None:
        self._idle = [first]
        self._lock = threading.Lock()

    def more(self) -> None:
        """One more, where that can be had."""
        if made := _started():
            self._idle.append(made)

    def read(self, packed: Iterable[bytes], layer: str, *, quick: bool) -> tuple[str, bytes]:
        """See the port."""
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        reader = reader or _started()
        if reader is None:
            raise _died(layer, "could not be started")
        try:
            found = reader.read(packed, layer, quick=quick)
        except BaseException:
            reader.end(at_once=True)  # half a layer is in it
            raise
        with self._lock:
            self._idle.append(reader)
        if isinstance(found, PaasError):
            raise found
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for it in self._idle:
            it.end(at_once=False)


class _Reader:
    """One process: a layer goes in, its index comes out, then the next."""

    def __init__(self, process: subprocess.Popen[bytes], into: IO[bytes], out: IO[bytes], slots: Slots | None) -> None:
        self._process = process
        self._frames = Frames(out, into, fills=slots)

    def read(self, packed: Iterable[bytes], layer: str, *, quick: bool) -> tuple[str, bytes] | PaasError:
        try:
            self._frames.put(json.dumps({"layer": layer, "quick": quick}).encode())
            for chunk in packed:
                if chunk:
                    self._frames.put(chunk)
            self._frames.put(b"")
        except BrokenPipeError:
            pass  # the answer is none, either
        head, index, end = self._frames.take(), self._frames.take(), self._frames.take()
        if head is None or index is None or end is None:
            raise _died(layer, _how(self._process.wait()))
        return _heard(json.loads(head), index)

    def end(self, *, at_once: bool) -> None:
        """It ends by itself where nothing more comes in."""
        if at_once:
            self._process.kill()
        with suppress(BrokenPipeError):
            self._frames.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _started() -> _Reader | None:
    try:
        with shared() as (slots, inherited):
            process = subprocess.Popen(
                (sys.executable, *_ARGV, *map(str, inherited)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=_PIPE,
                pass_fds=inherited,
            )
    except OSError:  # no room for a process: it goes without
        return None
    if process.stdin is None or process.stdout is None:
        raise AssertionError("a child without pipes")
    return _Reader(process, process.stdin, process.stdout, slots)


def _how(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def _died(layer: str, how: str) -> BuildFailed:
    return BuildFailed(
        f"reading layer {layer}: the process that read it {how}",
        hint="it may have run out of memory: look into the kernel's log, then try again",
        code="reader-died",
    )


def _heard(said: dict[str, str], index: bytes) -> tuple[str, bytes] | PaasError:
    """What was read, or what was wrong with the layer, as it would have been raised here."""
    if bug := said.get("bug"):
        raise AssertionError(bug)
    if name := said.get("error"):
        kind: type[PaasError] = getattr(errors, name)
        return kind(said["message"], hint=said["hint"], code=said["code"])
    return said["diff_id"], index
