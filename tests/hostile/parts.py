"""Members of a layer as values, and a layer as the bytes of a tar: every field free, also where it is wrong.

The notation is that of `support/tars.py`, in bytes: `a=x` a file, `d/` a directory, `s->t` a symlink, `b==a` a hard
link, `p|` a FIFO, `c@5,1` a character device, a bare name an empty file: `d/.wh.a` is a whiteout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Records = tuple[tuple[bytes, bytes], ...]
BLOCK = 512
END = bytes(2 * BLOCK)
_KINDS = {b"=": b"0", b"->": b"2", b"==": b"1", b"/": b"5", b"|": b"6", b"@": b"3", b"": b"0"}
_NOTATION = re.compile(rb"(?P<name>.*?)(?P<mark>==|->|=|@|/$|\||$)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One member. `records` are PAX records before it; `raw` is put before everything, as it is."""

    name: bytes
    kind: bytes = b"0"
    data: bytes = b""
    target: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: bytes = b"1000"
    device: tuple[int, int] = (0, 0)
    records: Records = ()
    dialect: Literal["pax", "gnu"] = "pax"
    raw: bytes = b""
    tail: bytes = bytes(167)
    """A header from its prefix field on."""
    claims: int | None = None
    """The size that the header says, where it is not that of the data."""

    def __repr__(self) -> str:
        """Only what is not usual."""
        shown = [f"{self.name!r}"]
        for name, usual in _USUAL.items():
            if (value := getattr(self, name)) != usual:
                shown.append(f"{name}={value!r}")
        return f"Part({', '.join(shown)})"


_USUAL = {
    name: getattr(Part(b""), name)
    for name in ("kind", "data", "target", "mode", "uid", "gid", "mtime", "device", "records", "dialect", "raw")
}
Layer = Sequence[Part]


def part(text: str | bytes, **other: object) -> Part:
    """A member out of its notation, with other fields by name."""
    found = _NOTATION.fullmatch(text.encode() if isinstance(text, str) else text)
    assert found
    mark, rest = found["mark"], found["rest"]
    made = Part(found["name"], _KINDS[mark])
    if mark == b"=":
        made = replace(made, data=rest)
    elif mark == b"/":
        made = replace(made, name=made.name + b"/", mode=0o755)
    elif mark in (b"->", b"=="):
        made = replace(made, target=rest, mode=0o777 if mark == b"->" else 0o644)
    elif mark == b"@":
        major, _, minor = rest.partition(b",")
        made = replace(made, device=(int(major), int(minor)))
    return replace(made, **other)  # type: ignore[arg-type]  # fields by name


def layer(text: str, *more: Part) -> Layer:
    """Members separated by blanks, then more of them."""
    return (*(part(it) for it in text.split()), *more)


def written(parts: Layer, end: bytes = END) -> bytes:
    """The tar of a layer."""
    return b"".join([*map(member, parts), end])


def member(it: Part) -> bytes:
    """One member with the extension headers it needs."""
    records, before = list(it.records), it.raw
    name, target = it.name, it.target
    seconds, dot, _ = it.mtime.partition(b".")
    number = int(seconds)
    if it.dialect == "gnu":
        before += b"".join(long_name(kind, text) for kind, text in ((b"K", target), (b"L", name)) if len(text) > _NAME)
    else:
        records += [(key, text) for key, text in ((b"path", name), (b"linkpath", target)) if len(text) > _NAME]
        records += [(key, b"%d" % value) for key, value in ((b"uid", it.uid), (b"gid", it.gid)) if value >= 8**7]
        if dot or not 0 <= number < 8**11:
            records.append((b"mtime", it.mtime))
    if records:
        before += extension(tuple(records))
    return (
        before
        + header(it, name, len(it.data) if it.claims is None else it.claims)
        + it.data
        + bytes(-len(it.data) % BLOCK)
    )


_NAME = 100


def header(it: Part, name: bytes, size: int) -> bytes:
    """The 512 bytes of a header; what does not fit is cut, as an extension header says it whole."""
    gnu = it.dialect == "gnu"
    number = int(it.mtime.partition(b".")[0])
    block = b"".join(
        (
            name[:_NAME].ljust(_NAME, b"\0"),
            b"%07o\0" % it.mode,
            _number(it.uid, 8, gnu=gnu),
            _number(it.gid, 8, gnu=gnu),
            _number(size, 12, gnu=gnu),
            _number(number, 12, gnu=gnu),
            b"        ",
            it.kind,
            it.target[:_NAME].ljust(_NAME, b"\0"),
            b"ustar  \0" if gnu else b"ustar\x0000",
            bytes(64),
            b"%07o\0%07o\0" % it.device,
            it.tail,
        )
    )
    return summed(block)


def summed(block: bytes) -> bytes:
    """The header with its checksum."""
    return b"%b%06o\0 %b" % (block[:148], sum(block[:148]) + sum(block[156:]) + 256, block[156:])


def _number(value: int, width: int, *, gnu: bool) -> bytes:
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return base256(value, width) if gnu else b"%0*o\0" % (width - 1, 0)


def base256(value: int, width: int) -> bytes:
    """A number as GNU tar writes what octal digits can't say."""
    return ((value & ((1 << 8 * width) - 1)) | (1 << (8 * width - 1))).to_bytes(width, "big")


def long_name(kind: bytes, text: bytes) -> bytes:
    """GNU's header for a name (`L`) or a link's target (`K`) that is too long."""
    data = text + b"\0"
    return header(Part(b"././@LongLink", kind, dialect="gnu", mtime=b"0"), b"././@LongLink", len(data)) + padded(data)


def extension(records: Records, kind: bytes = b"x") -> bytes:
    """A PAX header (`x` for the next member, `g` for all that follow)."""
    data = b"".join(record(key, value) for key, value in records)
    return header(Part(b"PaxHeaders/x", kind, mtime=b"0"), b"PaxHeaders/x", len(data)) + padded(data)


def record(key: bytes, value: bytes) -> bytes:
    """One PAX record: its length counts itself."""
    rest = len(key) + len(value) + 3
    size = rest + len(b"%d" % rest)
    if len(b"%d" % size) + rest != size:
        size = rest + len(b"%d" % size)
    return b"%d %b=%b\n" % (size, key, value)


def padded(data: bytes) -> bytes:
    """Data, filled to whole blocks."""
    return data + bytes(-len(data) % BLOCK)
