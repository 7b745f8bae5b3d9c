"""The quick way to read an ordinary member: one ustar header, a plain name, no extension. Most members are such.

Everything else, and whatever looks odd, is left to `members.py`, which reads all of it and says what is wrong: there is
no second opinion here on what is good.
"""

from __future__ import annotations

import re
from struct import Struct
from zlib import adler32

from paasctl.oci.tar.header import BLOCK, octal, parse_header
from paasctl.oci.tar.member import Kind, Member, Meta
from paasctl.oci.tar.tape import Digest, Tape, sha256_of

_FIELDS = Struct("100s24s12s12s8sB100s72s16x155s12s")
"""Name, owner and mode, size, time, checksum, type, link, magic and owner's names, prefix, the rest."""
_KINDS: dict[int, Kind] = {0x30: "file", 0x31: "link", 0x32: "symlink", 0x35: "dir"}
_PAX = ord("x")
_LINKS = ("link", "symlink")
_NO_LINK, _NO_PREFIX = bytes(100), bytes(155)
_ODD = re.compile(rb"(?:^|/)\.{0,2}(?:/|$)|[\0]")
"""A path with an empty part, a dot or two dots in it, or none at all."""
_KEPT = 4096
"""Attributes remembered, so that members that have the same share one object; and as many checksums."""


class Ordinary:
    """Reads ordinary members off one tape."""

    __slots__ = ("_layer", "_metas", "_nothing", "_owners", "_sums", "digest")

    def __init__(self, layer: str, digest: Digest = sha256_of) -> None:
        """`layer` names it in messages; `digest` is taken of each file's data."""
        self._layer = layer
        self.digest = digest
        self._nothing = digest(())
        self._metas: dict[bytes, Meta] = {}
        self._owners: dict[bytes, Meta] = {}
        self._sums: dict[bytes, int] = {}

    def read(self, tape: Tape) -> Member | None:
        """The next member, and the tape is behind it; None: it is not an ordinary one, and nothing was read."""
        used, start = tape.used, tape.at
        block = tape.held[used : used + BLOCK]
        if len(block) < BLOCK:
            return None
        name, who, stored, when, said, of, link, names, prefix, rest = _FIELDS.unpack(block)
        kind = _KINDS.get(of)
        if kind is None or not self._adds_up(block, said, half_empty=link == _NO_LINK and prefix == _NO_PREFIX):
            return None
        path = _path(name, prefix, names, rest, kind)
        meta = self._metas.get(who + names + when) or self._meta(block, who + names, when)
        size = octal(stored) if kind == "file" else 0
        target = _target(link, kind) if kind in _LINKS else b""
        if path is None or meta is None or size is None or target is None:
            return None
        tape.used = used = used + BLOCK
        tape.at = body = start + BLOCK
        content = b""
        if kind == "file":
            content = self._content(tape, used, size) if size else self._nothing
        return Member(path, kind, meta, start, body, tape.at, size, target, (0, 0), content)

    def extension(self, block: bytes) -> int | None:
        """How many bytes of PAX records follow an ordinary header of theirs; None: it is none, or not an ordinary one.

        What it says of an inode means nothing, but has to be spelled well there, too.
        """
        if block[156] != _PAX or not self._adds_up(block, block[148:156], half_empty=False) or not self.meta(block):
            return None
        return octal(block[124:136])

    def _adds_up(self, block: bytes, said: bytes, *, half_empty: bool) -> bool:
        """Whether the checksum is right, by way of Adler's, which is quick: its low half is the bytes' sum plus one.

        That is modulo 65,521; a block that is half empty, as ordinary ones are, adds up to less. One without a link and
        a prefix is: 255 bytes, and the checksum itself is small.
        """
        expected = self._sums.get(said)
        if expected is None:
            number = octal(said.rstrip(b" "))
            if number is None:
                return False
            if len(self._sums) >= _KEPT:
                self._sums.clear()
            expected = self._sums[said] = number + 1 + sum(said) - 8 * 0x20
        return adler32(block) & 0xFFFF == expected and (half_empty or block.count(0) >= BLOCK // 2)

    def meta(self, block: bytes) -> Meta | None:
        """What a header says of its inode, as long as nothing else does; None: it is not spelled in the usual way."""
        who, when = block[100:124] + block[257:329], block[136:148]
        return self._metas.get(who + when) or self._meta(block, who, when)

    def _meta(self, block: bytes, who: bytes, when: bytes) -> Meta | None:
        """What it says of its inode. Fields that stood so before were parsed then; times differ from file to file."""
        seconds = octal(when)
        owner = self._owner(who, block)
        if seconds is None or owner is None:
            return None
        if len(self._metas) >= _KEPT:
            self._metas.clear()
        found = Meta(owner.mode, owner.uid, owner.gid, b"%d" % seconds, (), owner.uname, owner.gname)
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

    def _content(self, tape: Tape, used: int, size: int) -> bytes:
        """The digest of the data, and the tape behind its padding."""
        whole = size + -size % BLOCK
        if used + whole > len(tape.held):
            digest = self.digest(tape.run(size))
            tape.skip(whole - size)
            return digest
        tape.used = used + whole
        tape.at += whole
        return self.digest((tape.view[used : used + size],))


def _path(field: bytes, prefix: bytes, names: bytes, rest: bytes, kind: Kind) -> bytes | None:
    """The member's path, where its name is spelled plainly."""
    path = field.partition(b"\0")[0]
    if prefix[0]:
        if not names.startswith(b"ustar\0") or rest[8]:
            return None
        path = prefix.partition(b"\0")[0] + b"/" + path
    if path.startswith(b"./"):
        path = path[2:]
    if kind == "dir" and path.endswith(b"/"):
        path = path[:-1]
    return None if _is_odd(path) else path


def _target(field: bytes, kind: Kind) -> bytes | None:
    """Of a symlink its text, of a hard link its target where that is spelled plainly."""
    text = field.partition(b"\0")[0]
    if kind == "symlink":
        return text
    if text.startswith(b"./"):
        text = text[2:]
    return None if _is_odd(text) else text


def _is_odd(path: bytes) -> bool:
    """Whether a part is empty, a dot or two; hardly any path needs the expression to tell."""
    rooted = b"/" + path + b"/"
    return b"//" in rooted or (b"/." in rooted and _ODD.search(path) is not None)
