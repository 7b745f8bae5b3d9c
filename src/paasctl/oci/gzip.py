"""gzip as layers need it: the same bytes for the same input, and every member of a multi-member file read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from paasctl.errors import BuildFailed

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952: deflate, no flags, no time, no extra flags, operating system unknown (255)."""
_LEVEL = 6
_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 20


class Compressor:
    """Compresses one stream. No time, no name, no system in it: only the content and zlib decide the bytes."""

    def __init__(self) -> None:
        """Nothing is written before the first `compress`."""
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._head = _HEAD
        self._crc = 0
        self._size = 0

    def compress(self, chunk: bytes) -> bytes:
        """What can be written after this chunk, perhaps nothing."""
        self._crc = zlib.crc32(chunk, self._crc)
        self._size += len(chunk)
        head, self._head = self._head, b""
        return head + self._deflate.compress(chunk)

    def flush(self) -> bytes:
        """The end of the stream."""
        tail = self._crc.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        return self._head + self._deflate.flush() + tail


def inflate(chunks: Iterable[bytes], layer: str) -> Iterator[bytes]:
    """The uncompressed bytes, in pieces of at most 1 MiB; what is not gzip passes as it is.

    Reads to the end, so that the blob's own digest is checked by whoever reads it. `BuildFailed` where it is damaged.
    """
    stream = iter(chunks)
    first = b""
    while len(first) < len(_MAGIC) and (chunk := next(stream, b"")):
        first += chunk
    if not first.startswith(_MAGIC):
        yield from (it for it in (first,) if it)
        yield from stream
        return
    yield from _members(first, stream, layer)


def _members(first: bytes, stream: Iterator[bytes], layer: str) -> Iterator[bytes]:
    left, member = first, zlib.decompressobj(16 + zlib.MAX_WBITS)
    while True:
        try:
            piece = member.decompress(left, _PIECE)
        except zlib.error as error:
            raise BuildFailed(f"unpacking layer {layer}: {error}", code="layer-damaged") from error
        if piece:
            yield piece
        if member.eof:
            left = member.unused_data or next(stream, b"")
            if not left:
                return
            member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            continue
        left = member.unconsumed_tail
        if not left and len(piece) < _PIECE:
            left = next(stream, b"")
            if not left:
                raise BuildFailed(f"unpacking layer {layer}: it ends too early", code="layer-damaged")
