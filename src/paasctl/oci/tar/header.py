"""Parse one 512-byte tar header, and PAX records (POSIX.1-2001 pax, GNU tar and star formats)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import adler32

from paasctl.oci.tar.member import Records
from paasctl.oci.tar.names import unsafe

BLOCK = 512
_OCTAL = re.compile(rb"[0-7]*")
EMPTY_BLOCK = bytes(BLOCK)
_ENDS = (0, 0x20)


@dataclass(slots=True)
class Header:
    """The fields of a header, before extension headers override them. Never changed, but not frozen: see `Member`."""

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    kind: bytes
    link: bytes
    uname: bytes
    gname: bytes
    device: tuple[int, int]
    block: bytes


def parse_header(block: bytes, layer: str) -> Header:
    """The header in `block`. A wrong checksum or field is refused: this is no tar header."""
    _check_sum(block, layer)
    kind = block[156:157]
    posix = block[257:263] == b"ustar\0"
    known = block[257:262] == b"ustar"
    name = _text(block[0:100])
    prefix = _text(block[345:476] if block[508:512] == b"tar\0" else block[345:500]) if posix else b""
    return Header(
        name=prefix + b"/" + name if prefix else name,
        mode=_number(block[100:108], layer),
        uid=_number(block[108:116], layer),
        gid=_number(block[116:124], layer),
        size=_number(block[124:136], layer),
        mtime=_number(block[136:148], layer),
        kind=kind,
        link=_text(block[157:257]),
        uname=_text(block[265:297]) if known else b"",
        gname=_text(block[297:329]) if known else b"",
        device=(_number(block[329:337], layer), _number(block[337:345], layer)) if known and kind in b"34" else (0, 0),
        block=block,
    )


def octal(field: bytes) -> int | None:
    """A number in its usual spelling: octal digits, then a NUL or a blank. None: in another."""
    digits = field[:-1]
    if digits.isdigit() and field[-1] in _ENDS:
        try:
            return int(digits, 8)
        except ValueError:  # an 8 or a 9
            return None
    return None


def parse_records(content: bytes, layer: str) -> Records:
    """PAX records: length, key, value and a newline each; values are bytes and may hold newlines."""
    records: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(content):
        length, space, _ = content[at : at + 21].partition(b" ")
        size = int(length) if space and length.isdigit() else 0
        key, equals, value = content[at + len(length) + 1 : at + size].partition(b"=")
        if not equals or not key or not value.endswith(b"\n") or at + size > len(content):
            raise unsafe(layer, "a PAX extended header is malformed")
        records.append((key, value[:-1]))
        at += size
    return tuple(records)


def _check_sum(block: bytes, layer: str) -> None:
    said = _number(block[148:156], layer)
    # Of a block that is half empty, Adler's checksum holds the sum of the bytes, and is quick to take.
    if block.count(0) >= BLOCK // 2 and said == (adler32(block) & 0xFFFF) - 1 - sum(block[148:156]) + 8 * 0x20:
        return
    counted = block[:148] + b" " * 8 + block[156:]
    if said != sum(counted) and said != sum(it - 256 if it > 127 else it for it in counted):
        raise unsafe(layer, "a header's checksum is wrong; this is no tar archive, or a damaged one")


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes, layer: str) -> int:
    """Octal text, or GNU's base-256, which may be negative."""
    usual = octal(field)
    if usual is not None:
        return usual
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
    text = field.strip(b" \0").partition(b"\0")[0].strip()
    if not _OCTAL.fullmatch(text):
        raise unsafe(layer, f"a header holds {text!r} where a number belongs")
    return int(text or b"0", 8)
