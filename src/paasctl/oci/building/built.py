"""Documents of an image that was built here: labels, manifest, index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.oci.documents.config import rfc3339
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_NAME, OCI_INDEX, OCI_MANIFEST, Json, descriptor_json


def labelled(config: Json, step: Build) -> Json:
    """`docker inspect` shows labels only, so the main annotations are there too; the project's own labels win."""
    inner = config.get("config") or {}
    ours = {"org.opencontainers.image.revision": step.revision, "org.opencontainers.image.version": step.version}
    labels = {**(inner.get("Labels") or {}), **ours, **step.image.config.labels}
    return {**config, "config": {**inner, "Labels": labels}}


def annotated(step: Build, base: Mapping[str, str]) -> dict[str, str]:
    """What the manifest, and an index of several, say of where they come from."""
    said = {
        "org.opencontainers.image.created": rfc3339(step.epoch),
        "org.opencontainers.image.revision": step.revision,
        "org.opencontainers.image.version": step.version,
        **base,
    }
    return {key: value for key, value in said.items() if value}


def built_manifest(step: Build, base: Mapping[str, str], config: Descriptor, layers: Sequence[Json]) -> Json:
    """The manifest of one platform; `base` are the annotations about its base."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(config),
        "layers": list(layers),
        "annotations": annotated(step, base),
    }


def built_index(step: Build, children: Sequence[Descriptor], base: str) -> Json:
    """The index of several platforms, in the order in which they are asked for."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor_json(it) for it in children],
        "annotations": annotated(step, {BASE_NAME: base}),
    }


def base_annotations(name: str, digest: str) -> dict[str, str]:
    """What a manifest says of its base."""
    return {BASE_NAME: name, BASE_DIGEST: digest}
