"""Manifests, indexes and descriptors as raw JSON objects: what is not ours to understand survives an edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from paasctl.errors import BuildFailed, Refused
from paasctl.model.image import Descriptor, Platform

Json = dict[str, Any]
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
BASE_LAYERS = "vnd.paasctl.base.layers"
"""How many layers, from the bottom, are the base's: for builders that know the number and not the manifest."""
_SHOWN = 100
"""Letters of what is malformed, in a message."""
_OBJECTS = ("annotations", "config", "rootfs")
_LISTS = ("layers", "manifests", "history")
"""Of manifests, indexes and configurations alike: no name means two things."""
STARGZ_TOC = "containerd.io/snapshot/stargz/toc.digest"
_TO_OCI = {
    DOCKER_LAYER: OCI_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON in its one spelling: sorted keys, no spaces, UTF-8; of what is no character, JSON's own escape."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace")


def digest_of(content: bytes) -> str:
    """`sha256:…` of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse_document(content: bytes, what: str) -> Json:
    """A JSON object. `BuildFailed` where it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BuildFailed(f"reading {what}: it is no JSON: {error}", code="image-unreadable") from error
    if not isinstance(document, dict):
        raise BuildFailed(f"reading {what}: it is no JSON object", code="image-unreadable")
    _check_shape(document, what)
    return document


def _check_shape(document: Json, what: str) -> None:
    """Refuse fields of another kind than image-spec says, once: nobody who reads them then need ask."""
    inner = document.get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    fields = {**{it: document.get(it) for it in (*_OBJECTS, *_LISTS)}, "Labels": labels}
    for name, found in fields.items():
        if name in _LISTS:
            if found is not None and not (isinstance(found, list) and all(isinstance(it, dict) for it in found)):
                raise BuildFailed(f"reading {what}: its {name!r} is no list of objects", code="image-unreadable")
        elif found is not None and not isinstance(found, dict):
            raise BuildFailed(f"reading {what}: its {name!r} is no object", code="image-unreadable")


def descriptor_from(said: Any, what: str) -> Descriptor:
    """A descriptor out of a manifest. `BuildFailed` where a field is missing."""
    try:
        platform = said.get("platform")
        made = Descriptor(
            said["mediaType"],
            str(said["digest"]),
            int(said["size"]),
            dict(said.get("annotations") or {}),
            Platform(platform["os"], platform["architecture"], platform.get("variant", "")) if platform else None,
            said.get("artifactType", ""),
        )
    except KeyError as error:
        raise BuildFailed(f"reading {what}: a descriptor has no {error.args[0]}", code="image-unreadable") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BuildFailed(
            f"reading {what}: a descriptor is malformed: {str(said)[:_SHOWN]}", code="image-unreadable"
        ) from error
    if made.size < 0:
        raise BuildFailed(f"reading {what}: a descriptor says {made.size} bytes", code="image-unreadable")
    return made


def descriptor_json(it: Descriptor) -> Json:
    """The descriptor as image-spec `descriptor.md` has it; empty fields are left out."""
    said: Json = {"mediaType": it.media_type, "digest": it.digest, "size": it.size}
    if it.annotations:
        said["annotations"] = dict(it.annotations)
    if it.platform:
        variant = {"variant": it.platform.variant} if it.platform.variant else {}
        said["platform"] = {"os": it.platform.os, "architecture": it.platform.architecture, **variant}
    if it.artifact_type:
        said["artifactType"] = it.artifact_type
    return said


def is_index(media_type: str) -> bool:
    """Whether it is a list of images."""
    return media_type in (OCI_INDEX, DOCKER_INDEX)


def is_manifest(media_type: str) -> bool:
    """Whether it is an image's or an artifact's manifest, or a list of such: what registries keep apart from blobs."""
    return ".manifest." in media_type or ".image.index." in media_type


def is_attestation(descriptor: Descriptor) -> bool:
    """Whether it is what BuildKit keeps beside the images of an index: provenance, not an image."""
    kind = descriptor.annotations.get("vnd.docker.reference.type")
    return bool(kind) or (descriptor.platform is not None and descriptor.platform.os == "unknown")


def check_image(manifest: Json, media_type: str, what: str) -> None:
    """Refuse what is no image we may change: schema 1, and artifacts."""
    config = (manifest.get("config") or {}).get("mediaType")
    if media_type not in (OCI_MANIFEST, DOCKER_MANIFEST) or manifest.get("schemaVersion") != 2:
        raise Refused(f"reading {what}: its manifest is {media_type or 'of no known type'}", code="image-unsupported")
    if config not in (OCI_CONFIG, DOCKER_CONFIG):
        raise Refused(f"reading {what}: it is an artifact ({config}), no image", code="image-unsupported")


def check_config(config: Json, what: str) -> None:
    """Refuse Windows: its layers are no file trees."""
    if config.get("os") == "windows":
        raise Refused(f"reading {what}: it is a Windows image", code="image-unsupported")


def check_layer(descriptor: Descriptor, what: str, *, zstd: bool = False) -> None:
    """Refuse layers whose content can't be had or can't be unpacked here. `zstd`: whether there is a reader for it."""
    kind = descriptor.media_type
    why = (
        "is encrypted"
        if "+encrypted" in kind
        else "may not be distributed"
        if is_foreign(kind)
        else "is packed with zstd, which this Python has no reader for"
        if kind.endswith("zstd") and not zstd
        else ""
        if "tar" in kind
        else f"has the media type {kind}"
    )
    if why:
        raise Refused(f"reading {what}: its layer {descriptor.digest} {why}", code="layer-unsupported")


def is_foreign(media_type: str) -> bool:
    """Whether registries do not hold it (Windows base layers)."""
    return "nondistributable" in media_type or ".foreign." in media_type


def as_oci(media_type: str) -> str:
    """The OCI name of a layer's media type; the bytes are the same."""
    return _TO_OCI.get(media_type, media_type)


def choose(index: Json, platform: Platform, what: str) -> Descriptor | None:
    """The child for a platform; None: the index has none. `arm64` and `arm64/v8`, `amd64` and `amd64/v1` are one."""
    children = [descriptor_from(it, what) for it in index.get("manifests") or ()]
    images = [it for it in children if it.platform is not None and not is_attestation(it)]
    return next((it for it in images if it.platform and same_platform(it.platform, platform)), None)


def same_platform(one: Platform, other: Platform) -> bool:
    """Whether what runs on one runs on the other: a missing variant is the architecture's usual one."""
    default = {"arm64": "v8", "amd64": "v1", "arm": "v7"}.get(one.architecture, "")
    return (one.os, one.architecture, one.variant or default) == (
        other.os,
        other.architecture,
        other.variant or default,
    )
