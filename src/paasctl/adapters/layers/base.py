"""The base of a `layers:` build: none, an OCI layout on disk, or a registry; copied into the run's layout as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from functools import partial
from pathlib import Path

from paasctl.adapters.layers.kept import Kept
from paasctl.adapters.layout import FolderLayout, read_layout
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.config import Image
from paasctl.model.image import Descriptor, Platform, Reference, parse_reference
from paasctl.oci.building.shape import Shape, shape_of
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.config import unpacked_ids
from paasctl.oci.documents.manifest import Json
from paasctl.oci.tree.indexed import check_diff_id, index_of
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs
from paasctl.ports.images import Layout, RegistryReads
from paasctl.values import dataclass

_SCRATCH = ("", "scratch")
_ON_DISK = "oci:"


@dataclass(frozen=True, slots=True)
class Base:
    """What lies under a build. `layers` are the manifest's raw descriptors, `shape` what they make together."""

    config: Json | None = None
    layers: tuple[Json, ...] = ()
    shape: Shape = field(default_factory=Shape)
    name: str = ""
    """`host/path:tag` for the annotation; empty where it has no name that others could use."""
    digest: str = ""
    """Of the platform's own manifest."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a base comes from: its manifests, and its blobs."""

    name: str
    start: tuple[Descriptor, bytes]
    manifest: Callable[[Descriptor], bytes]
    blob: Callable[[Descriptor], AbstractContextManager[Iterator[bytes]]]


@dataclass(frozen=True, slots=True)
class Fetching:
    """What getting a base takes: where it may come from, where it goes, and what is known of it from before."""

    project: Path
    registry: Callable[[str], RegistryReads]
    into: Layout
    kept: Kept
    codecs: Codecs
    cancel: Cancel


def fetch_base(image: Image, platform: Platform, by: Fetching) -> Base:
    """The base of an image, its blobs in the layout. `ConfigError` where there is none, or none for the platform."""
    if image.base in _SCRATCH:
        return Base()
    origin = _on_disk(image, by.project) if image.base.startswith(_ON_DISK) else _in_registry(image, by.registry)
    descriptor, content = _platforms(origin, image, platform)
    manifest = documents.parse_document(content, origin.name)
    documents.check_image(manifest, descriptor.media_type, origin.name)
    layers = [documents.descriptor_from(it, origin.name) for it in manifest["layers"]]
    for layer in layers:
        documents.check_layer(layer, origin.name, zstd=True)
    for blob in (documents.descriptor_from(manifest["config"], origin.name), *layers):
        _copy(origin, blob, by.into, by.cancel)
    by.into.put(descriptor.media_type, content)  # a squash reads there where the base ends
    config = documents.parse_document(
        by.into.read(documents.descriptor_from(manifest["config"], origin.name)), origin.name
    )
    _check_platform(config, image, platform, origin.name)
    name = "" if image.base.startswith(_ON_DISK) else image.base
    shape = _shape(layers, unpacked_ids(config, layers, origin.name), by)
    return Base(config, tuple(manifest["layers"]), shape, name, descriptor.digest)


def _shape(layers: Sequence[Descriptor], said: Sequence[str], by: Fetching) -> Shape:
    """What the layers make together, read once for the same layers of which the same is `said`: their diff_ids."""
    key = documents.digest_of("\n".join([*(it.digest for it in layers), *said]).encode()).removeprefix("sha256:")
    known = by.kept.shape(key)
    if known is None:
        known = shape_of(stack([_index(*it, by) for it in zip(layers, said, strict=True)]).top)
        by.kept.keep_shape(key, known)
    return known


def _in_registry(image: Image, registry: Callable[[str], RegistryReads]) -> _Origin:
    try:
        reference: Reference = parse_reference(image.base)
    except ValueError as error:
        raise ConfigError(f"building {image.name}: its base is {error}", code="base-invalid") from error
    reads = registry(reference.repository.host)
    found = reads.manifest(reference)
    if found is None:
        raise ConfigError(
            f"building {image.name}: its base {reference} is not there",
            hint=f"name an image that exists under images.{image.name}.base",
            code="base-not-found",
        )

    def manifest(descriptor: Descriptor) -> bytes:
        child = reads.manifest(reference.repository.pinned(descriptor.digest))
        if child is None:
            raise Unavailable(f"reading {reference}: its manifest {descriptor.digest} is not there")
        return child[1]

    return _Origin(str(reference), found, manifest, partial(reads.open_blob, reference.repository))


def _on_disk(image: Image, project: Path) -> _Origin:
    text = image.base.removeprefix(_ON_DISK)
    folder, colon, tag = text.rpartition(":")
    if not colon or (project / text).is_dir():
        folder, tag = text, ""
    layout = read_layout(project / folder)
    found = _tagged(layout, tag, image)
    return _Origin(image.base, (found, layout.read(found)), layout.read, layout.open)


def _tagged(layout: FolderLayout, tag: str, image: Image) -> Descriptor:
    places = [(place, it) for place, it in layout.places() if not it.artifact_type]  # what vouches for one is none
    fitting = [descriptor for place, descriptor in places if place == tag or (not tag and len(places) == 1)]
    if not fitting:
        names = ", ".join(sorted(place for place, _ in places if place)) or "nothing with a name"
        raise ConfigError(
            f"building {image.name}: its base {image.base} names no image there",
            hint=f"write oci:DIR:TAG; the layout holds {names}",
            code="base-not-found",
        )
    return fitting[0]


def _platforms(origin: _Origin, image: Image, platform: Platform) -> tuple[Descriptor, bytes]:
    """The manifest for the image's platform: the base itself, or a child of it."""
    descriptor, content = origin.start
    if not documents.is_index(descriptor.media_type):
        return descriptor, content
    index = documents.parse_document(content, origin.name)
    child = documents.choose(index, platform, origin.name)
    if child is None:
        raise ConfigError(
            f"building {image.name}: its base {origin.name} has nothing for {platform}",
            hint=f"change images.{image.name}.platforms, or the base",
            code="base-platform",
        )
    return child, origin.manifest(child)


def _check_platform(config: Json, image: Image, platform: Platform, name: str) -> None:
    documents.check_config(config, name)
    found = Platform(str(config.get("os")), str(config.get("architecture")), str(config.get("variant") or ""))
    if not documents.same_platform(found, platform):
        raise ConfigError(
            f"building {image.name}: its base {name} is for {found}, the image for {platform}",
            hint=f"change images.{image.name}.platforms, or the base",
            code="base-platform",
        )


def _copy(origin: _Origin, descriptor: Descriptor, into: Layout, cancel: Cancel) -> None:
    if into.has(descriptor.digest, descriptor.size):
        return
    with origin.blob(descriptor) as chunks, into.writer() as writer:
        for chunk in chunks:
            cancel.check()
            writer.write(chunk)
        made = writer.commit(descriptor.media_type)
    if made.digest != descriptor.digest:
        raise Unavailable(f"copying {descriptor.digest} of {origin.name}: {made.digest} came", code="blob-damaged")


def _index(descriptor: Descriptor, diff_id: str, by: Fetching) -> Layer:
    with by.into.open(descriptor) as chunks:
        unpacked = by.codecs.inflate(chunks, descriptor.digest)
        found, layer = index_of(_stoppable(unpacked, by.cancel), descriptor.digest)
    check_diff_id(descriptor.digest, found, diff_id)
    return layer


def _stoppable(chunks: Iterator[bytes], cancel: Cancel) -> Iterator[bytes]:
    for chunk in chunks:
        cancel.check()
        yield chunk
