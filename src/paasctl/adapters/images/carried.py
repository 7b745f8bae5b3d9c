"""A blob of known digest, carried into whatever keeps blobs on this disk."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed


class Store(Protocol):
    """A layout's folder, or a tar in the making."""

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether the blob is there, and as large as it should be. A size below 0 is unknown."""
        ...

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """Write one blob, of that size where it is not below 0; nothing is there until `commit`."""
        ...


def carry(store: Store, descriptor: Descriptor, content: Blobs, moved: Moved | None) -> Pushed:
    """Copy a blob, unless it is there. `Unavailable` with code `blob-damaged` where another content came."""
    if store.has(descriptor.digest, descriptor.size):
        return "exists"
    with content.open(descriptor) as chunks, store.writer(descriptor.size) as writer:
        for chunk in chunks:
            writer.write(chunk)
            if moved:
                moved(len(chunk))
        made = writer.commit(descriptor.media_type)
    if made.digest != descriptor.digest:
        raise Unavailable(f"copying {descriptor.digest}: {made.digest} came", code="blob-damaged")
    return "uploaded"
