"""A tar of one image in the making. Blobs lie in the order they end; documents come last.

One blob at a time grows where it will lie, and gets its header at its end; those that grow meanwhile wait on files
without a name, which are gone with the process however it ends.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from paasctl.adapters.disk import disk
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import digest_of

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20


class Packing:
    """Blobs into a tar, by several threads."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        """`file` is empty and may be written anywhere; messages call it `path`, and blobs wait beside it."""
        self._file = _File(file, path)
        self._folder = path.parent
        self._end = 0
        self._tail = threading.Lock()
        self._there = set[str]()
        self._waiting = dict[str, tuple[_File, int]]()
        self._small = dict[str, bytes]()

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether it holds the blob, or will: it was whole when it came."""
        del size
        return digest in self._there or digest in self._waiting or digest in self._small

    def small(self, digest: str) -> bytes:
        """A small blob that was put here."""
        return self._small[digest]

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob: a document."""
        made = Descriptor(media_type, digest_of(content), len(content))
        self._small[made.digest] = content
        return made

    @contextmanager
    def writer(self) -> Iterator[Growing]:
        """One blob; whatever was not committed is overwritten, or gone."""
        if self._tail.acquire(blocking=False):
            try:
                yield Growing(self._file, self._end + _BLOCK, self._closed)
            finally:
                self._tail.release()
            return
        with disk("writing", self._folder):
            beside = _File(tempfile.TemporaryFile(dir=self._folder), self._folder)  # noqa: SIM115 - waits for its turn
        waits: list[bool] = []
        try:
            yield Growing(beside, 0, lambda digest, size: waits.append(self._waits(beside, digest, size)))
        finally:
            if not any(waits):
                beside.close()

    def finish(self, documents: Iterable[tuple[str, bytes]]) -> None:
        """What waits, small blobs, then files under names of their own; and the end of the tar."""
        for digest, (beside, size) in self._waiting.items():
            self._append(_place(digest), size, beside.chunks(size))
            beside.close()
        for name, content in [*((_place(digest), it) for digest, it in self._small.items()), *documents]:
            self._append(name, len(content), (content,))
        self._file.write(bytes(2 * _BLOCK), self._end)

    def close(self) -> None:
        """Let go of what waits."""
        for beside, _ in self._waiting.values():
            beside.close()

    def _closed(self, digest: str, size: int) -> None:
        """With its header a blob is part of the tar; one that is there already is not, and gets overwritten."""
        if not self.has(digest):
            self._file.write(_header(_place(digest), size), self._end)
            self._end += _BLOCK + _padded(size)
            self._there.add(digest)
        self._file.cut(self._end)

    def _waits(self, beside: _File, digest: str, size: int) -> bool:
        """Whether it is kept for the end: no other of that content is there."""
        return digest not in self._there and self._waiting.setdefault(digest, (beside, size))[0] is beside

    def _append(self, name: str, size: int, content: Iterable[bytes]) -> None:
        self._file.write(_header(name, size), self._end)
        at = self._end + _BLOCK
        for chunk in content:
            self._file.write(chunk, at)
            at += len(chunk)
        self._end += _BLOCK + _padded(size)
        self._file.cut(self._end)


class Growing:
    """`ports.images.BlobWriter` into a file, from a place on."""

    def __init__(self, file: _File, start: int, closed: Callable[[str, int], None]) -> None:
        self._file = file
        self._start = start
        self._closed = closed
        self._size = 0
        self._digest = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append."""
        self._file.write(chunk, self._start + self._size)
        self._size += len(chunk)
        self._digest.update(chunk)

    def commit(self, media_type: str) -> Descriptor:
        """Make it one of the tar's blobs."""
        made = Descriptor(media_type, f"sha256:{self._digest.hexdigest()}", self._size)
        self._closed(made.digest, made.size)
        return made


class _File:
    """A file that is written and read by place, with our words for what goes wrong."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    def write(self, content: bytes, at: int) -> None:
        rest = memoryview(content)
        with disk("writing", self._path):
            while rest:
                done = os.pwrite(self._file.fileno(), rest, at)
                rest, at = rest[done:], at + done

    def chunks(self, size: int) -> Iterator[bytes]:
        for at in range(0, size, _CHUNK):
            with disk("reading", self._path):
                yield os.pread(self._file.fileno(), min(_CHUNK, size - at), at)

    def cut(self, end: int) -> None:
        with disk("writing", self._path):
            os.ftruncate(self._file.fileno(), end)

    def close(self) -> None:
        self._file.close()


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _header(name: str, size: int) -> bytes:
    """In the old GNU format any size fits into one block. No times, no owners: the same image is the same tar."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o644
    return entry.tobuf(tarfile.GNU_FORMAT)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
