"""Memory that two processes share, in slots: a pipe would copy what goes through it twice, page by page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import mmap

SIZE = 1 << 20
"""Bytes of a slot: as many as a chunk of a layer has at most."""
_COUNT = 4
_PIECE = 256 << 10
"""Bytes copied out of a slot at once: as many as are unpacked at once, so that they are copied no second time."""


class Slots:
    """Filled in turn by one process, emptied in the same turn by the other."""

    def __init__(self, memory: int, emptied: int) -> None:
        """File descriptors: of the memory, which need not stay open, and of this side's end of a pipe, which must."""
        self._memory = mmap(memory, SIZE * _COUNT)
        self._emptied = emptied
        self._next = 0
        self._free = _COUNT

    def fill(self, content: bytes) -> None:
        """Put `content`, of at most `SIZE` bytes, into the next slot. `BrokenPipeError`: nobody empties it any more."""
        if not self._free:
            self._free = len(os.read(self._emptied, _COUNT))
        if not self._free:
            raise BrokenPipeError
        self._free -= 1
        at = self._turn()
        self._memory[at : at + len(content)] = content

    def empty(self, size: int) -> Iterator[bytes]:
        """What was put into the next slot, in pieces; at their end it is empty. Raises where nobody fills it again."""
        at = self._turn()
        for start in range(at, at + size, _PIECE):
            yield self._memory[start : min(start + _PIECE, at + size)]
        os.write(self._emptied, b"\0")

    def close(self) -> None:
        """Give back what this side holds of it."""
        self._memory.close()
        os.close(self._emptied)

    def _turn(self) -> int:
        at, self._next = self._next * SIZE, (self._next + 1) % _COUNT
        return at


@contextmanager
def shared() -> Iterator[tuple[Slots | None, tuple[int, ...]]]:
    """Slots to fill, and what a child must inherit, while in the context, to empty them.

    None, and nothing: this system has no memory without a name, or a sandbox forbids it.
    """
    memory = _nameless()
    if memory is None:
        yield None, ()
        return
    try:
        os.ftruncate(memory, SIZE * _COUNT)
        read, write = os.pipe()
        try:
            try:
                slots = Slots(memory, read)
            except BaseException:
                os.close(read)
                raise
            try:
                yield slots, (memory, write)
            except BaseException:
                slots.close()
                raise
        finally:
            os.close(write)
    finally:
        os.close(memory)


def _nameless() -> int | None:
    try:
        return os.memfd_create("paasctl")
    except (AttributeError, OSError):
        return None
