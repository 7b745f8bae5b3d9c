"""What a build of a Dockerfile leaves in a layout: a manifest that says what we know of the image."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.adapters.docker.archive import Saved
from paasctl.adapters.docker.base import Base
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import Build
from paasctl.oci.building.built import built_index, built_manifest
from paasctl.oci.documents.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    OCI_INDEX,
    OCI_MANIFEST,
    canonical,
    descriptor_json,
)
from paasctl.ports.images import Layout


def labels(step: Build) -> dict[str, str]:
    """What every image says of itself in its configuration, too: `docker inspect` shows nothing else."""
    return {
        "org.opencontainers.image.revision": step.revision,
        "org.opencontainers.image.version": step.version,
    }


def write_manifest(step: Build, platform: Platform, saved: Saved, base: Base, into: Layout) -> Descriptor:
    """Write the manifest of one platform; it lies at no place yet."""
    layers = "" if base.layers is None else str(base.layers)
    known = {BASE_NAME: base.name, BASE_DIGEST: base.digest, BASE_LAYERS: layers}
    manifest = built_manifest(step, known, saved.config, [descriptor_json(it) for it in saved.layers])
    written = into.put(OCI_MANIFEST, canonical(manifest))
    return Descriptor(written.media_type, written.digest, written.size, platform=platform)


def write_index(step: Build, images: Sequence[Descriptor], into: Layout) -> Descriptor:
    """Write the index of several platforms' manifests, in this order; it lies at no place yet."""
    return into.put(OCI_INDEX, canonical(built_index(step, images, "")))
