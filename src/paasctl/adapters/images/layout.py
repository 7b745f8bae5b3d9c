"""An image in an OCI layout on disk: read where it lies, or written blob by blob and named last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from paasctl.adapters.images.naming import clobbers, not_found, several
from paasctl.adapters.layout import PLACE, FolderLayout, create_layout, read_layout
from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.model.location import InLayout
from paasctl.oci.manifest import Json, descriptor_from, descriptor_json, parse_document
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed

_NAMES = (PLACE, "io.containerd.image.name")
"""Annotations that say where a manifest lies; they stay behind when it goes elsewhere."""


class LayoutSource:
    """`ports.images.ImageSource` over an OCI layout."""

    def __init__(self, location: InLayout, folder: Path) -> None:
        """`folder` is where `location.folder` is on this disk."""
        self.name = str(location)
        self.mounts: tuple[Repository, ...] = ()
        self._location = location
        self._folder = folder

    def root(self) -> Descriptor:
        """The manifest or index under that tag; without one, the only image there."""
        return self._root

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks, verified at the end."""
        return self._layout.open(descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A manifest or configuration whole, verified."""
        return self._layout.read(descriptor)

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        """Manifests of `index.json` whose subject it is."""
        return tuple(it for it, subject in self._subjects if subject == descriptor.digest)

    @cached_property
    def _layout(self) -> FolderLayout:
        if not self._folder.is_dir():
            raise not_found(self.name, f"there is no folder {self._folder}")
        return read_layout(self._folder)

    @cached_property
    def _root(self) -> Descriptor:
        found = _images(self._layout, self._location.tag)
        if not found:
            names = sorted({place for place, _ in self._layout.places() if place})
            raise not_found(self.name, f"the layout holds {', '.join(names) or 'nothing with a name'}")
        if len({it.digest for _, it in found}) > 1:
            raise several(self.name, [place for place, _ in found], "oci:DIR:TAG")
        return bare(found[0][1])

    @cached_property
    def _subjects(self) -> tuple[tuple[Descriptor, str], ...]:
        entries = dict.fromkeys(bare(it) for _, it in self._layout.places())
        return tuple((it, subject) for it in entries if (subject := _subject(self._layout, it)))


class LayoutTarget:
    """`ports.images.ImageTarget` over an OCI layout, made where there is none."""

    def __init__(self, location: InLayout, folder: Path) -> None:
        """Nothing is written yet."""
        self.name = str(location)
        self._tag = location.tag
        self._folder = folder
        self._companions = dict[str, Json]()

    def current(self) -> Descriptor | None:
        """What lies under that tag now; without one, the only image there."""
        if not self._folder.is_dir() or not any(self._folder.iterdir()):
            return None
        found = _images(read_layout(self._folder), self._tag)
        if len({it.digest for _, it in found}) > 1:
            raise several(self.name, [place for place, _ in found], "oci:DIR:TAG")
        return bare(found[0][1]) if found else None

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
        if self._layout.has(descriptor.digest):
            return "exists"
        with content.open(descriptor) as chunks, self._layout.writer() as writer:
            for chunk in chunks:
                writer.write(chunk)
                if moved:
                    moved(len(chunk))
            made = writer.commit(descriptor.media_type)
        if made.digest != descriptor.digest:
            raise Unavailable(f"copying {descriptor.digest}: {made.digest} came", code="blob-damaged")
        return "uploaded"

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """A blob whose digest is known at its end only."""
        return self._layout.writer()

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest. One that vouches for another is entered in `index.json`, where readers look for such."""
        made = self._layout.put(media_type, content)
        if parse_document(content, made.digest).get("subject"):
            self._companions[made.digest] = descriptor_json(made)
        return made

    def put_blob(self, media_type: str, content: bytes) -> Descriptor:
        """A small blob."""
        return self._layout.put(media_type, content)

    def finish(self, root: Descriptor, content: bytes, *, move: bool = False) -> None:
        """Enter it in `index.json`, in place of what had the name."""
        self._layout.put(root.media_type, content)

        def entered(before: list[Json]) -> list[Json]:
            named = _chosen(self._layout, before, self._tag, self.name)
            if (other := next((it for it in named if it["digest"] != root.digest), None)) and not move:
                raise clobbers(self.name, other["digest"], root.digest)
            kept = [it for it in before if it not in named and it["digest"] not in self._companions]
            place = self._tag or next(iter(map(_place, named)), "")
            return [*kept, _entry(root, place), *self._companions.values()]

        self._layout.edit(entered)

    @cached_property
    def _layout(self) -> FolderLayout:
        return create_layout(self._folder)


def bare(found: Descriptor) -> Descriptor:
    """The descriptor without the names of the place it came from."""
    return replace(found, annotations={key: it for key, it in found.annotations.items() if key not in _NAMES})


def _images(layout: FolderLayout, tag: str) -> list[tuple[str, Descriptor]]:
    """The entries with that name; without one, all images that vouch for no other."""
    if tag:
        return [(place, it) for place, it in layout.places() if place == tag]
    return [(place, it) for place, it in layout.places() if not _subject(layout, it)]


def _chosen(layout: FolderLayout, entries: list[Json], tag: str, name: str) -> list[Json]:
    """The same among raw entries, and never several images."""
    if tag:
        return [it for it in entries if _place(it) == tag]
    found = [it for it in entries if not _subject(layout, descriptor_from(it, name))]
    if len({it["digest"] for it in found}) > 1:
        raise several(name, [_place(it) for it in found], "oci:DIR:TAG")
    return found


def _entry(root: Descriptor, place: str) -> Json:
    named = {PLACE: place} if place else {}
    return descriptor_json(replace(root, annotations={**bare(root).annotations, **named}))


def _place(entry: Json) -> str:
    return str((entry.get("annotations") or {}).get(PLACE, ""))


def _subject(layout: FolderLayout, descriptor: Descriptor) -> str:
    """The digest of what a manifest vouches for; empty where it stands for itself, or is not there to say."""
    if not layout.has(descriptor.digest):
        return ""
    subject = parse_document(layout.read(descriptor), f"{descriptor.digest} in {layout.root}").get("subject")
    return str(subject.get("digest", "")) if isinstance(subject, dict) else ""
