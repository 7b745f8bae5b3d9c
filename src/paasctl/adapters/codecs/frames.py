"""Where the blocks of zstd frames end (RFC 8878), without unpacking them. No block unpacks to more than 128 KiB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paasctl.errors import BuildFailed

_FRAME = 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_CHECKSUM = 4
_BLOCK = 128 << 10


def is_zstd(start: bytes) -> bool:
    """Whether a stream begins with a frame."""
    magic = int.from_bytes(start[:4], "little")
    return len(start) >= 4 and (magic == _FRAME or magic in _SKIPPABLE)


def blocks(chunks: Iterable[bytes], layer: str) -> Iterator[bytes]:
    """The stream, cut after each frame header, block and checksum; skippable frames are left out.

    `BuildFailed` where it ends within a frame, or something else than a frame follows.
    """
    stream = _Stream(chunks, layer)
    while start := stream.up_to(4):
        magic = int.from_bytes(start, "little")
        if magic in _SKIPPABLE:
            for _ in stream.pieces(int.from_bytes(stream.take(4), "little")):
                pass
        elif magic == _FRAME and len(start) == 4:
            yield from _frame(start, stream)
        else:
            raise stream.damaged("something that is no zstd frame follows")


def _frame(magic: bytes, stream: _Stream) -> Iterator[bytes]:
    descriptor = stream.take(1)
    bits = descriptor[0]
    single = bits >> 5 & 1
    window = 1 - single
    dictionary = (0, 1, 2, 4)[bits & 3]
    content = (single, 2, 4, 8)[bits >> 6]
    yield magic + descriptor + stream.take(window + dictionary + content)
    last = False
    while not last:
        head = stream.take(3)
        said = int.from_bytes(head, "little")
        last, kind, size = bool(said & 1), said >> 1 & 3, said >> 3
        if kind == 3 or size > _BLOCK:
            raise stream.damaged("a zstd block is malformed")
        yield head + stream.take(1 if kind == 1 else size)
    if bits >> 2 & 1:
        yield stream.take(_CHECKSUM)


class _Stream:
    """Chunks, read in the sizes one asks for."""

    def __init__(self, chunks: Iterable[bytes], layer: str) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._used = 0
        self._layer = layer

    def damaged(self, why: str) -> BuildFailed:
        return BuildFailed(f"unpacking layer {self._layer}: {why}", code="layer-damaged")

    def take(self, size: int) -> bytes:
        return b"".join(self.pieces(size))

    def up_to(self, size: int) -> bytes:
        """The next bytes; fewer only at the end."""
        return b"".join(self._run(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, held piece by piece only."""
        for piece in self._run(size):
            size -= len(piece)
            yield piece
        if size:
            raise self.damaged("it ends too early")

    def _run(self, size: int) -> Iterator[bytes]:
        while size:
            if self._used == len(self._held):
                self._held, self._used = next(self._chunks, b""), 0
                if not self._held:
                    return
            piece = self._held[self._used : self._used + size]
            self._used += len(piece)
            size -= len(piece)
            yield piece
