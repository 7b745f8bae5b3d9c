"""A stream of chunks, read forward only: what is in the present chunk can be looked at without copying it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from paasctl.errors import BuildFailed

Digest = Callable[[Iterable[bytes | memoryview]], bytes]
"""What tells one content from another; it reads all the pieces."""


def sha256_of(pieces: Iterable[bytes | memoryview]) -> bytes:
    """The digest that holds against malice, too."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


class Tape:
    """The stream. `held` is the present chunk, `used` how much of it was read, `at` how much of the whole."""

    __slots__ = ("_chunks", "_layer", "at", "held", "used", "view")

    def __init__(self, chunks: Iterable[bytes], layer: str) -> None:
        """Nothing is read yet. `layer` names it in messages."""
        self._chunks = iter(chunks)
        self._layer = layer
        self.held = b""
        self.view = memoryview(b"")
        self.used = 0
        self.at = 0

    def at_end(self) -> bool:
        """Whether nothing is left."""
        while self.used == len(self.held):
            held = next(self._chunks, None)
            if held is None:
                return True
            self.held, self.view, self.used = held, memoryview(held), 0
        return False

    def run(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, in pieces."""
        while size:
            if self.at_end():
                raise BuildFailed(
                    f"reading layer {self._layer}: it ends in the middle of a member", code="layer-damaged"
                )
            piece = self.view[self.used : self.used + size]
            self.used += len(piece)
            self.at += len(piece)
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        """The next `size` bytes at once."""
        end = self.used + size
        if end <= len(self.held):
            taken = bytes(self.view[self.used : end])
            self.used, self.at = end, self.at + size
            return taken
        return b"".join(self.run(size))

    def skip(self, size: int) -> None:
        """Go on by `size` bytes."""
        for _ in self.run(size):
            pass

    def drain(self) -> None:
        """Read what follows the archive: the blob's digest covers it."""
        for _ in self._chunks:
            pass
