"""cosign's simple signing: a payload that names a digest, and its signature, both under a tag of their own.

An image `sha256:abc…` has its signatures in the manifest `sha256-abc….sig` beside it, a layer each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress

from paasctl.model.image import Descriptor, Pinned, Repository, Tagged
from paasctl.oci.documents.companions import fallback_tag
from paasctl.oci.documents.envelope import UnreadableError
from paasctl.oci.documents.manifest import (
    OCI_CONFIG,
    OCI_MANIFEST,
    Json,
    canonical,
    descriptor_from,
    descriptor_json,
    parse_document,
)
from paasctl.oci.documents.record import Artifact
from paasctl.values import dataclass

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
_TYPE = "cosign container image signature"
_NEVER = "0001-01-01T00:00:00Z"


def signature_place(pinned: Pinned) -> Tagged:
    """Where the signatures of an image lie."""
    return pinned.repository.tagged(f"{fallback_tag(pinned.digest)}.sig")


def payload(pinned: Pinned) -> bytes:
    """What is signed: this digest, under this name."""
    critical = {
        "identity": {"docker-reference": str(pinned.repository)},
        "image": {"docker-manifest-digest": pinned.digest},
        "type": _TYPE,
    }
    return canonical({"critical": critical, "optional": None})


@dataclass(frozen=True, slots=True)
class Payload:
    """What was signed: a digest, under a name."""

    digest: str
    reference: str


def read_payload(content: bytes) -> Payload:
    """A payload. `UnreadableError` where it is none."""
    try:
        critical = json.loads(content)["critical"]
        if critical["type"] != _TYPE:
            raise UnreadableError(f"it is a {critical['type']}")
        return Payload(str(critical["image"]["docker-manifest-digest"]), str(critical["identity"]["docker-reference"]))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        raise UnreadableError("it is no payload of a signature") from None


def names(content: bytes) -> str:
    """The digest that a payload is about; "" where it is no payload."""
    try:
        return read_payload(content).digest
    except UnreadableError:
        return ""


def signature_of(layer: Json) -> bytes:
    """The signature of a payload, in the annotation of its layer. `UnreadableError` where there is none."""
    notes = layer.get("annotations")
    said = notes.get(SIGNATURE) if isinstance(notes, dict) else None
    if not isinstance(said, str):
        raise UnreadableError("it has no signature")
    try:
        return base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("its signature is not in base64") from None


def signatures(manifest: bytes, what: str) -> Iterator[tuple[Descriptor, bytes]]:
    """Each payload's descriptor, and the signature of it; what is none is passed over."""
    for it in parse_document(manifest, what).get("layers") or ():
        found = descriptor_from(it, what)
        if found.media_type == PAYLOAD_TYPE:
            with suppress(UnreadableError):
                yield found, signature_of(it)


def is_signed(
    pinned: Pinned,
    manifest: Callable[[Tagged], tuple[Descriptor, bytes] | None],
    blob: Callable[[Repository, Descriptor], bytes],
    verifies: Callable[[bytes, bytes], bool],
) -> bool:
    """Whether one of its signatures is by a key: `verifies` is told a payload and a signature."""
    place = signature_place(pinned)
    if (found := manifest(place)) is None:
        return False
    for descriptor, signature in signatures(found[1], str(place)):
        content = blob(pinned.repository, descriptor)
        if names(content) == pinned.digest and verifies(content, signature):
            return True
    return False


def signature_artifact(content: bytes, signature: bytes, before: bytes | None) -> Artifact:
    """The manifest with one signature more than `before`, and the blobs that are new."""
    described = Descriptor(PAYLOAD_TYPE, _digest(content), len(content))
    layer = descriptor_json(described) | {"annotations": {SIGNATURE: base64.b64encode(signature).decode()}}
    layers: list[Json] = [*(parse_document(before, "signatures")["layers"] if before else ()), layer]
    config = canonical(
        {
            "architecture": "",
            "created": _NEVER,
            "history": [{"created": _NEVER} for _ in layers],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [it["digest"] for it in layers]},
            "config": {},
        }
    )
    configured = Descriptor(OCI_CONFIG, _digest(config), len(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(configured),
        "layers": layers,
    }
    return Artifact(canonical(manifest), ((described, content), (configured, config)))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
