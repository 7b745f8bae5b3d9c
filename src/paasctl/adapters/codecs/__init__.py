"""`ports.Codecs`: gzip by isal, zstd by zstandard, and the standard library where there is no isal.

A stream says by its first bytes what it is; a media type may lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain

from paasctl.adapters.codecs import gzip, zstd
from paasctl.ports.codecs import Compressor, LayerReader, Packing

_LONGEST = 4
"""Bytes of the longest magic number."""


class Plain:
    """A compressor that packs nothing."""

    def compress(self, chunk: bytes) -> bytes:
        """The same."""
        return chunk

    def flush(self) -> bytes:
        """Nothing."""
        return b""


class MachineCodecs:
    """What the libraries of this machine can pack and unpack."""

    def beside(self, layers: int, packed: int) -> AbstractContextManager[LayerReader | None]:
        """Processes, where it is enough to read."""
        from paasctl.adapters.beside import beside  # noqa: PLC0415 - nor is it imported where it is not

        return beside(layers, packed)

    def inflate(self, chunks: Iterable[bytes], layer: str, *, again: bool = False) -> Iterator[bytes]:
        """The uncompressed bytes, in pieces of at most 1 MiB, read to the end."""
        stream = iter(chunks)
        first = b""
        while len(first) < _LONGEST and (chunk := next(stream, b"")):
            first += chunk
        whole = chain((first,) if first else (), stream)
        if first.startswith(gzip.MAGIC):
            return gzip.inflate(whole, layer, summed=not again)
        return zstd.inflate(whole, layer) if zstd.is_zstd(first) else whole

    def compressor(self, packing: Packing) -> Compressor:
        """A fresh one."""
        if packing == "none":
            return Plain()
        return gzip.Compressor() if packing == "gzip" else zstd.compressor()

    def checksum(self, pieces: Iterable[bytes | memoryview]) -> bytes:
        """Its CRC-32 and its size."""
        return gzip.checksum(pieces)

    def identity(self, packing: Packing) -> str:
        """Library, version and level."""
        if packing == "none":
            return "plain"
        return gzip.IDENTITY if packing == "gzip" else zstd.identity()
