"""Images: blobs in a layout on disk, registries, builders. Content moves in chunks of 1 MiB, never entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

from paasctl.model.image import Descriptor, Reference, Repository
from paasctl.model.location import Location
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel

Moved = Callable[[int], None]
"""Called with the number of bytes that just moved."""


class Blobs(Protocol):
    """Content by digest. Every read is verified at its end: a wrong byte raises, it is never returned as good."""

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks. Not there: `Missing` or, in a registry, `Unavailable`, code `blob-missing`."""
        ...


class Layout(Blobs, Protocol):
    """An OCI image layout on disk (image-spec `image-layout.md`). A digest is there whole or not at all."""

    @property
    def root(self) -> Path:
        """Its folder."""
        ...

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether the blob is there, and as large as it should be. A size below 0 is unknown."""
        ...

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob (manifest, config) whole, verified."""
        ...

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """Write one blob, of `size` bytes where that is not below 0; nothing is there until `commit`."""
        ...

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """Write a small blob whole."""
        ...

    def place(self, name: str) -> Descriptor | None:
        """What lies at a place (`org.opencontainers.image.ref.name` in `index.json`); None: nothing."""
        ...

    def lay(self, name: str, descriptor: Descriptor) -> None:
        """Put a manifest at a place, replacing what was there."""
        ...

    def referrers(self, digest: str) -> tuple[tuple[str, Descriptor], ...]:
        """What lies there and vouches for a manifest (its `subject` is that digest), each with its place."""
        ...


class BlobWriter(Protocol):
    """One blob in the making."""

    def write(self, chunk: bytes) -> None:
        """Append."""
        ...

    def commit(self, media_type: str) -> Descriptor:
        """Make it visible under its digest."""
        ...


class RegistryReads(Protocol):
    """One registry host (distribution-spec 1.1), read only. 404 is the only None; all else raises."""

    @property
    def host(self) -> str:
        """`host[:port]`."""
        ...

    def resolve(self, reference: Reference) -> Descriptor | None:
        """HEAD: what a tag or digest is now; None: proved absent."""
        ...

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        """GET, digest recomputed from the bytes; None: proved absent."""
        ...

    def has_blob(self, repository: Repository, digest: str) -> bool:
        """HEAD of a blob."""
        ...

    def open_blob(self, repository: Repository, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob's bytes in chunks, verified at the end, resumed by range where the connection breaks."""
        ...

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """All tags; none where the repository does not exist. `Refused`, `listing-unsupported`: it lists none."""
        ...

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        """Manifests whose `subject` it is, by the API, else by the tag that clients keep in its stead."""
        ...

    def check_writable(self, repository: Repository) -> None:
        """Raise what a push to it would raise now: `Forbidden`, `Unavailable`. Nothing is left there by asking."""
        ...

    def check_deletable(self, repository: Repository) -> None:
        """Raise what deleting there would raise now: `Forbidden`; `Refused`, code `deletes-unsupported`.

        Asked with a digest that nothing has, so nothing goes.
        """
        ...


Pushed = Literal["exists", "mounted", "uploaded"]


class Registry(RegistryReads, Protocol):
    """The writing half."""

    def push_blob(
        self,
        repository: Repository,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """HEAD, mount, else upload (monolithic, falling back to chunks), and make sure it is there."""
        ...

    def mount_blob(self, repository: Repository, digest: str, sources: tuple[Repository, ...]) -> bool:
        """Have a blob of another repository of this registry there, without looking first; False: not to be had so."""
        ...

    def writer(self, repository: Repository) -> AbstractContextManager[BlobWriter]:
        """One blob whose digest is known at its end only, sent as it grows."""
        ...

    def put_manifest(
        self, repository: Repository, media_type: str, content: bytes, *, tag: str = "", move: bool = False
    ) -> Descriptor:
        """PUT by digest or by tag, read back and compared. A tag on another digest is `WouldClobber` unless `move`."""
        ...

    def delete_manifest(self, repository: Repository, digest: str) -> bool:
        """DELETE by digest, which takes all of its tags along; False: it was gone already."""
        ...

    def settle(self, repository: Repository, subject: str) -> None:
        """After something was put that vouches for `subject`: it stays listed, whoever else did so at the same time.

        Takes a moment where clients keep the list. Interrupted, it is as it was put.
        """
        ...


class ImageSource(Blobs, Protocol):
    """One image or index where it lies (`model.location`), read only. Every byte is verified before its end is reached.

    Several threads may read at once.
    """

    @property
    def name(self) -> str:
        """Where it lies, as it is said to people."""
        ...

    def root(self) -> Descriptor:
        """The manifest or index, resolved once. `Missing` where there is none."""
        ...

    def read(self, descriptor: Descriptor) -> bytes:
        """A manifest or configuration whole, verified. Not there: as `open`."""
        ...

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        """What vouches for it: manifests whose `subject` it is. Empty where such a place can hold none."""
        ...

    @property
    def mounts(self) -> tuple[Repository, ...]:
        """Repositories its blobs can be mounted from, by a target on the same registry."""
        ...


class ImageTarget(Protocol):
    """Where one image is written to. What was not finished leaves no image; blobs of a registry may stay for its sweep.

    Several threads may write blobs at once.
    """

    @property
    def name(self) -> str:
        """Where it will lie, as it is said to people."""
        ...

    def current(self) -> Descriptor | None:
        """What lies under that name now; None: proved absent."""
        ...

    def push(
        self,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """Make a blob of known digest be there, from wherever it is cheapest."""
        ...

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """A blob whose digest is known at its end only, of `size` bytes where that is not below 0.

        A registry gets it as it grows, an engine where the size is known: nothing lies on this disk.
        """
        ...

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest (its blobs are there already), by digest; no name yet."""
        ...

    def put_blob(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob: a configuration."""
        ...

    def finish(self, root: Descriptor, content: bytes, *, move: bool = False) -> None:
        """Give the image its name, last. A name on another digest is `WouldClobber` unless `move`."""
        ...


class CopySource(ImageSource, Protocol):
    """An image with what vouches for it by a tag of its own, too (`oci.companions`)."""

    def companions(self, tags: Collection[str]) -> Mapping[str, Descriptor]:
        """Which of these tags there are beside it, and on what: cosign keeps signatures so (`oci.companions`)."""
        ...


class CopyPlace(Protocol):
    """Where an image would be copied to, to look at only."""

    @property
    def registry(self) -> str:
        """The host of the registry it is; empty: it is none, and nothing can be mounted there."""
        ...

    @property
    def takes_companions(self) -> bool:
        """Whether what vouches for an image can lie there, too."""
        ...

    def has(self, descriptor: Descriptor) -> bool:
        """Whether a manifest or a blob is there, by digest. A manifest that is there has all that it names."""
        ...

    def companion(self, tag: str) -> tuple[Descriptor, bytes] | None:
        """What a companion's tag is now; None: proved absent."""
        ...


class CopyTarget(CopyPlace, ImageTarget, Protocol):
    """Where an image is copied to as it is, with what vouches for it."""

    def mount(self, descriptor: Descriptor, sources: tuple[Repository, ...]) -> bool:
        """Have a blob from another repository there, without looking first; False: it cannot be had so."""
        ...

    def put_companion(self, tag: str, media_type: str, content: bytes, *, move: bool = False) -> None:
        """A manifest that vouches for the image, under a tag of its own. Another one there: as in `finish`."""
        ...


class Places(Protocol):
    """Images wherever they lie. Asking for one looks at nothing and writes nothing."""

    def source(self, location: Location) -> CopySource:
        """An image to read."""
        ...

    def target(self, location: Location) -> CopyTarget:
        """Where an image is written to."""
        ...


class Builder(Protocol):
    """Makes one image from a checkout into a layout, under the place `step.image.name`."""

    def build(
        self, step: Build, context: Path, into: Layout, *, log: Callable[[str], None], cancel: Cancel
    ) -> Descriptor:
        """The manifest's descriptor. `BuildFailed` carries the failing step and the last 40 lines of the log."""
        ...
