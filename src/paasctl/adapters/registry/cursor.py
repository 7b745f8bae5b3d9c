"""Content that can be sent from any byte on, and again: what a resumed upload reads from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor
from paasctl.ports.images import Blobs, Moved

_PIECE = 256 << 10  # a send has the connect timeout to finish: pieces that are not too big keep slow lines alive


@dataclass
class Cursor:
    """A blob's bytes from any place: going on costs nothing, going back opens it anew."""

    content: Blobs
    descriptor: Descriptor
    doing: str
    told: Moved
    """Hears of bytes that are under way for the first time."""
    _open: ExitStack = field(default_factory=ExitStack)
    _chunks: Iterator[bytes] | None = None
    _left: memoryview = field(default_factory=lambda: memoryview(b""))
    _at: int = 0
    _furthest: int = 0

    def span(self, start: int, stop: int) -> Iterator[memoryview]:
        """The bytes from `start` to before `stop`, in small pieces. The last one comes only when the end is right."""
        chunks = self._placed(start)
        while self._at < stop:
            self._fill(chunks)
            piece = self._left[: min(_PIECE, stop - self._at)]
            self._left = self._left[len(piece) :]
            self._at += len(piece)
            if self._at == self.descriptor.size and (self._left or any(chunks)):
                raise Unavailable(f"{self.doing}: its content is longer than its descriptor says")
            yield piece
            self._tell()

    def close(self) -> None:
        """Let go of the content."""
        self._open.close()
        self._chunks, self._left, self._at = None, memoryview(b""), 0

    def _placed(self, start: int) -> Iterator[bytes]:
        if self._chunks is not None and self._at == start:
            return self._chunks
        self.close()
        self._chunks = chunks = self._open.enter_context(self.content.open(self.descriptor))
        while self._at < start:
            self._fill(chunks)
            skipped = min(len(self._left), start - self._at)
            self._left = self._left[skipped:]
            self._at += skipped
        return chunks

    def _fill(self, chunks: Iterator[bytes]) -> None:
        while not self._left:
            chunk = next(chunks, None)
            if chunk is None:
                raise Unavailable(f"{self.doing}: its content is shorter than its descriptor says")
            self._left = memoryview(chunk)

    def _tell(self) -> None:
        if self._at > self._furthest:
            self.told(self._at - self._furthest)
            self._furthest = self._at
