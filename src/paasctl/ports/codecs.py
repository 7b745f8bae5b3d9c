"""Compression of layers: whichever library is there, behind two words. Streams in chunks of at most 1 MiB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

Packing = Literal["gzip", "zstd", "none"]


class Compressor(Protocol):
    """Compresses one stream. The same input gives the same bytes, whatever the chunks, threads and time."""

    def compress(self, chunk: bytes) -> bytes:
        """What can be written after this chunk, perhaps nothing."""
        ...

    def flush(self) -> bytes:
        """The end of the stream."""
        ...


class Codecs(Protocol):
    """What this machine can pack and unpack."""

    def inflate(self, chunks: Iterable[bytes], layer: str) -> Iterator[bytes]:
        """The uncompressed bytes of gzip, zstd or plain content, told by its first bytes; read to the end.

        `BuildFailed` (`layer-damaged`) where it is damaged, `Refused` (`layer-unsupported`) where nothing here can.
        """
        ...

    def compressor(self, packing: Packing) -> Compressor:
        """A fresh one. `Refused` (`layer-unsupported`) where nothing here writes it."""
        ...

    def checksum(self, pieces: Iterable[bytes | memoryview]) -> bytes:
        """Of content and its size, in no time: for accidents, where nobody outside chooses what is compared."""
        ...

    def identity(self, packing: Packing) -> str:
        """Library, version and level, as cache keys need them: two machines with one identity write the same bytes."""
        ...
