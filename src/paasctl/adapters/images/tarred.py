"""Targets that take an image as a tar: it grows in a file, and is delivered when it is whole."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from paasctl.adapters.images.carried import carry
from paasctl.adapters.images.naming import clobbers
from paasctl.adapters.images.packing import Packing
from paasctl.model.image import Descriptor, Repository
from paasctl.oci.documents.manifest import parse_document
from paasctl.oci.documents.saved import NAME, saved_documents
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed


class Destination(Protocol):
    """Where such a tar goes."""

    @property
    def name(self) -> str:
        """As it is said to people."""
        ...

    @property
    def takes_companions(self) -> bool:
        """Whether what vouches for an image can lie there, too."""
        ...

    def current(self) -> Descriptor | None:
        """What has the name now."""
        ...

    def begin(self, stack: ExitStack) -> Packing:
        """A tar to grow, let go of with `stack`."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names that the image gets."""
        ...

    def check(self, root: Descriptor, content: bytes, *, move: bool) -> None:
        """Refuse to write it over something else."""
        ...

    def deliver(self, root: Descriptor, content: bytes) -> None:
        """Put the whole tar where it goes."""
        ...


class TarTarget:
    """`ports.images.ImageTarget` over a destination."""

    def __init__(self, to: Destination, stack: ExitStack) -> None:
        """Nothing is written yet; `stack` lets go of what was not finished."""
        self.name = to.name
        self.registry = ""
        self.takes_companions = to.takes_companions
        self._to = to
        self._stack = stack
        self._beside = dict[str, Descriptor]()

    def current(self) -> Descriptor | None:
        """What lies there now."""
        return self._to.current()

    def has(self, descriptor: Descriptor) -> bool:
        """Whether this run wrote it: an older tar is replaced as a whole. Who only looks begins none."""
        return "_packing" in self.__dict__ and self._packing.has(descriptor.digest)

    def companion(self, tag: str) -> tuple[Descriptor, bytes] | None:
        """One that this run wrote."""
        found = self._beside.get(tag)
        return (found, self._packing.small(found.digest)) if found else None

    def mount(self, descriptor: Descriptor, sources: tuple[Repository, ...]) -> bool:
        """Nothing can be mounted into a tar."""
        del descriptor, sources
        return False

    def push(
        self,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """Copy a blob, unless it is there."""
        del mount_from
        return carry(self._packing, descriptor, content, moved)

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """A blob whose digest is known at its end only."""
        return self._packing.writer(size)

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest. One that vouches for another is listed in the tar, where readers look for such."""
        made = self._packing.put(media_type, content)
        if parse_document(content, made.digest).get("subject"):
            self._beside.setdefault(made.digest, made)
        return made

    def put_blob(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob."""
        return self._packing.put(media_type, content)

    def put_companion(self, tag: str, media_type: str, content: bytes, *, move: bool = False) -> None:
        """A manifest under a name of its own."""
        made = self._packing.put(media_type, content)
        before = self._beside.get(tag)
        if before and before.digest != made.digest and not move:
            raise clobbers(f"{self.name} ({tag})", before.digest, made.digest)
        self._beside[tag] = replace(made, annotations={NAME: tag})

    def finish(self, root: Descriptor, content: bytes, *, move: bool = False) -> None:
        """End the tar, and have it delivered."""
        self._to.check(root, content, move=move)
        self._packing.put(root.media_type, content)
        bare = replace(root, annotations={key: it for key, it in root.annotations.items() if key != NAME})
        beside = tuple(self._beside.values()) if self.takes_companions else ()
        self._packing.finish(saved_documents(bare, content, self._to.names(), beside, self._packing.place))
        self._to.deliver(root, content)

    @cached_property
    def _packing(self) -> Packing:
        return self._to.begin(self._stack)
