"""Media types after layers were packed anew: each family (Docker's, OCI's) keeps to its own; zstd is OCI's alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import (
    DOCKER_CONFIG,
    DOCKER_INDEX,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Json,
    as_oci,
)

Packing = Literal["gzip", "zstd", "none"]
_OCI = {DOCKER_MANIFEST: OCI_MANIFEST, DOCKER_INDEX: OCI_INDEX, DOCKER_CONFIG: OCI_CONFIG}
OCI_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"


def packing_of(wanted: Literal["gzip", "zstd", "none", "keep"], replaced: Sequence[Descriptor]) -> Packing:
    """How to pack: as wanted; to keep it, zstd where all that is replaced was, else gzip."""
    if wanted != "keep":
        return wanted
    return "zstd" if replaced and all(it.media_type.endswith("zstd") for it in replaced) else "gzip"


def is_docker(manifest: Json) -> bool:
    """Whether a manifest is of Docker's family."""
    return (manifest.get("config") or {}).get("mediaType") == DOCKER_CONFIG


def layer_type(manifest: Json, packing: Packing) -> str:
    """The media type of a new layer."""
    if packing == "zstd":
        return OCI_ZSTD
    packed = DOCKER_LAYER if is_docker(manifest) else OCI_LAYER
    return packed if packing == "gzip" else packed.removesuffix("+gzip").removesuffix(".gzip")


def fitting(manifest: Json, packing: Packing) -> Json:
    """The manifest in a family that has such layers: a Docker one becomes OCI's for zstd. The bytes stay the same."""
    if packing != "zstd" or not is_docker(manifest):
        return manifest
    return {
        **manifest,
        "mediaType": OCI_MANIFEST,
        "config": {**manifest["config"], "mediaType": OCI_CONFIG},
        "layers": [{**it, "mediaType": as_oci(it["mediaType"])} for it in manifest["layers"]],
    }


def in_family(media_type: str, children: Sequence[str]) -> str:
    """The media type of an index over children of these types: OCI's where one of them is."""
    return _OCI.get(media_type, media_type) if OCI_MANIFEST in children else media_type
