"""A tar of one image in the making. Blobs lie in the order they end; documents come last.

One blob at a time grows where it will lie, the tar's tail; those that grow meanwhile wait on files without a name,
which are gone with the process however it ends.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from paasctl.adapters.disk import PlacedFile, disk
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import digest_of
from paasctl.oci.documents.saved import blob_place


class Tail(Protocol):
    """The end of the tar. Files are added one after the other, never two at once."""

    def takes(self, size: int) -> bool:
        """Whether a blob of that many bytes can grow here; below 0: nobody knows yet how many."""
        ...

    def begin(self, size: int) -> None:
        """A blob begins."""
        ...

    def write(self, chunk: bytes) -> None:
        """It goes on."""
        ...

    def keep(self, name: str) -> str:
        """It is whole. Under which name it lies in the tar: that one, where it can still be given."""
        ...

    def drop(self) -> None:
        """Nobody wants what began; after `keep` there is nothing to drop."""
        ...

    def append(self, name: str, size: int, content: Iterable[bytes]) -> None:
        """A whole file."""
        ...

    def end(self) -> None:
        """No more of them."""
        ...

    def close(self) -> None:
        """Let go of it; without `end` before, nothing comes of it."""
        ...


class Packing:
    """Blobs into a tar, by several threads."""

    def __init__(self, tail: Tail, folder: Path) -> None:
        """Blobs wait for their turn in `folder`."""
        self._tail = tail
        self._folder = folder
        self._grows = threading.Lock()
        self._there = dict[str, str]()
        self._waiting = dict[str, tuple[PlacedFile, int]]()
        self._small = dict[str, bytes]()

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether it holds the blob, or will: it was whole when it came."""
        del size
        return digest in self._there or digest in self._waiting or digest in self._small

    def place(self, digest: str) -> str:
        """Under which name a blob lies in the tar."""
        return self._there.get(digest) or blob_place(digest)

    def small(self, digest: str) -> bytes:
        """A small blob that was put here."""
        return self._small[digest]

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob: a document."""
        made = Descriptor(media_type, digest_of(content), len(content))
        self._small[made.digest] = content
        return made

    @contextmanager
    def writer(self, size: int = -1) -> Iterator[Growing]:
        """One blob, of `size` bytes where that is known; whatever was not committed is no part of the tar."""
        if self._tail.takes(size) and self._grows.acquire(blocking=False):
            try:
                self._tail.begin(size)
                yield Growing(self._tail.write, self._closed)
            finally:
                try:
                    self._tail.drop()
                finally:
                    self._grows.release()
            return
        with disk("writing", self._folder):
            beside = PlacedFile(tempfile.TemporaryFile(dir=self._folder), self._folder)  # noqa: SIM115 - waits for its turn
        waits: list[bool] = []
        try:
            yield Growing(beside.append, lambda digest, size: waits.append(self._waits(beside, digest, size)))
        finally:
            if not any(waits):
                beside.close()

    def finish(self, documents: Iterable[tuple[str, bytes]]) -> None:
        """What waits, small blobs, then files under names of their own; and the end of the tar."""
        for digest, (beside, size) in self._waiting.items():
            self._tail.append(blob_place(digest), size, beside.chunks(size))
            beside.close()
        for name, content in [*((blob_place(digest), it) for digest, it in self._small.items()), *documents]:
            self._tail.append(name, len(content), (content,))
        self._tail.end()

    def close(self) -> None:
        """Let go of what waits, and of the tail."""
        for beside, _ in self._waiting.values():
            beside.close()
        self._tail.close()

    def _closed(self, digest: str, size: int) -> None:
        """One that is there already does not become part of the tar again."""
        del size
        if not self.has(digest):
            self._there[digest] = self._tail.keep(blob_place(digest))

    def _waits(self, beside: PlacedFile, digest: str, size: int) -> bool:
        """Whether it is kept for the end: no other of that content is there."""
        return digest not in self._there and self._waiting.setdefault(digest, (beside, size))[0] is beside


class Growing:
    """`ports.images.BlobWriter` to wherever it goes."""

    def __init__(self, write: Callable[[bytes], None], closed: Callable[[str, int], None]) -> None:
        self._write = write
        self._closed = closed
        self._size = 0
        self._digest = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append."""
        self._write(chunk)
        self._size += len(chunk)
        self._digest.update(chunk)

    def commit(self, media_type: str) -> Descriptor:
        """Make it one of the tar's blobs."""
        made = Descriptor(media_type, f"sha256:{self._digest.hexdigest()}", self._size)
        self._closed(made.digest, made.size)
        return made
