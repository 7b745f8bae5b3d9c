"""An image in a registry: a view of one repository through the registry's client."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cached_property

from paasctl.adapters.images.held import Held
from paasctl.adapters.images.naming import not_found
from paasctl.errors import Unavailable, UsageError
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.location import InRegistry
from paasctl.oci.documents.manifest import digest_of, is_manifest
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed, Registry

_LOOKERS = 8
_SMALL = 32 << 20
"""Bytes of the largest configuration read whole."""


class RegistrySource:
    """`ports.images.ImageSource` over one repository."""

    def __init__(self, location: InRegistry, registry: Registry) -> None:
        """Nothing is asked yet."""
        self.name = str(location)
        self._reference = location.reference
        self._registry = registry
        self._manifests = dict[str, bytes]()
        self._referrers = dict[str, tuple[Descriptor, ...]]()
        self._companions = dict[str, Descriptor | None]()

    @property
    def mounts(self) -> tuple[Repository, ...]:
        """Its own repository."""
        return (self._reference.repository,)

    def root(self) -> Descriptor:
        """What the tag or digest is, asked once."""
        return self._root

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks, verified at the end, resumed where the connection breaks."""
        return self._registry.open_blob(self._reference.repository, descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A manifest or configuration whole, verified."""
        if descriptor.digest in self._manifests:
            return self._manifests[descriptor.digest]
        if is_manifest(descriptor.media_type):
            return self._manifest(descriptor)
        if descriptor.size > _SMALL:
            raise Unavailable(
                f"reading {descriptor.digest} from {self.name}: {descriptor.size} bytes are no configuration",
                code="blob-damaged",
            )
        with self.open(descriptor) as chunks:
            return b"".join(chunks)

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        """What the registry says vouches for it."""
        if descriptor.digest not in self._referrers:
            found = self._registry.referrers(self._reference.repository, descriptor.digest)
            self._referrers[descriptor.digest] = found
        return self._referrers[descriptor.digest]

    def companions(self, tags: Collection[str]) -> Mapping[str, Descriptor]:
        """Which of these tags there are: asked one by one, since a repository may have very many."""
        fresh = [it for it in tags if it not in self._companions]
        asked = [self._reference.repository.tagged(it) for it in fresh]
        with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
            self._companions.update(zip(fresh, pool.map(self._registry.resolve, asked), strict=True))
        return {it: there for it in tags if (there := self._companions[it])}

    @cached_property
    def _root(self) -> Descriptor:
        found = self._registry.manifest(self._reference)
        if found is None:
            raise not_found(self.name, "the registry has none under that name")
        self._manifests[found[0].digest] = found[1]
        return found[0]

    def _manifest(self, descriptor: Descriptor) -> bytes:
        try:
            pinned = self._reference.repository.pinned(descriptor.digest)
        except ValueError:  # whoever wrote it into a document: no name a registry knows
            pinned = None
        found = self._registry.manifest(pinned) if pinned else None
        if found is None:
            raise Unavailable(f"reading {descriptor.digest} from {self.name}: it is not there", code="blob-missing")
        self._manifests[descriptor.digest] = found[1]
        return found[1]


class RegistryTarget:
    """`ports.images.ImageTarget` over one tag of a repository."""

    def __init__(self, location: InRegistry, registry: Registry) -> None:
        """Nothing is asked yet. `UsageError` where it is a digest: that cannot be chosen."""
        if isinstance(location.reference, Pinned):
            raise UsageError(f"writing {location}: a digest cannot be chosen", hint="name a tag: host/path:tag")
        self.name = str(location)
        self._tagged = location.reference
        self._repository = location.reference.repository
        self._registry = registry

    @property
    def registry(self) -> str:
        """Its host."""
        return self._repository.host

    @property
    def takes_companions(self) -> bool:
        """All of them."""
        return True

    def current(self) -> Descriptor | None:
        """What the tag is now."""
        return self._registry.resolve(self._tagged)

    def has(self, descriptor: Descriptor) -> bool:
        """Asked of the registry."""
        if is_manifest(descriptor.media_type):
            return self._registry.resolve(self._repository.pinned(descriptor.digest)) is not None
        return self._registry.has_blob(self._repository, descriptor.digest)

    def companion(self, tag: str) -> tuple[Descriptor, bytes] | None:
        """What a tag beside it is now."""
        return self._registry.manifest(self._repository.tagged(tag))

    def mount(self, descriptor: Descriptor, sources: tuple[Repository, ...]) -> bool:
        """From another repository of the registry."""
        return self._registry.mount_blob(self._repository, descriptor.digest, sources)

    def push(
        self,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """There already, mounted, or sent."""
        return self._registry.push_blob(self._repository, descriptor, content, mount_from=mount_from, moved=moved)

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """A blob that is sent as it grows."""
        del size
        return self._registry.writer(self._repository)

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest, by digest."""
        return self._registry.put_manifest(self._repository, media_type, content)

    def put_blob(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob."""
        made = Descriptor(media_type, digest_of(content), len(content))
        self._registry.push_blob(self._repository, made, Held(content))
        return made

    def put_companion(self, tag: str, media_type: str, content: bytes, *, move: bool = False) -> None:
        """A manifest under a tag of its own."""
        self._registry.put_manifest(self._repository, media_type, content, tag=tag, move=move)

    def finish(self, root: Descriptor, content: bytes, *, move: bool = False) -> None:
        """Move the tag, last."""
        self._registry.put_manifest(self._repository, root.media_type, content, tag=self._tagged.tag, move=move)
