"""What real Docker Engines write: the stream of a build, and the archive of an image."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from typing import Any

IMAGE = "sha256:" + "ab" * 32

# --- what a build answers -------------------------------------------------------------------------------------------


def line(**message: Any) -> bytes:
    """One message of a build's stream."""
    return json.dumps(message).encode() + b"\r\n"


def trace(*parts: bytes) -> bytes:
    """A message of BuildKit's progress, of `vertex`es and `said`s."""
    return line(id="moby.buildkit.trace", aux=base64.b64encode(b"".join(parts)).decode())


def vertex(
    digest: str,
    name: str,
    started: float | None = None,
    ended: float | None = None,
    *,
    cached: bool = False,
    error: str = "",
) -> bytes:
    """A step."""
    known = _bytes(1, digest.encode()) + _bytes(2, b"input") + _bytes(3, name.encode())
    known += _number(4, 1) if cached else b""
    known += (_bytes(5, _time(started)) if started else b"") + (_bytes(6, _time(ended)) if ended else b"")
    return _bytes(1, known + (_bytes(7, error.encode()) if error else b""))


def said(digest: str, when: float, text: str) -> bytes:
    """What a step wrote."""
    return _bytes(3, _bytes(1, digest.encode()) + _bytes(2, _time(when)) + _number(3, 1) + _bytes(4, text.encode()))


def image_id(image: str = IMAGE) -> bytes:
    """BuildKit's way to name the image."""
    return line(id="moby.image.id", aux={"ID": image})


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _time(seconds: float) -> bytes:
    return _number(1, int(seconds)) + _number(2, int(seconds % 1 * 1e9))


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


# --- what `docker save` writes --------------------------------------------------------------------------------------


def layer(**files: str) -> bytes:
    """A layer as a tar."""
    return tar((name, text.encode()) for name, text in files.items())


def tar(members: Any) -> bytes:
    """A tar of (name, content), or of (name, link target as `-> target` text, tar type)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content, *kind in members:
            header = tarfile.TarInfo(name)
            if kind:
                header.type, header.linkname = kind[0], content
                archive.addfile(header)
            else:
                header.size = len(content)
                archive.addfile(header, io.BytesIO(content))
    return out.getvalue()


def config(layers: Sequence[bytes], **more: Any) -> bytes:
    """An image configuration for plain layers."""
    diff_ids = [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in layers]
    document = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}, **more}
    return json.dumps(document, indent=1).encode()


def archive(layers: Sequence[bytes]) -> bytes:
    """`docker save` until Docker 24: a folder per layer, a link where one occurs again, manifest.json last."""
    members: list[tuple[Any, ...]] = []
    first: dict[bytes, str] = {}
    names = []
    for at, content in enumerate(layers):
        names.append(f"{at:064x}/layer.tar")
        members.append((f"{at:064x}/VERSION", b"1.0"))
        if content in first:
            members.append((names[-1], f"../{first[content]}", tarfile.SYMTYPE))
        else:
            first[content] = names[-1]
            members.append((names[-1], content))
    document = config(layers)
    config_name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": None, "Layers": names}]
    return tar([*members, (config_name, document), ("manifest.json", json.dumps(manifest).encode())])


def blob_name(content: bytes) -> str:
    """Where a blob lies in an OCI layout."""
    return f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
