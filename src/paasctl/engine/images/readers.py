"""Unpacked layers, read forward and ahead of whoever takes their spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Self

from paasctl.engine.images.pipe import Ahead
from paasctl.errors import BuildFailed

_DEPTH = 6
"""Pieces that wait to be taken, of at most 1 MiB each."""
Unpacked = Callable[[int, int], Iterable[bytes]]
"""The unpacked bytes of the layer with that number, at least as many as said."""


class Readers:
    """Layers in their order; the next ones are opened while one is read. Used with `with`."""

    def __init__(self, unpacked: Unpacked, ends: Mapping[int, int], width: int) -> None:
        """`ends` says how far each is read. At most `width` of them are open at once."""
        self._unpacked = unpacked
        self._ends = ends
        self._left = sorted(ends, reverse=True)
        self._width = width
        self._open: dict[int, Ahead] = {}
        self._current = -1
        self._reader = _Forward((), -1)

    def span(self, layer: int, start: int, end: int) -> Iterator[memoryview]:
        """The bytes from `start` to `end` of a layer; never before what was asked for last."""
        if layer != self._current:
            self._go_to(layer)
        return self._reader.span(start, end)

    def end(self) -> None:
        """Read what is left of the last one: only at its end is a blob's digest compared."""
        self._reader.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for layer in list(self._open):
            self._open.pop(layer).__exit__(kind, error, trace)

    def _go_to(self, layer: int) -> None:
        self.end()
        for older in [it for it in self._open if it < layer]:
            self._open.pop(older).__exit__(None, None, None)
        while self._left and self._left[-1] < layer:
            self._left.pop()
        while self._left and len(self._open) < self._width:
            number = self._left.pop()
            self._open[number] = Ahead(partial(self._unpacked, number, self._ends[number]), _DEPTH)
        self._current, self._reader = layer, _Forward(self._open[layer], layer)


class _Forward:
    """Spans of a stream, in their order."""

    def __init__(self, chunks: Iterable[bytes], layer: int) -> None:
        self._layer = layer
        self._chunks = iter(chunks)
        self._held = memoryview(b"")
        self._from = 0

    def span(self, start: int, end: int) -> Iterator[memoryview]:
        at = start
        while at < end:
            if at >= self._from + len(self._held):
                self._from += len(self._held)
                held = next(self._chunks, None)
                if held is None:
                    raise BuildFailed(f"copying layer {self._layer}: it ends too early", code="layer-damaged")
                self._held = memoryview(held)
                continue
            piece = self._held[at - self._from : end - self._from]
            at += len(piece)
            yield piece

    def drain(self) -> None:
        for _ in self._chunks:
            pass
