"""The quick way to read an ordinary member: one ustar header, a plain name, no extension. Most members are such.

Everything else, and whatever looks odd, is left to `tar.py`, which reads all of it and says what is wrong: there is no
second opinion here on what is good.
"""

from __future__ import annotations

import hashlib
import re
from zlib import adler32

from paasctl.oci.tar.header import BLOCK, parse_header
from paasctl.oci.tar.member import Kind, Member, Meta
from paasctl.oci.tar.tape import Tape

_KINDS: dict[int, Kind] = {0x30: "file", 0x31: "link", 0x32: "symlink", 0x35: "dir"}
_LINKS = ("link", "symlink")
_ODD = re.compile(rb"(?:^|/)\.{0,2}(?:/|$)|[\0]")
"""A path with an empty part, a dot or two dots in it, or none at all."""
_NOTHING = hashlib.sha256().digest()
_ENDS = (0, 0x20)
_KEPT = 4096
"""Attributes remembered, so that members that have the same share one object."""


class Ordinary:
    """Reads ordinary members off one tape."""

    __slots__ = ("_layer", "_metas", "_owners")

    def __init__(self, layer: str) -> None:
        """`layer` names it in messages."""
        self._layer = layer
        self._metas: dict[bytes, Meta] = {}
        self._owners: dict[bytes, Meta] = {}

    def read(self, tape: Tape) -> Member | None:
        """The next member, and the tape is behind it; None: it is not an ordinary one, and nothing was read."""
        used, start = tape.used, tape.at
        block = tape.held[used : used + BLOCK]
        if len(block) < BLOCK or not _adds_up(block):
            return None
        kind = _KINDS.get(block[156])
        path = _path(block)
        if kind is None or path is None:
            return None
        meta = self._meta(block)
        size = _octal(block[124:136]) if kind == "file" else 0
        target = _target(block, kind) if kind in _LINKS else b""
        if meta is None or size is None or target is None:
            return None
        tape.used += BLOCK
        tape.at += BLOCK
        content = b""
        if kind == "file":
            content = _content(tape, size)
        body = start + BLOCK
        return Member(path, kind, meta, start, body, tape.at, size, target, (0, 0), content)

    def _meta(self, block: bytes) -> Meta | None:
        """What it says of its inode. Fields that stood so before were parsed then; times differ from file to file."""
        who, when = block[100:124] + block[257:329], block[136:148]
        found = self._metas.get(who + when)
        if found is None:
            seconds = _octal(when)
            owner = self._owner(who, block)
            if seconds is None or owner is None:
                return None
            found = Meta(owner.mode, owner.uid, owner.gid, b"%d" % seconds, (), owner.uname, owner.gname)
            if len(self._metas) >= _KEPT:
                self._metas.clear()
            self._metas[who + when] = found
        return found

    def _owner(self, who: bytes, block: bytes) -> Meta | None:
        found = self._owners.get(who)
        if found is None and block[257:262] == b"ustar":
            header = parse_header(block, self._layer)
            found = Meta(header.mode & 0o7777, header.uid, header.gid, b"", (), header.uname, header.gname)
            if len(self._owners) >= _KEPT:
                self._owners.clear()
            self._owners[who] = found
        return found


def _content(tape: Tape, size: int) -> bytes:
    """The hash of the data, and the tape behind its padding."""
    if not size:
        return _NOTHING
    used = tape.used
    whole = size + -size % BLOCK
    if used + whole > len(tape.held):
        digest = tape.digest(size)
        tape.skip(whole - size)
        return digest
    tape.used += whole
    tape.at += whole
    return hashlib.sha256(tape.view[used : used + size]).digest()


def _adds_up(block: bytes) -> bool:
    """Whether the checksum is right, by way of Adler's, which is quick: its low half is the sum of the bytes plus one.

    That is modulo 65,521; a block that is half empty, as ordinary ones are, adds up to less.
    """
    said = _octal(block[148:156].rstrip(b" "))
    if said is None or block.count(0) < BLOCK // 2:
        return False
    return said == (adler32(block) & 0xFFFF) - 1 - sum(block[148:156]) + 8 * 0x20


def _octal(field: bytes) -> int | None:
    """A number in its usual spelling: octal digits, then a NUL or a blank. None: in another."""
    digits = field[:-1]
    if digits.isdigit() and field[-1] in _ENDS and b"8" not in digits and b"9" not in digits:
        return int(digits, 8)
    return None


def _path(block: bytes) -> bytes | None:
    """The member's path, where its name is spelled plainly."""
    name = block[:100].partition(b"\0")[0]
    if block[345]:
        if block[257:263] != b"ustar\0" or block[508]:
            return None
        name = block[345:500].partition(b"\0")[0] + b"/" + name
    if name.startswith(b"./"):
        name = name[2:]
    if block[156] == 0x35 and name.endswith(b"/"):
        name = name[:-1]
    return None if _ODD.search(name) else name


def _target(block: bytes, kind: Kind | None) -> bytes | None:
    """Of a symlink its text, of a hard link its target where that is spelled plainly."""
    text = block[157:257].partition(b"\0")[0]
    if kind == "symlink":
        return text
    if text.startswith(b"./"):
        text = text[2:]
    return None if _ODD.search(text) else text
