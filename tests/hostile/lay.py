"""An image as an OCI layout on disk, written without paasctl: its layers plain, or packed by zlib."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hostile.parts import END, Part, member

_OCI = "application/vnd.oci.image."


def lay(layout: Path, layers: Sequence[bytes], *, packed: bool = True, diff_ids: Sequence[str] = ()) -> Path:
    """The only image of a layout. `diff_ids` where `layers` are blobs that are packed already."""
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": _OCI + kind, "digest": f"sha256:{digest}", "size": len(content)}

    ids = diff_ids or [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": {"Cmd": ["/none"]},
        "rootfs": {"type": "layers", "diff_ids": list(ids)},
        "history": [{"created_by": f"layer {number}"} for number in range(len(layers))],
    }
    pack = packed and not diff_ids
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "config.v1+json"),
        "layers": [
            blob(gzip.compress(it, 1, mtime=0) if pack else it, f"layer.v1.tar{'+gzip' if packed else ''}")
            for it in layers
        ],
    }
    described = blob(json.dumps(manifest).encode(), "manifest.v1+json")
    entry = {**described, "annotations": {"org.opencontainers.image.ref.name": "in"}}
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return layout


def tiny(count: int) -> bytes:
    """A layer of so many empty files, a thousand to a folder that nothing describes."""
    return b"".join([*(member(Part(b"d%d/f%d" % (it // 1000, it))) for it in range(count)), END])
