"""Things that vouch, made as cosign makes them: signatures, attestations in envelopes, bundles."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paasctl.adapters.keys import FileKey, read_key
from paasctl.model.image import Descriptor, Pinned
from paasctl.oci.documents.envelope import BUNDLE_TYPE, DSSE_TYPE, IN_TOTO_TYPE, encoded
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_MANIFEST
from paasctl.oci.documents.signature import PAYLOAD_TYPE, SIGNATURE, payload
from support.registry import Registry

SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v0.2"
BUNDLE = f"{BUNDLE_TYPE}.v0.3+json"


def make_key(path: Path) -> FileKey:
    """A private key in a file, its public half beside it as `.pub`."""
    words = ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    public = ("pkey", "-in", str(path), "-pubout", "-out", str(path.with_suffix(".pub")))
    subprocess.run(["openssl", *public], check=True, capture_output=True)
    return read_key(path, {})


def statement(digest: str, predicate: str) -> bytes:
    subject = [{"name": "web", "digest": {"sha256": digest.removeprefix("sha256:")}}]
    said = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate, "predicate": {}}
    return json.dumps(said).encode()


def envelope(said: bytes, *keys: FileKey, kind: str = IN_TOTO_TYPE) -> dict[str, Any]:
    signed = [{"keyid": "", "sig": base64.b64encode(it.sign(encoded(kind, said))).decode()} for it in keys]
    return {"payloadType": kind, "payload": base64.b64encode(said).decode(), "signatures": signed}


def put_signature(
    registry: Registry, subject: Pinned, key: FileKey, *, digest: str = "", name: str = "", beside: str = ""
) -> None:
    """As `cosign sign` does. `digest`, `name`: what is signed, instead of the truth. `beside`: another digest."""
    where = subject.repository if not name else subject.repository.parse(name)
    content = payload(where.pinned(digest or subject.digest))
    signature = base64.b64encode(key.sign(content)).decode()
    put_layers(registry, subject, ".sig", [(content, PAYLOAD_TYPE, {SIGNATURE: signature})], beside)


def put_attestation(registry: Registry, subject: Pinned, said: dict[str, Any] | bytes, predicate: str) -> None:
    """As `cosign attest` does."""
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    put_layers(registry, subject, ".att", [(content, DSSE_TYPE, {"predicateType": predicate})])


def put_bundle(registry: Registry, subject: Descriptor, path: str, said: dict[str, Any]) -> None:
    """As `cosign sign --new-bundle-format` does: a referrer."""
    document = {"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": "a"}}, "dsseEnvelope": said}
    layer = registry.put_blob(path, json.dumps(document).encode(), BUNDLE)
    empty = registry.put_blob(path, b"{}", "application/vnd.oci.empty.v1+json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": _described(empty),
        "layers": [_described(layer)],
        "subject": _described(subject),
    }
    registry.put_manifest(path, json.dumps(manifest).encode())


def put_layers(
    registry: Registry,
    subject: Pinned,
    suffix: str,
    layers: Sequence[tuple[bytes, str, dict[str, str]]],
    beside: str = "",
) -> None:
    """A manifest under a companion's tag."""
    path = subject.repository.path
    made = [
        _described(registry.put_blob(path, content, kind)) | {"annotations": notes} for content, kind, notes in layers
    ]
    config = registry.put_blob(path, b"{}", OCI_CONFIG)
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": _described(config), "layers": made}
    tag = f"{(beside or subject.digest).replace(':', '-')}{suffix}"
    registry.put_manifest(path, json.dumps(manifest).encode(), tag=tag)


def _described(it: Descriptor) -> dict[str, Any]:
    return {"mediaType": it.media_type, "digest": it.digest, "size": it.size}
