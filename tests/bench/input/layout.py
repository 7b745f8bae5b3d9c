"""Writes planned layers as an OCI layout: tar, gzip -6 as a builder would, digests. No daemon, no code of paasctl's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.input.plan import Entry

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_WHEN = 1_760_000_000
_TYPES = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.LNKTYPE, "symlink": tarfile.SYMTYPE}


@dataclass(frozen=True, slots=True)
class Written:
    """A layer as it lies there."""

    digest: str
    size: int
    diff_id: str


def write_layer(folder: Path, number: int, entries: Iterable[Entry]) -> Written:
    """The blob of one layer; `number` is that of the layer, and gives its files their time."""
    fresh = folder / f".{number}.new"
    pack = zlib.compressobj(6, zlib.DEFLATED, 31)
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    with fresh.open("wb") as file:

        def put(chunk: bytes) -> None:
            nonlocal size
            packed.update(chunk)
            size += file.write(chunk)

        for chunk in _tar(entries, _WHEN + number):
            plain.update(chunk)
            put(pack.compress(chunk))
        put(pack.flush())
    fresh.rename(folder / packed.hexdigest())
    return Written(f"sha256:{packed.hexdigest()}", size, f"sha256:{plain.hexdigest()}")


def _tar(entries: Iterable[Entry], when: int) -> Iterator[bytes]:
    for it in entries:
        header = tarfile.TarInfo(it.path)
        header.type, header.mtime, header.linkname = _TYPES[it.kind], when, it.target
        header.mode = 0o755 if it.kind == "folder" or "/bin/" in it.path else 0o644
        header.size = it.source.size if it.source else 0
        yield header.tobuf(tarfile.PAX_FORMAT)
        if it.source:
            yield it.source.content()
            yield bytes(-it.source.size % 512)
    yield bytes(1024)


def write_image(folder: Path, layers: Sequence[list[Entry]], said: Callable[[str], object]) -> None:
    """The whole layout at `folder`, or nothing. On both processors, behind whoever else wants them."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    blobs = fresh / "blobs/sha256"
    blobs.mkdir(parents=True)
    with ProcessPoolExecutor(os.cpu_count(), initializer=os.nice, initargs=(3,)) as pool:
        largest = sorted(range(len(layers)), key=lambda it: -len(layers[it]))
        asked = {number: pool.submit(write_layer, blobs, number, layers[number]) for number in largest}
        written = [asked[number].result() for number in range(len(layers))]
    said(f"{len(layers)} layers, {sum(map(len, layers)):,} entries, {sum(it.size for it in written) / 1e6:,.0f} MB\n")
    write_manifest(fresh, written)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def write_manifest(folder: Path, layers: Sequence[Written], name: str = "1") -> None:
    """Config, manifest and index over layers that lie there."""
    history = [{"created_by": f"RUN step {number}"} for number in range(len(layers))]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"], "Labels": {"made-for": "the bench"}},
        "rootfs": {"type": "layers", "diff_ids": [it.diff_id for it in layers]},
        "history": history,
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _blob(folder, _CONFIG, config),
        "layers": [{"mediaType": _LAYER, "digest": it.digest, "size": it.size} for it in layers],
    }
    named = {**_blob(folder, _MANIFEST, manifest), "annotations": {"org.opencontainers.image.ref.name": name}}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [named]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _blob(folder: Path, media_type: str, value: Any) -> dict[str, Any]:
    content = json.dumps(value, sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}
