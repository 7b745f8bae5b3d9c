"""Layers where they lie: which blob, read how; and the index of one, both its digests checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from paasctl.engine.images.together import Meter
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import STARGZ_TOC
from paasctl.oci.tar.tape import Digest, sha256_of
from paasctl.oci.tree.indexed import index_of, proven
from paasctl.oci.tree.layer import Layer
from paasctl.ports.codecs import Codecs, LayerReader
from paasctl.ports.images import Blobs, ImageSource
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Blob:
    """A layer to read, and where."""

    blobs: Blobs
    descriptor: Descriptor
    diff_id: str

    def unpacked(self, codecs: Codecs, meter: Meter) -> Iterator[bytes]:
        """Its uncompressed bytes. The blob's own digest is checked where it is read to its end."""
        with self.blobs.open(self.descriptor) as chunks:
            yield from codecs.inflate(_metered(chunks, meter), self.descriptor.digest)

    def begun(self, codecs: Codecs, meter: Meter, size: int) -> Iterator[bytes]:
        """At least the first `size` of them: what is dead at its end need not be unpacked, to check the digest."""
        with self.blobs.open(self.descriptor) as chunks:
            packed = _metered(chunks, meter)
            for piece in codecs.inflate(packed, self.descriptor.digest, again=True):
                yield piece
                size -= len(piece)
                if size <= 0:
                    break
            for _ in packed:
                pass


def index_layer(
    blob: Blob, codecs: Codecs, meter: Meter, digest: Digest = sha256_of, beside: LayerReader | None = None
) -> Layer:
    """The layer's index. Both digests are verified: the blob's, and `diff_id` of what it unpacks to.

    `digest` is what tells the content of one file from another's: SHA-256, or the codecs' checksum.
    """
    name, stargz = blob.descriptor.digest, STARGZ_TOC in blob.descriptor.annotations
    if beside is None:
        return proven(name, blob.diff_id, index_of(blob.unpacked(codecs, meter), name, digest), stargz=stargz)
    with blob.blobs.open(blob.descriptor) as chunks:
        read = beside.read(_metered(chunks, meter), name, quick=digest is not sha256_of)
    return proven(name, blob.diff_id, read, stargz=stargz)


def _metered(chunks: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    for chunk in chunks:
        meter.moved(len(chunk))
        yield chunk


_ROOM, _LARGEST = 64 << 20, 8 << 20
"""Packed bytes of a registry's layers that are kept for the second pass, and of the largest of them."""


def near(source: ImageSource) -> Blobs:
    """The source's layers; those of a registry are asked for once, as far as there is room."""
    return Remembering(source, _ROOM, _LARGEST) if source.mounts else source


class Remembering:
    """Blobs of a source that is far away: what was read once is kept, within bounds, for the second pass."""

    def __init__(self, blobs: Blobs, room: int, largest: int) -> None:
        """At most `room` bytes in all, of blobs of at most `largest`."""
        self._blobs = blobs
        self._room = room
        self._largest = largest
        self._kept: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The blob in chunks, verified the first time."""
        kept = self._kept.get(descriptor.digest)
        return _given(kept) if kept is not None else self._opened(descriptor)

    @contextmanager
    def _opened(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        with self._lock:
            fits = 0 <= descriptor.size <= min(self._largest, self._room)
            self._room -= descriptor.size if fits else 0
        with self._blobs.open(descriptor) as chunks:
            yield self._noted(descriptor, chunks) if fits else chunks

    def _noted(self, descriptor: Descriptor, chunks: Iterator[bytes]) -> Iterator[bytes]:
        seen = []
        for chunk in chunks:
            seen.append(chunk)
            yield chunk
        self._kept[descriptor.digest] = seen


@contextmanager
def _given(chunks: list[bytes]) -> Iterator[Iterator[bytes]]:
    yield iter(chunks)
