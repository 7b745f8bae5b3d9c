"""Values that the small registry and its tests share: media types, descriptors, manifests, requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paasctl.model.image import Descriptor

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def describe(content: bytes, media_type: str = LAYER) -> Descriptor:
    """The descriptor of these bytes."""
    return Descriptor(media_type, digest_of(content), len(content))


def manifest_of(config: Descriptor, layers: Sequence[Descriptor]) -> bytes:
    """An OCI image manifest, as bytes."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _plain(config),
            "layers": [_plain(layer) for layer in layers],
        }
    ).encode()


def index_of(manifests: Sequence[Descriptor]) -> bytes:
    """An OCI image index, as bytes."""
    listed = [_plain(it) for it in manifests]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()


def vouching(subject: Descriptor, blob: Descriptor, kind: str, note: str = "") -> bytes:
    """A manifest that vouches for another one, as bytes; `note` makes it one of its own."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "config": _plain(blob),
            "layers": [_plain(blob)],
            "subject": _plain(subject),
            "annotations": {"note": note},
        }
    ).encode()


def _plain(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    """Their names as in `Content-Type`."""
