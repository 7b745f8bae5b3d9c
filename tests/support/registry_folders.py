"""The registry's folder in tests: requests to what serves it, and layouts laid by hand."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.registry_values import CONFIG, LAYER, MANIFEST, describe, digest_of, manifest_of

REF = "org.opencontainers.image.ref.name"


@dataclass
class Said:
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(host: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Said:
    """One request; `_` in a header's name is a dash."""
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): it for name, it in headers.items()})
        answer = connection.getresponse()
        return Said(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def push(host: str, repository: str, content: bytes) -> str:
    """A blob, in one go; its digest."""
    digest = digest_of(content)
    place = ask(host, "POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    assert ask(host, "PUT", f"{place}&digest={digest}", content).status == 201
    return digest


def push_image(host: str, repository: str, tag: str, layer: bytes) -> str:
    """An image of one layer; its digest."""
    for it in (layer, b"{}"):
        push(host, repository, it)
    manifest = manifest_of(describe(b"{}", CONFIG), [describe(layer, LAYER)])
    assert ask(host, "PUT", f"/v2/{repository}/manifests/{tag}", manifest, Content_Type=MANIFEST).status == 201
    return digest_of(manifest)


def lay(folder: Path, content: bytes) -> str:
    """A blob, laid by hand; its digest."""
    digest = digest_of(content)
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(content)
    return digest


def foreign(folder: Path, *entries: Any) -> None:
    """A layout as another tool makes it."""
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))


def image(folder: Path, layer: bytes = b"layer") -> bytes:
    """An image's blobs, laid by hand; its manifest."""
    for it in (b"{}", layer):
        lay(folder, it)
    manifest = manifest_of(describe(b"{}", CONFIG), [describe(layer, LAYER)])
    lay(folder, manifest)
    return manifest


def entry(content: bytes, ref: str = "", media: str = MANIFEST) -> dict[str, Any]:
    """What an index says of a manifest."""
    said = {"mediaType": media, "digest": digest_of(content), "size": len(content)}
    return {**said, "annotations": {REF: ref}} if ref else said
