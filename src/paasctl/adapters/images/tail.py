"""The end of a tar in the making: in a file, or on its way to somebody who reads it as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from paasctl.adapters.disk import PlacedFile
from paasctl.errors import PaasError, Unavailable
from paasctl.oci.tar.laid import BLOCK, END, file_header

_CHUNK = 1 << 20


class FileTail:
    """`packing.Tail` in a file: a blob gets its header when it has ended, so its size need not be known."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        """`file` is empty and may be written anywhere; messages call it `path`."""
        self._file = PlacedFile(file, path)
        self._end = 0
        self._size = -1
        """Bytes of the blob that grows; below 0: none does."""

    def takes(self, size: int) -> bool:
        """Any."""
        del size
        return True

    def begin(self, size: int) -> None:
        """Room is left for its header."""
        del size
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Behind what is there of it."""
        self._file.write(chunk, self._end + BLOCK + self._size)
        self._size += len(chunk)

    def keep(self, name: str) -> str:
        """With its header a blob is part of the tar."""
        self._file.write(file_header(name, self._size), self._end)
        self._end += BLOCK + self._size + _padding(self._size)
        self.drop()
        return name

    def drop(self) -> None:
        """What has no header gets overwritten."""
        if self._size >= 0:
            self._size = -1
            self._file.cut(self._end)

    def append(self, name: str, size: int, content: Iterable[bytes]) -> None:
        """A whole file."""
        self.begin(size)
        for chunk in content:
            self.write(chunk)
        self.keep(name)

    def end(self) -> None:
        """Two empty blocks."""
        self._file.write(END, self._end)

    def close(self) -> None:
        """The file is its owner's to close."""


class SentTail:
    """`packing.Tail` on its way: what was sent cannot be mended, so a blob's size has to be known when it begins.

    Its digest is not, so it goes under another name. What nobody wants is filled up with zeros: readers look for
    nothing under its name.
    """

    def __init__(self, send: Callable[[bytes], None], end: Callable[[], None], close: Callable[[], None]) -> None:
        """`send` takes the next bytes, `end` says that there are no more, `close` lets go of it, ended or not."""
        self._send = send
        self._ended = end
        self._closed = close
        self._count = 0
        self._size = 0
        self._left = -1
        """Bytes that the blob which grows must still get; below 0: none does."""
        self._owed = 0
        """Zeros that must come before the next header."""

    def takes(self, size: int) -> bool:
        """Those of known size."""
        return size >= 0

    def begin(self, size: int) -> None:
        """Its header goes first."""
        self._count += 1
        self._head(self._name, size)
        self._left = self._size = size

    def write(self, chunk: bytes) -> None:
        """At once."""
        self._left -= len(chunk)
        if self._left < 0:
            raise _unlike(self._size, "more")
        self._send(chunk)

    def keep(self, name: str) -> str:
        """Under the name it began with."""
        del name
        if self._left:
            raise _unlike(self._size, f"{self._left:,} fewer")
        self.drop()
        return self._name

    def drop(self) -> None:
        """As many bytes as were announced have to come, should anything come after it."""
        if self._left >= 0:
            self._owed += self._left + _padding(self._size)
            self._left = -1

    def append(self, name: str, size: int, content: Iterable[bytes]) -> None:
        """A whole file."""
        self._head(name, size)
        for chunk in content:
            self._send(chunk)
        self._owed = _padding(size)

    def end(self) -> None:
        """Two empty blocks."""
        self._settle()
        self._send(END)
        self._ended()

    def close(self) -> None:
        """Where it has not ended, whoever reads it must see that."""
        self._closed()

    def _head(self, name: str, size: int) -> None:
        self._settle()
        self._send(file_header(name, size))

    def _settle(self) -> None:
        owed, self._owed = self._owed, 0
        for at in range(0, owed, _CHUNK):
            self._send(bytes(min(_CHUNK, owed - at)))

    @property
    def _name(self) -> str:
        return f"layer-{self._count}.tar"


def _unlike(size: int, came: str) -> PaasError:
    return Unavailable(f"copying a blob of {size:,} bytes: {came} came", code="blob-damaged")


def _padding(size: int) -> int:
    return -size % BLOCK
