"""An image in an OCI layout on disk: read where it lies, or written blob by blob and named last."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from paasctl.adapters.disk import disk
from paasctl.adapters.images.carried import carry
from paasctl.adapters.images.naming import clobbers, not_found, several
from paasctl.adapters.images.shelf import Shelf, ShelfSource, bare, images_at, subject_of
from paasctl.adapters.layout import MARKER, PLACE, FolderLayout, create_layout, read_layout
from paasctl.errors import UsageError
from paasctl.model.image import Descriptor, Repository
from paasctl.model.location import InLayout
from paasctl.oci.documents.companions import is_companion_tag
from paasctl.oci.documents.manifest import Json, descriptor_from, descriptor_json, is_manifest, parse_document
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed

_HOW = "oci:DIR:TAG, or oci:DIR@sha256:… where a name has a slash"


def layout_source(location: InLayout, folder: Path) -> ShelfSource:
    """The image in the layout at `folder`, where `location.folder` is on this disk."""

    def find() -> Shelf:
        with disk("reading", folder):
            why = (
                "" if (folder / MARKER).is_file() else "it is no image layout" if folder.is_dir() else "it is not there"
            )
        if why:
            raise not_found(str(location), f"the folder {folder}: {why}")
        return read_layout(folder)

    return ShelfSource(str(location), location.tag, find, _HOW, location.digest)


class LayoutTarget:
    """`ports.images.ImageTarget` over an OCI layout, made where there is none."""

    def __init__(self, location: InLayout, folder: Path) -> None:
        """Nothing is written yet. `UsageError` where it is a digest: that cannot be chosen."""
        if location.digest:
            raise UsageError(f"writing {location}: a digest cannot be chosen", hint="name a tag: oci:DIR:TAG")
        self.name = str(location)
        self._tag = location.tag
        self._folder = folder
        self._companions = dict[str, Json]()
        self._named = set[str]()

    @property
    def registry(self) -> str:
        """None."""
        return ""

    @property
    def takes_companions(self) -> bool:
        """All of them."""
        return True

    def current(self) -> Descriptor | None:
        """What lies under that tag now; without one, the only image there."""
        with disk("reading", self._folder):
            if not self._folder.is_dir() or not any(self._folder.iterdir()):
                return None
        found = images_at(read_layout(self._folder), self._tag)
        if len({it.digest for _, it in found}) > 1:
            raise several(self.name, [place for place, _ in found], _HOW)
        return bare(found[0][1]) if found else None

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there whole. A manifest that was only laid, and its run then killed, may lack the others.

        Who only looks makes no folder.
        """
        if is_manifest(descriptor.media_type) or not (self._folder / "index.json").is_file():
            return False
        return read_layout(self._folder).has(descriptor.digest, descriptor.size)

    def companion(self, tag: str) -> tuple[Descriptor, bytes] | None:
        """What lies under that name now."""
        found = next((bare(it) for place, it in self._layout.places() if place == tag), None)
        return (found, self._layout.read(found)) if found else None

    def mount(self, descriptor: Descriptor, sources: tuple[Repository, ...]) -> bool:
        """Nothing can be mounted into a folder."""
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
        return carry(self._layout, descriptor, content, moved)

    def writer(self, size: int = -1) -> AbstractContextManager[BlobWriter]:
        """A blob whose digest is known at its end only."""
        return self._layout.writer(size)

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """A manifest. One that vouches for another is entered in `index.json`, where readers look for such."""
        made = self._layout.put(media_type, content)
        if parse_document(content, made.digest).get("subject"):
            self._companions[made.digest] = descriptor_json(made)
        return made

    def put_companion(self, tag: str, media_type: str, content: bytes, *, move: bool = False) -> None:
        """Entered in `index.json` under its own name, at the end."""
        made = self._layout.put(media_type, content)
        if (found := self.companion(tag)) and found[0].digest != made.digest and not move:
            raise clobbers(f"{self.name} ({tag})", found[0].digest, made.digest)
        self._companions[made.digest] = _entry(made, tag)
        self._named.add(tag)

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
            gone = [it for it in before if it["digest"] in self._companions or _place(it) in self._named]
            kept = [it for it in before if it not in named and it not in gone]
            places = dict.fromkeys([self._tag] if self._tag else map(_place, named)) or ("",)
            return [*kept, *(_entry(root, it) for it in places), *self._companions.values()]

        self._layout.edit(entered)

    @cached_property
    def _layout(self) -> FolderLayout:
        return create_layout(self._folder)


def _chosen(layout: FolderLayout, entries: list[Json], tag: str, name: str) -> list[Json]:
    """The same as `images_at` among raw entries, by exact names, and never several images."""
    if tag:
        return [it for it in entries if _place(it) == tag]
    images = [it for it in entries if not is_companion_tag(_place(it))]
    found = [it for it in images if not subject_of(layout, descriptor_from(it, name))]
    if len({it["digest"] for it in found}) > 1:
        raise several(name, [_place(it) for it in found], _HOW)
    return found


def _entry(root: Descriptor, place: str) -> Json:
    named = {PLACE: place} if place else {}
    return descriptor_json(replace(root, annotations={**bare(root).annotations, **named}))


def _place(entry: Json) -> str:
    return str((entry.get("annotations") or {}).get(PLACE, ""))
