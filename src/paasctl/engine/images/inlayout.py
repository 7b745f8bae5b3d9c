"""An image in the project's own layout, as a source and as a target: what `release` squashes in place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager

from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.ports.images import Blobs, BlobWriter, Layout, Moved, Pushed
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class PlaceSource:
    """`ports.CopySource` over what lies at a place."""

    layout: Layout
    name: str
    mounts: tuple[Repository, ...] = ()

    def root(self) -> Descriptor:
        """What lies there. `Unavailable` where nothing does."""
        found = self.layout.place(self.name)
        if found is None:
            raise Unavailable(
                f"squashing {self.name}: nothing was built in this run",
                hint="build the image first",
                code="image-not-found",
            )
        return found

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob in chunks."""
        return self.layout.open(descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob whole."""
        return self.layout.read(descriptor)

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        """None: nothing vouches for what was just built."""
        del descriptor
        return ()

    def companions(self, tags: Collection[str]) -> Mapping[str, Descriptor]:
        """None."""
        del tags
        return {}


@dataclass(frozen=True, slots=True)
class PlaceTarget:
    """`ports.ImageTarget` over the same layout."""

    layout: Layout
    name: str

    def current(self) -> Descriptor | None:
        """What lies there now."""
        return self.layout.place(self.name)

    def push(
        self,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """Whatever a build laid is there already; a layer that may not be distributed lies elsewhere, as before."""
        del descriptor, content, mount_from, moved
        return "exists"

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """A new blob."""
        return self.layout.writer(size)

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest."""
        return self.layout.put(media_type, content)

    def put_blob(self, media_type: str, content: bytes) -> Descriptor:
        """A configuration."""
        return self.layout.put(media_type, content)

    def finish(self, root: Descriptor, content: bytes, *, move: bool = False) -> None:
        """Lay it at the place; there it may always move."""
        del move
        self.layout.put(root.media_type, content)
        self.layout.lay(self.name, root)
