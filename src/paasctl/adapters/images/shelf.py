"""A place that holds images by name and blobs by digest: a layout in a folder or in a tar. The source over either."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from paasctl.adapters.images.naming import listed, not_found, several
from paasctl.adapters.layout import PLACE
from paasctl.model.image import Descriptor, Repository, full_name
from paasctl.oci.building.boxed import REPOSITORY
from paasctl.oci.documents.companions import is_companion_tag
from paasctl.oci.documents.manifest import OCI_INDEX, OCI_MANIFEST, parse_document

CONTAINERD_NAME = "io.containerd.image.name"
_NAMES = (PLACE, CONTAINERD_NAME, REPOSITORY)
"""Annotations that say where a manifest lies; they stay behind when it goes elsewhere."""


class Shelf(Protocol):
    """What such places have in common."""

    def places(self) -> tuple[tuple[str, Descriptor], ...]:
        """What lies there by name; "" is no name. One image may have several."""
        ...

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether the blob is there, and as large as it should be. A size below 0 is unknown."""
        ...

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob whole, verified."""
        ...

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob in chunks, verified at the end."""
        ...


class ShelfSource:
    """`ports.images.ImageSource` over one image of a shelf."""

    def __init__(self, name: str, tag: str, find: Callable[[], Shelf], how: str, digest: str = "") -> None:
        """`find` opens the shelf when something is asked; `how` is how to write a name with its tag.

        `digest` is that of an image, named or not, an index's included; then there is no tag.
        """
        self.name = name
        self.mounts: tuple[Repository, ...] = ()
        self._tag = tag
        self._digest = digest
        self._find = find
        self._how = how

    def root(self) -> Descriptor:
        """The manifest or index with that tag or digest; without one, the only image there."""
        return self._root

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks, verified at the end."""
        return self._shelf.open(descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A manifest or configuration whole, verified."""
        return self._shelf.read(descriptor)

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        """Manifests among those with a place whose subject it is."""
        return tuple(it for it, subject in self._subjects if subject == descriptor.digest)

    def companions(self, tags: Collection[str]) -> Mapping[str, Descriptor]:
        """Which of these names there are."""
        return {place: bare(it) for place, it in self._beside() if place in tags}

    @cached_property
    def _shelf(self) -> Shelf:
        return self._find()

    @cached_property
    def _root(self) -> Descriptor:
        if self._digest:
            return self._pinned()
        return bare(self._entry)

    @cached_property
    def _entry(self) -> Descriptor:
        found = images_at(self._shelf, self._tag)
        if not found:
            raise not_found(self.name, f"there is {_listed(self._shelf.places())}")
        if len({it.digest for _, it in found}) > 1:
            raise several(self.name, [place for place, _ in found], self._how)
        return found[0][1]

    def _beside(self) -> Iterator[tuple[str, Descriptor]]:
        """What may vouch for it: in a file with a whole release, what lay in the image's repository."""
        home = "" if self._digest else self._entry.annotations.get(REPOSITORY, "")
        places = self._shelf.places()
        return ((place, it) for place, it in places if not home or it.annotations.get(REPOSITORY, home) == home)

    def _pinned(self) -> Descriptor:
        """What has the digest: an entry, or a manifest that none names, which says itself what it is."""
        if entry := next((it for _, it in self._shelf.places() if it.digest == self._digest), None):
            return bare(entry)
        if not self._shelf.has(self._digest):
            raise not_found(self.name, f"there is {_listed(self._shelf.places())}")
        content = self._shelf.read(Descriptor("", self._digest, -1))
        said = parse_document(content, self.name)
        media_type = str(said.get("mediaType") or (OCI_INDEX if "manifests" in said else OCI_MANIFEST))
        return Descriptor(media_type, self._digest, len(content))

    @cached_property
    def _subjects(self) -> tuple[tuple[Descriptor, str], ...]:
        entries = {it.digest: bare(it) for _, it in self._beside()}
        return tuple((it, subject) for it in entries.values() if (subject := subject_of(self._shelf, it)))


def images_at(shelf: Shelf, tag: str) -> list[tuple[str, Descriptor]]:
    """The entries with that name; without one, all images that vouch for no other."""
    places = shelf.places()
    if tag:
        wanted = full_name(tag)
        exact = [(place, it) for place, it in places if place == tag]
        return exact or [(place, it) for place, it in places if place and full_name(place) == wanted]
    return [(place, it) for place, it in places if not (is_companion_tag(place) or subject_of(shelf, it))]


def bare(found: Descriptor) -> Descriptor:
    """The descriptor without the names of the place it came from."""
    return replace(found, annotations={key: it for key, it in found.annotations.items() if key not in _NAMES})


def subject_of(shelf: Shelf, descriptor: Descriptor) -> str:
    """The digest of what a manifest vouches for; empty where it stands for itself, or is not there to say."""
    if not shelf.has(descriptor.digest, descriptor.size):
        return ""
    subject = parse_document(shelf.read(descriptor), descriptor.digest).get("subject")
    return str(subject.get("digest", "")) if isinstance(subject, dict) else ""


def _listed(places: Sequence[tuple[str, Descriptor]]) -> str:
    return listed(place for place, _ in places if place) or "nothing with a name"
