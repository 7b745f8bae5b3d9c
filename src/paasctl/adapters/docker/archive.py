"""An image out of `docker save`, into a layout: one pass over the stream, each layer straight to its blob.

Reads what engines have written so far: `ID/layer.tar` files (links among them, where a layer occurs twice), and since
Docker 25 `blobs/sha256/…`. Both have a `manifest.json`, which comes after the layers; an archive with `index.json`
alone is an OCI layout.
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from paasctl.adapters.codecs.gzip import Compressor
from paasctl.errors import BuildFailed
from paasctl.model.counting import count
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_LAYER, descriptor_from, is_attestation
from paasctl.ports.images import Layout

PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ZSTD_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"
_CHUNK = 1 << 20
_SMALL = 8 << 20
_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """An image whose blobs are in the layout."""

    config: Descriptor
    document: dict[str, Any]
    """The configuration, parsed."""
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What the stream held."""

    small: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, tuple[Descriptor, str]] = field(default_factory=dict)
    """Name in the archive -> blob, and its diff_id ("" where the blob is packed, so we did not see the plain bytes)."""
    links: dict[str, str] = field(default_factory=dict)


def save_into(stream: Iterator[bytes], layout: Layout, what: str, *, pack: bool) -> Saved:
    """Read an archive of one image. `pack`: compress plain layers; packed ones are kept as they are.

    What does not fit together (a layer missing, a diff_id that is another) is `BuildFailed`, code `image-unreadable`.
    """
    found = _Found()
    try:
        with tarfile.open(fileobj=Streamed(stream), mode="r|", bufsize=_CHUNK) as archive:
            for member in archive:
                _take(archive, member, found, layout, pack=pack)
    except tarfile.TarError as error:
        raise _unreadable(what, f"the archive is damaged: {error}") from error
    return _joined(found, layout, what)


class Streamed(io.RawIOBase):
    """A stream of chunks, to be read as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        pieces = [self._rest]
        have = len(self._rest)
        while have < size and (chunk := next(self._chunks, b"")):
            pieces.append(chunk)
            have += len(chunk)
        whole = b"".join(pieces)
        self._rest = whole[size:]
        return whole[:size]


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, found: _Found, layout: Layout, *, pack: bool) -> None:
    name = posixpath.normpath(member.name)
    if member.issym():
        found.links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
    elif member.islnk():
        found.links[name] = posixpath.normpath(member.linkname)
    elif member.isreg() and (content := archive.extractfile(member)) is not None:
        head = content.read(_CHUNK)
        if packed := _packed_as(head):
            found.layers[name] = (_copied(head, content, layout, packed), "")
        elif _is_tar(name, head):
            found.layers[name] = _packed(head, content, layout) if pack else _plain(head, content, layout)
        elif member.size <= _SMALL:
            found.small[name] = head + content.read()


def _packed_as(head: bytes) -> str:
    return OCI_LAYER if head.startswith(_GZIP) else _ZSTD_LAYER if head.startswith(_ZSTD) else ""


def _is_tar(name: str, head: bytes) -> bool:
    """A tar says so at 257; an empty one is zeros only."""
    return name.endswith("layer.tar") or head[257:262] == b"ustar" or (len(head) >= 1024 and not any(head[:1024]))


def _chunks(head: bytes, content: IO[bytes]) -> Iterator[bytes]:
    chunk = head
    while chunk:
        yield chunk
        chunk = content.read(_CHUNK)


def _copied(head: bytes, content: IO[bytes], layout: Layout, media_type: str) -> Descriptor:
    with layout.writer() as blob:
        for chunk in _chunks(head, content):
            blob.write(chunk)
        return blob.commit(media_type)


def _plain(head: bytes, content: IO[bytes], layout: Layout) -> tuple[Descriptor, str]:
    layer = _copied(head, content, layout, PLAIN_LAYER)
    return layer, layer.digest


def _packed(head: bytes, content: IO[bytes], layout: Layout) -> tuple[Descriptor, str]:
    plain, compressor = hashlib.sha256(), Compressor()
    with layout.writer() as blob:
        for chunk in _chunks(head, content):
            plain.update(chunk)
            blob.write(compressor.compress(chunk))
        blob.write(compressor.flush())
        return blob.commit(OCI_LAYER), f"sha256:{plain.hexdigest()}"


def _joined(found: _Found, layout: Layout, what: str) -> Saved:
    config_name, layer_names = _parts(found, what)
    config = found.small.get(_target(config_name, found))
    if config is None:
        raise _unreadable(what, f"{config_name} is missing")
    document = _document(config, what)
    diff_ids = tuple((document.get("rootfs") or {}).get("diff_ids") or ())
    layers = tuple(_layer(name, found, what) for name in layer_names)
    if len(diff_ids) != len(layers):
        raise _unreadable(what, f"{count(len(layers), 'layer')}, but the configuration names {len(diff_ids)}")
    for (layer, seen), wanted in zip(layers, diff_ids, strict=True):
        if seen not in ("", wanted):
            raise _unreadable(what, f"layer {layer.digest} unpacks to {seen}, and the configuration says {wanted}")
    return Saved(
        config=layout.put(OCI_CONFIG, config),
        document=document,
        layers=tuple(layer for layer, _ in layers),
        diff_ids=diff_ids,
    )


def _layer(name: str, found: _Found, what: str) -> tuple[Descriptor, str]:
    target = _target(name, found)
    if target not in found.layers:
        raise _unreadable(what, f"{name} is missing")
    layer, diff_id = found.layers[target]
    if not diff_id and target.startswith("blobs/sha256/") and target != f"blobs/{layer.digest.replace(':', '/')}":
        raise _unreadable(what, f"{name} holds other content, {layer.digest}")
    return layer, diff_id


def _target(name: str, found: _Found) -> str:
    """The file a name stands for, through links; a circle of them leads nowhere."""
    seen = set[str]()
    while name in found.links and name not in seen:
        seen.add(name)
        name = found.links[name]
    return name


def _parts(found: _Found, what: str) -> tuple[str, list[str]]:
    """Names in the archive of the configuration and of the layers, bottom first."""
    if (said := found.small.get("manifest.json")) is not None:
        (entry, *others) = _list(said, what)
        if others:
            raise _unreadable(what, f"the archive holds {count(1 + len(others), 'image')}")
        return str(entry.get("Config", "")), [posixpath.normpath(str(it)) for it in entry.get("Layers") or ()]
    if (said := found.small.get("index.json")) is None:
        raise _unreadable(what, "the archive has neither manifest.json nor index.json")
    manifest = _document(said, what)
    while manifest.get("manifests") is not None:
        children = [descriptor_from(it, what) for it in manifest["manifests"]]
        images = [it for it in children if not is_attestation(it)]
        if len(images) != 1:
            raise _unreadable(what, f"the archive holds {count(len(images), 'image')}")
        manifest = _document(found.small.get(_blob(images[0].digest), b""), what)
    named = [descriptor_from(it, what) for it in (manifest.get("config"), *(manifest.get("layers") or ()))]
    config, *layers = [_blob(it.digest) for it in named]
    return config, layers


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _list(content: bytes, what: str) -> list[dict[str, Any]]:
    try:
        said = json.loads(content)
    except ValueError as error:
        raise _unreadable(what, f"manifest.json is no JSON: {error}") from error
    if not (isinstance(said, list) and said and all(isinstance(it, dict) for it in said)):
        raise _unreadable(what, "manifest.json lists no image")
    return said


def _document(content: bytes, what: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError as error:
        raise _unreadable(what, f"a part of the archive is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise _unreadable(what, "a part of the archive is no JSON object")
    return said


def _unreadable(what: str, why: str) -> BuildFailed:
    return BuildFailed(f"taking {what} from the Docker engine: {why}", code="image-unreadable")
