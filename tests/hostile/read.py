"""Read a tar of a layer, with nothing of paasctl: ustar, PAX and GNU, sparse files of all kinds, names as bytes.

Small files in memory only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hostile.parts import BLOCK

_KINDS = {
    b"\0": "file",
    b"0": "file",
    b"7": "file",
    b"S": "file",
    b"1": "link",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "dir",
    b"6": "fifo",
}
_BILLION = 10**9
Map = list[tuple[int, int]]


class Unreadable(Exception):  # noqa: N818 - it is an answer
    """No reader would take it."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What is applied to an inode."""

    mode: int
    uid: int
    gid: int
    mtime: int
    """Nanoseconds."""
    xattrs: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One member. `name` is as it is written."""

    name: bytes
    kind: str
    meta: Meta
    content: bytes = b""
    target: bytes = b""
    device: tuple[int, int] = (0, 0)


def read(tar: bytes) -> Iterator[Found]:
    """The members up to the end mark."""
    at = 0
    common: dict[bytes, bytes] = {}
    records: list[tuple[bytes, bytes]] = []
    long: dict[bytes, bytes] = {}
    while at < len(tar):
        block = tar[at : at + BLOCK]
        if not block.strip(b"\0"):
            return
        kind = block[156:157]
        at += BLOCK
        if kind in b"xXgLK":
            size = _number(block[124:136])
            data = tar[at : at + size]
            at += size + -size % BLOCK
            if kind == b"g":
                common |= dict(_records(data))
            elif kind in b"xX":
                records = list(_records(data))
            else:
                long[kind] = data.partition(b"\0")[0]
            continue
        found, at = _member(tar, at, block, [*common.items(), *records], long)
        yield found
        records, long = [], {}


def _member(
    tar: bytes, at: int, block: bytes, records: list[tuple[bytes, bytes]], long: dict[bytes, bytes]
) -> tuple[Found, int]:
    said = dict(records)
    kind = _KINDS.get(block[156:157])
    if kind is None:
        raise Unreadable(f"a member of type {block[156:157]!r}")
    name = said.get(b"GNU.sparse.name") or long.get(b"L") or said.get(b"path") or _name(block)
    if block[156:157] == b"\0" and name.endswith(b"/"):
        kind = "dir"
    content = b""
    if kind == "file":
        holes: Map = []
        real = None
        if block[156:157] == b"S":
            holes, real, at = _old_map(tar, at, block)
        size = int(said.get(b"size") or _number(block[124:136]))
        content = tar[at : at + size]
        at += size + -size % BLOCK
        content = _expanded(content, holes, real, records)
    target = long.get(b"K") or said.get(b"linkpath") or block[157:257].partition(b"\0")[0]
    device = (_number(block[329:337]), _number(block[337:345])) if kind in ("char", "block") else (0, 0)
    return Found(name, kind, _meta(block, said), content, target if kind in ("link", "symlink") else b"", device), at


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _meta(block: bytes, said: dict[bytes, bytes]) -> Meta:
    time = said.get(b"mtime")
    xattrs = () if len(said) == (time is not None) else _xattrs(said)
    return Meta(
        _number(block[100:108]) & 0o7777,
        int(said.get(b"uid") or _number(block[108:116])),
        int(said.get(b"gid") or _number(block[116:124])),
        _nanoseconds(time) if time else _number(block[136:148]) * _BILLION,
        xattrs,
    )


def _xattrs(said: dict[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    prefix = b"SCHILY.xattr."
    return tuple(sorted((key[len(prefix) :], value) for key, value in said.items() if key.startswith(prefix)))


def _nanoseconds(text: bytes) -> int:
    seconds, _, fraction = text.lstrip(b"-").partition(b".")
    value = int(seconds or b"0") * _BILLION + int(fraction[:9].ljust(9, b"0"))
    return -value if text.startswith(b"-") else value


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        value = int.from_bytes(field, "big")
        bits = 8 * len(field)
        return value - (1 << bits) if field[0] & 0x40 else value & ((1 << (bits - 1)) - 1)
    return int(field.strip(b" \0") or b"0", 8)


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or int(length) > len(data):
            raise Unreadable("a PAX header")
        key, equals, value = data[len(length) + 1 : int(length)].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise Unreadable("a PAX header")
        yield key, value[:-1]
        data = data[int(length) :]


def _old_map(tar: bytes, at: int, block: bytes) -> tuple[Map, int, int]:
    spans, more, real = _pairs(block[386:482]), block[482], _number(block[483:495])
    while more:
        block = tar[at : at + BLOCK]
        at += BLOCK
        spans += _pairs(block[:504])
        more = block[504]
    return spans, real, at


def _pairs(field: bytes) -> Map:
    numbers = [_number(field[at : at + 12]) for at in range(0, len(field), 12) if field[at : at + 12].strip(b"\0")]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _expanded(content: bytes, spans: Map, real: int | None, records: list[tuple[bytes, bytes]]) -> bytes:
    said = dict(records)
    if said.get(b"GNU.sparse.major") == b"1":
        lines = content.split(b"\n")
        numbers = [int(it) for it in lines[1 : 1 + 2 * int(lines[0])]]
        used = sum(len(it) + 1 for it in lines[: 1 + len(numbers)])
        content, real = content[used + -used % BLOCK :], int(said[b"GNU.sparse.realsize"])
        spans = list(zip(numbers[::2], numbers[1::2], strict=True))
    elif b"GNU.sparse.map" in said or b"GNU.sparse.numblocks" in said:
        text = said.get(b"GNU.sparse.map", b"")
        pieces = text.split(b",") if text else _repeated(records)
        spans = list(zip(map(int, pieces[::2]), map(int, pieces[1::2]), strict=True))
        real = int(said[b"GNU.sparse.size"])
    if real is None:
        return content
    whole, used = bytearray(real), 0
    for start, size in spans:
        whole[start : start + size] = content[used : used + size]
        used += size
    return bytes(whole)


def _repeated(records: list[tuple[bytes, bytes]]) -> list[bytes]:
    return [value for key, value in records if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes")]
