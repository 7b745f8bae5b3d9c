"""Compression of layers: whichever library is there, behind two words. Streams in chunks of at most 1 MiB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
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


class LayerReader(Protocol):
    """Reads whole layers beside the caller, several at once: from as many threads as one likes."""

    def read(self, packed: Iterable[bytes], layer: str, *, quick: bool) -> tuple[str, bytes]:
        """The layer's diff_id, and its index as `oci.tree.columns` has it; `packed` is read to its end.

        Contents of files are known by their SHA-256, with `quick` by `checksum`. Raises what reading the layer here
        would; `BuildFailed` (`reader-died`) where whoever reads it is no more.
        """
        ...

    def watch(self, packed: Iterable[bytes], layer: str, *, quick: bool, saw: Callable[[bytes], None]) -> str:
        """The diff_id alone; `saw` gets the index in parts, each of some members, in a thread of its own meanwhile.

        Raises what `saw` does, too.
        """
        ...


class Codecs(Protocol):
    """What this machine can pack and unpack."""

    def beside(self, layers: int, packed: int) -> AbstractContextManager[LayerReader | None]:
        """Something that reads layers beside us, where it pays for so many of so many bytes in all.

        None: it does not, or there is no such thing here; read them yourself.
        """
        ...

    def inflate(self, chunks: Iterable[bytes], layer: str, *, again: bool = False) -> Iterator[bytes]:
        """The uncompressed bytes of gzip, zstd or plain content, told by its first bytes; read to the end.

        `again`: whoever calls has unpacked bytes of this digest before, and compares their digest now: then checksums
        that are packed with the content need not be taken a second time.

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
