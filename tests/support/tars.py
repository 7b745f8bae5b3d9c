"""Layers in a tiny notation, written with the standard library's `tarfile`.

`a=x` a file with content, `d/` a directory, `s->t` a symlink, `b==a` a hard link, `p|` a FIFO, `c@5,1` a character
device, a bare name an empty file: `d/.wh.a` is then a whiteout.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_KINDS = {
    "=": tarfile.REGTYPE,
    "->": tarfile.SYMTYPE,
    "==": tarfile.LNKTYPE,
    "/": tarfile.DIRTYPE,
    "|": tarfile.FIFOTYPE,
    "@": tarfile.CHRTYPE,
    "": tarfile.REGTYPE,
}
_NOTATION = re.compile(r"(?P<name>.*?)(?P<mark>==|->|=|@|/$|\||$)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    name: str
    kind: bytes = tarfile.REGTYPE
    data: bytes = b""
    target: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 1000
    xattrs: Mapping[str, str] = field(default_factory=dict)
    device: tuple[int, int] = (0, 0)


def entry(text: str, **other: object) -> Entry:
    found = _NOTATION.fullmatch(text)
    assert found
    mark, rest = found["mark"], found["rest"]
    made = Entry(found["name"], _KINDS[mark], mode=0o755 if mark == "/" else 0o644)
    if mark == "=":
        made = replace(made, data=rest.encode())
    elif mark in ("->", "=="):
        made = replace(made, target=rest)
    elif mark == "@":
        major, _, minor = rest.partition(",")
        made = replace(made, device=(int(major), int(minor)))
    return replace(made, **other)  # type: ignore[arg-type]  # fields by name


def tar_of(*entries: Entry | str, dialect: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=dialect) as tar:
        for it in entries:
            one = entry(it) if isinstance(it, str) else it
            tar.addfile(_info(one), io.BytesIO(one.data))
    return out.getvalue()


def _info(it: Entry) -> tarfile.TarInfo:
    info = tarfile.TarInfo(it.name)
    info.type, info.mode, info.uid, info.gid, info.mtime = it.kind, it.mode, it.uid, it.gid, it.mtime
    info.linkname, info.size = it.target, len(it.data)
    info.devmajor, info.devminor = it.device
    info.pax_headers = {f"SCHILY.xattr.{key}": value for key, value in it.xattrs.items()}
    return info
