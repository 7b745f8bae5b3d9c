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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
        parts: list[bytes] = []
        with self._reader(layer) as reader:
            found = reader.read(packed, layer, quick=quick, parts=parts)
        (index,) = parts if not isinstance(found, PaasError) else (b"",)
        return _good(found), index

    def watch(self, packed: Iterable[bytes], layer: str, *, quick: bool, saw: Callable[[bytes], None]) -> str:
        """See the port."""
        with self._reader(layer) as reader:
            found = reader.watch(packed, layer, quick=quick, saw=saw)
        return _good(found)

    @contextmanager
    def _reader(self, layer: str) -> Iterator[_Reader]:
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        reader = reader or _started()
        if reader is None:
            raise _died(layer, "could not be started")
        try:
            yield reader
        except BaseException:
            reader.end(at_once=True)  # half a layer is in it
            raise
        with self._lock:
            self._idle.append(reader)

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

    def read(self, packed: Iterable[bytes], layer: str, *, quick: bool, parts: list[bytes]) -> str | PaasError:
        """The diff_id, or what is wrong with the layer; `parts` gets the index, which is one."""
        self._send(packed, layer, quick=quick, parts=False)
        return self._heard(layer, parts.append)

    def watch(
        self, packed: Iterable[bytes], layer: str, *, quick: bool, saw: Callable[[bytes], None]
    ) -> str | PaasError:
        """The same; `saw` gets part after part while we send."""
        with ThreadPoolExecutor(1, thread_name_prefix="hear") as hearing:
            heard = hearing.submit(self._heard, layer, saw)
            try:
                self._send(packed, layer, quick=quick, parts=True)
            except BaseException:
                self._process.kill()  # who hears it would wait for the rest
                raise
            return heard.result()

    def _send(self, packed: Iterable[bytes], layer: str, *, quick: bool, parts: bool) -> None:
        try:
            self._frames.put(json.dumps({"layer": layer, "quick": quick, "parts": parts}).encode())
            for chunk in packed:
                if chunk:
                    self._frames.put(chunk)
            self._frames.put(b"")
        except BrokenPipeError:
            pass  # the answer is none, either

    def _heard(self, layer: str, saw: Callable[[bytes], None]) -> str | PaasError:
        """What it answers. All of it is heard, even where `saw` fails: the process would wait for ever."""
        failed: list[BaseException] = []
        while part := self._frames.take():
            try:
                if not failed:
                    saw(part)
            except BaseException as error:  # noqa: BLE001 - it is raised again below
                failed.append(error)
        head, end = self._frames.take(), self._frames.take()
        if part is None or head is None or end is None:
            raise _died(layer, _how(self._process.wait()))
        if failed:
            raise failed[0]
        return _said(json.loads(head))

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


def _said(answer: dict[str, str]) -> str | PaasError:
    """What was read, or what was wrong with the layer, as it would have been raised here."""
    if bug := answer.get("bug"):
        raise AssertionError(bug)
    if name := answer.get("error"):
        kind: type[PaasError] = getattr(errors, name)
        return kind(answer["message"], hint=answer["hint"], code=answer["code"])
    return answer["diff_id"]


def _good(found: str | PaasError) -> str:
    if isinstance(found, PaasError):
        raise found
    return found
