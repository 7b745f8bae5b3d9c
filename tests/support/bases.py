"""Base images, put into a registry of the tests."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents import manifest as documents
from support.builds import LINUX
from support.registry import Registry
from support.tars import Entry, tar_of

SMALL = (
    tar_of("etc/", "etc/os=small", "bin/", Entry("bin/sh", data=b"#!", mode=0o755)),
    tar_of("opt/", "opt/second=2"),
)
"""Layers of a base that can run nothing."""
MERGED = (
    tar_of(
        "usr/", "usr/bin/", Entry("usr/bin/sh", data=b"#!", mode=0o755), "bin->usr/bin", "lib->/usr/lib", "usr/lib/"
    ),
)
"""A usr-merged one."""
CONFIG: dict[str, Any] = {
    "Env": ["PATH=/bin", "BELOW=1"],
    "Cmd": ["/bin/sh"],
    "Labels": {"below": "yes"},
    "WorkingDir": "/opt",
}


def put_base(
    registry: Registry,
    path: str = "base/small",
    tars: Sequence[bytes] = SMALL,
    *,
    tag: str = "1",
    platform: Platform = LINUX,
    config: Mapping[str, Any] | None = None,
) -> Descriptor:
    """An image; `tag` "": by digest only."""
    layers = [registry.put_blob(path, gzip.compress(it, mtime=0), documents.OCI_LAYER) for it in tars]
    said = {
        "architecture": platform.architecture,
        "os": platform.os,
        **({"variant": platform.variant} if platform.variant else {}),
        "created": "2024-01-01T00:00:00Z",
        "config": CONFIG | dict(config or {}),
        "rootfs": {"type": "layers", "diff_ids": diff_ids(tars)},
        "history": [{"created_by": f"layer {number}"} for number in range(len(tars))],
    }
    kept = registry.put_blob(path, json.dumps(said).encode(), documents.OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": documents.OCI_MANIFEST,
        "config": documents.descriptor_json(kept),
        "layers": [documents.descriptor_json(it) for it in layers],
    }
    made = registry.put_manifest(path, json.dumps(manifest).encode(), documents.OCI_MANIFEST, tag=tag)
    return Descriptor(made.media_type, made.digest, made.size, platform=platform)


def put_index(registry: Registry, path: str, children: Sequence[Descriptor], *, tag: str = "1") -> Descriptor:
    """An index of them."""
    index = {
        "schemaVersion": 2,
        "mediaType": documents.OCI_INDEX,
        "manifests": [documents.descriptor_json(it) for it in children],
    }
    return registry.put_manifest(path, json.dumps(index).encode(), documents.OCI_INDEX, tag=tag)


def diff_ids(tars: Sequence[bytes]) -> list[str]:
    """Of plain layers."""
    return [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in tars]
