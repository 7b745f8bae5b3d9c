"""Whole images in a layout, out of tars; and read back out of one."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.adapters.layout import FolderLayout
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents import manifest as documents

LINUX = Platform("linux", "amd64")


def lay_image(
    layout: FolderLayout,
    name: str,
    tars: Sequence[bytes],
    *,
    docker: bool = False,
    platform: Platform = LINUX,
    annotations: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Descriptor:
    """An image with these layers, packed by gzip (every second one plain), laid at `name` where one is given."""
    layers = [_layer(layout, tar, docker=docker, plain=number % 2 == 1) for number, tar in enumerate(tars)]
    document = {
        "architecture": platform.architecture,
        "os": platform.os,
        **({"variant": platform.variant} if platform.variant else {}),
        "created": "2024-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin"], "Healthcheck": {"Test": ["NONE"]}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in tars]},
        "history": [{"created_by": f"layer {number}"} for number in range(len(tars))],
        **(config or {}),
    }
    kind = documents.DOCKER_CONFIG if docker else documents.OCI_CONFIG
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": documents.DOCKER_MANIFEST if docker else documents.OCI_MANIFEST,
        "config": documents.descriptor_json(layout.put(kind, json.dumps(document).encode())),
        "layers": layers,
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    made = layout.put(manifest["mediaType"], json.dumps(manifest).encode())
    laid = Descriptor(made.media_type, made.digest, made.size, platform=platform)
    if name:
        layout.lay(name, laid)
    return laid


def lay_index(layout: FolderLayout, name: str, children: Sequence[Descriptor], **more: Any) -> Descriptor:
    """An index of these, in their order."""
    index = {
        "schemaVersion": 2,
        "mediaType": documents.OCI_INDEX,
        "manifests": [documents.descriptor_json(it) for it in children],
        **more,
    }
    made = layout.put(documents.OCI_INDEX, json.dumps(index).encode())
    layout.lay(name, made)
    return made


def _layer(layout: FolderLayout, tar: bytes, *, docker: bool, plain: bool) -> dict[str, Any]:
    family = documents.DOCKER_LAYER if docker else documents.OCI_LAYER
    media_type = family.removesuffix("+gzip").removesuffix(".gzip") if plain else family
    made = layout.put(media_type, tar if plain else gzip.compress(tar, mtime=0))
    return documents.descriptor_json(made)


def document(layout: FolderLayout, descriptor: Descriptor | Mapping[str, Any]) -> dict[str, Any]:
    """A manifest, index or configuration, by its descriptor."""
    found = descriptor if isinstance(descriptor, Descriptor) else documents.descriptor_from(descriptor, "test")
    read: dict[str, Any] = json.loads(layout.read(found))
    return read


def tars_of(layout: FolderLayout, descriptor: Descriptor) -> list[bytes]:
    """The layers of an image, unpacked, and checked against the configuration."""
    manifest = document(layout, descriptor)
    packed = [layout.read(documents.descriptor_from(it, "test")) for it in manifest["layers"]]
    tars = [gzip.decompress(it) if it[:2] == b"\x1f\x8b" else it for it in packed]
    config = document(layout, manifest["config"])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in tars]
    assert sum(not it.get("empty_layer") for it in config["history"]) == len(tars)
    return tars
