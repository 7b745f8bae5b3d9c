"""`ports.Builder` without a daemon: layers of files over scratch or a base image. The same input has the same digest.

Nothing of this machine gets in: no names, clocks, umask or order of directories. The base comes from a registry or from
an OCI layout on disk (`base.py`); its layers are taken as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from paasctl.adapters.base import Base, fetch_base
from paasctl.adapters.sources import content_of, find_sources
from paasctl.errors import Refused
from paasctl.model.image import Descriptor
from paasctl.model.layer import FileLayer
from paasctl.model.plan import Build
from paasctl.oci.compose import Placed, compose
from paasctl.oci.config import built_config, rfc3339, with_layer
from paasctl.oci.gzip import Compressor
from paasctl.oci.manifest import (
    BASE_DIGEST,
    BASE_NAME,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Json,
    as_oci,
    canonical,
    descriptor_json,
)
from paasctl.oci.rebuild import END, padding
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout, RegistryReads
from paasctl.values import dataclass

Log = Callable[[str], None]
_EPOCH = 1
"""The time of every file in a layer, in seconds: an unchanged layer keeps its digest from commit to commit, and is sent
once. Not 0, which some programs take for "unknown". The commit's time is in the configuration."""


@dataclass(frozen=True, slots=True)
class LayersBuilder:
    """Builds images that say `layers:`. `registry` is asked for the host of a base image."""

    registry: Callable[[str], RegistryReads]

    def build(self, step: Build, context: Path, into: Layout, *, log: Log, cancel: Cancel) -> Descriptor:
        """The manifest, laid at `step.image.name`. `context` is the project's folder; the image's own is below it."""
        base = fetch_base(step.image, context, into, self.registry, cancel)
        if base.digest:
            log(f"base {base.name or step.image.base} is {base.digest}")
        config = built_config(base.config, step.image.platform, step.image.config, step.epoch)
        config = _labelled(config, step)
        layers = [{**it, "mediaType": as_oci(it["mediaType"])} for it in base.layers]
        for layer in step.image.layers:
            if not isinstance(layer, FileLayer):
                raise Refused(f"building {step.image.name}: layers of this kind can't be built yet")
            made, diff_id = _layer(layer, base, context / step.image.context, _Making(step, into, cancel))
            log(f"{layer.src} -> {layer.dest}: {made.digest} ({made.size} bytes)")
            layers.append(descriptor_json(made))
            config = with_layer(config, diff_id, f"paasctl layer {layer.src} -> {layer.dest}")
        written = into.put(OCI_CONFIG, canonical(config))
        found = into.put(OCI_MANIFEST, canonical(_manifest(step, base, written, layers)))
        laid = Descriptor(OCI_MANIFEST, found.digest, found.size, platform=step.image.platform)
        into.lay(step.image.name, laid)
        return laid


@dataclass(frozen=True, slots=True)
class _Making:
    step: Build
    into: Layout
    cancel: Cancel


def _layer(layer: FileLayer, base: Base, folder: Path, making: _Making) -> tuple[Descriptor, str]:
    """One layer, written; `base.tree` then holds it too."""
    sources = find_sources(folder, layer, making.cancel)
    placed = compose(sources, layer, base.tree, _EPOCH)
    digest, packer = hashlib.sha256(), Compressor()
    with making.into.writer() as writer:
        for piece in _tar(placed, making.cancel):
            digest.update(piece)
            if packed := packer.compress(piece):
                writer.write(packed)
        writer.write(packer.flush())
        return writer.commit(OCI_LAYER), f"sha256:{digest.hexdigest()}"


def _tar(placed: Sequence[Placed], cancel: Cancel) -> Iterator[bytes]:
    for it in placed:
        cancel.check()
        yield it.header
        if it.source:
            yield from content_of(it.source)
            yield padding(it.source.size)
    yield END


def _labelled(config: Json, step: Build) -> Json:
    """`docker inspect` shows labels only, so the main annotations are there too; the project's own labels win."""
    inner = config.get("config") or {}
    ours = {"org.opencontainers.image.revision": step.revision, "org.opencontainers.image.version": step.version}
    labels = {**(inner.get("Labels") or {}), **ours, **step.image.config.labels}
    return {**config, "config": {**inner, "Labels": labels}}


def _manifest(step: Build, base: Base, config: Descriptor, layers: Sequence[Json]) -> Json:
    annotations = {
        "org.opencontainers.image.created": rfc3339(step.epoch),
        "org.opencontainers.image.revision": step.revision,
        "org.opencontainers.image.version": step.version,
        BASE_NAME: base.name,
        BASE_DIGEST: base.digest,
    }
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(config),
        "layers": list(layers),
        "annotations": {key: value for key, value in annotations.items() if value},
    }
