"""An OCI layout as a tar stream, into a layout of ours: one pass, each blob straight to its place, held to its name."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Any

from paasctl.adapters.docker.archive import Saved, Streamed
from paasctl.errors import BuildFailed
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents.manifest import (
    OCI_CONFIG,
    OCI_MANIFEST,
    Json,
    as_oci,
    descriptor_from,
    is_attestation,
    is_index,
    parse_document,
)
from paasctl.ports.images import Layout
from paasctl.values import dataclass

_CHUNK = 1 << 20
_BLOBS = "blobs/sha256/"
_INDEX = "index.json"
_SMALL = 8 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of BuildKit; its blobs are in the layout."""

    images: tuple[tuple[Platform, Saved], ...]
    """One for each platform, in BuildKit's order."""
    left_out: int
    """Attestations: they vouch for manifests that get annotations here, and so other digests."""


def unpack(stream: Iterator[bytes], into: Layout, what: str) -> Unpacked:
    """Read the layout to its end. `BuildFailed`, code `image-unreadable`, where it is damaged or not whole."""
    index: Json = {}
    sizes: dict[str, int] = {}
    try:
        with tarfile.open(fileobj=Streamed(stream), mode="r|", bufsize=_CHUNK) as archive:
            for member in archive:
                if member.isreg() and member.name.startswith(_BLOBS):
                    digest = f"sha256:{member.name.removeprefix(_BLOBS)}"
                    sizes[digest] = _blob(archive, member, digest, into, what)
                elif member.isreg() and member.name == _INDEX:
                    index = parse_document(_content(archive, member, what), f"{what}'s {_INDEX}")
    except (tarfile.TarError, EOFError) as error:
        raise _unreadable(what, f"what BuildKit wrote is no whole archive: {error}") from error
    for _ in stream:
        pass  # padding: a program whose pipe is closed too early fails
    return _Reading(into, sizes, what).whole(index)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, what: str) -> bytes:
    content = archive.extractfile(member)
    if content is None or member.size > _SMALL:
        raise _unreadable(what, f"{member.name} has {member.size} bytes")
    return content.read()


def _blob(archive: tarfile.TarFile, member: tarfile.TarInfo, digest: str, into: Layout, what: str) -> int:
    content = archive.extractfile(member)
    with into.writer() as writer:
        while content is not None and (chunk := content.read(_CHUNK)):
            writer.write(chunk)
        made = writer.commit("")
    if (made.digest, made.size) != (digest, member.size):
        raise _unreadable(what, f"{member.name} holds other content, {made.digest}")
    return made.size


@dataclass(frozen=True, slots=True)
class _Reading:
    into: Layout
    sizes: dict[str, int]
    what: str

    def whole(self, index: Json) -> Unpacked:
        """All images of the index and of indexes in it."""
        found = list(self._manifests(index))
        images = [it for it in found if not is_attestation(it)]
        if not images:
            raise _unreadable(self.what, "BuildKit named no image")
        return Unpacked(tuple(map(self._image, images)), len(found) - len(images))

    def _manifests(self, index: Json) -> Iterator[Descriptor]:
        for said in index.get("manifests") or ():
            it = descriptor_from(said, self.what)
            if is_index(it.media_type):
                yield from self._manifests(self._document(it))
            else:
                yield it

    def _image(self, descriptor: Descriptor) -> tuple[Platform, Saved]:
        manifest = self._document(descriptor)
        config = self._there(descriptor_from(manifest.get("config"), self.what))
        layers = [self._there(descriptor_from(it, self.what)) for it in manifest.get("layers") or ()]
        document = self._document(config)
        diff_ids = tuple((document.get("rootfs") or {}).get("diff_ids") or ())
        if len(diff_ids) != len(layers):
            raise _unreadable(self.what, f"{count(len(layers), 'layer')}, but the configuration names {len(diff_ids)}")
        platform = descriptor.platform or _platform(document)
        return platform, Saved(
            config=Descriptor(OCI_CONFIG, config.digest, config.size),
            document=document,
            layers=tuple(Descriptor(as_oci(it.media_type), it.digest, it.size) for it in layers),
            diff_ids=diff_ids,
        )

    def _there(self, descriptor: Descriptor) -> Descriptor:
        """The descriptor, if that very blob came."""
        size = self.sizes.get(descriptor.digest)
        if size is None:
            raise _unreadable(self.what, f"{descriptor.digest} is missing")
        if size != descriptor.size:
            raise _unreadable(
                self.what, f"{descriptor.digest} has {count(size, 'byte')}, its descriptor says {descriptor.size}"
            )
        return descriptor

    def _document(self, descriptor: Descriptor) -> Json:
        there = self._there(descriptor)
        return parse_document(self.into.read(Descriptor(OCI_MANIFEST, there.digest, there.size)), self.what)


def _platform(config: dict[str, Any]) -> Platform:
    return Platform(*(str(config.get(it) or "") for it in ("os", "architecture", "variant")))


def _unreadable(what: str, why: str) -> BuildFailed:
    return BuildFailed(f"taking {what} from BuildKit: {why}", code="image-unreadable")
