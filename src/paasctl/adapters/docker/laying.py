"""What a build of a Dockerfile leaves in a layout: a manifest that says what we know of the image."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.adapters.docker.archive import Saved
from paasctl.adapters.docker.base import Base
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import Build
from paasctl.oci.config import rfc3339
from paasctl.oci.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    OCI_INDEX,
    OCI_MANIFEST,
    canonical,
    descriptor_json,
)
from paasctl.ports.images import Layout

REVISION, VERSION = "org.opencontainers.image.revision", "org.opencontainers.image.version"
_CREATED = "org.opencontainers.image.created"


def labels(step: Build) -> dict[str, str]:
    """What every image says of itself in its configuration, too: `docker inspect` shows nothing else."""
    return {REVISION: step.revision, VERSION: step.version}


def write_manifest(step: Build, platform: Platform, saved: Saved, base: Base, into: Layout) -> Descriptor:
    """Write the manifest of one platform; it lies at no place yet."""
    known = {
        **labels(step),
        _CREATED: rfc3339(step.epoch),
        BASE_NAME: base.name,
        BASE_DIGEST: base.digest,
        BASE_LAYERS: "" if base.layers is None else str(base.layers),
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(saved.config),
        "layers": [descriptor_json(it) for it in saved.layers],
        "annotations": {name: value for name, value in known.items() if value},
    }
    written = into.put(OCI_MANIFEST, canonical(manifest))
    return Descriptor(written.media_type, written.digest, written.size, platform=platform)


def write_index(step: Build, images: Sequence[Descriptor], into: Layout) -> Descriptor:
    """Write the index of several platforms' manifests, in this order; it lies at no place yet."""
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor_json(it) for it in images],
        "annotations": {**labels(step), _CREATED: rfc3339(step.epoch)},
    }
    return into.put(OCI_INDEX, canonical(index))
