"""One member of a layer: what its headers say and where its bytes lie. Offsets count in the uncompressed stream."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["file", "dir", "link", "symlink", "char", "block", "fifo"]
Records = tuple[tuple[bytes, bytes], ...]
"""PAX records in their order; sparse maps of PAX 0.0 repeat keys."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What an extractor applies to an inode. Equality is what a container can see."""

    mode: int
    """The 12 permission bits."""
    uid: int
    gid: int
    mtime: bytes
    """Seconds as decimal text, with the fraction the header gave."""
    extras: Records = ()
    """Extended attributes, ACLs and whatever else the PAX header carries for the inode, sorted."""
    uname: bytes = field(default=b"", compare=False, repr=False)
    gname: bytes = field(default=b"", compare=False, repr=False)
    others: Records = field(default=(), compare=False, repr=False)
    """Records that change nothing one sees (`atime`, `ctime`, long ids); a rebuilt header repeats them."""


IMPLIED = Meta(0o755, 0, 0, b"0")
"""Of a directory that no header describes."""
SETGID = 0o2000
HANDED = replace(IMPLIED, mode=IMPLIED.mode | SETGID)
"""The same in a directory with that bit: the kernel hands it down, as every tool that unpacks a layer shows."""


@dataclass(slots=True)
class Member:
    """One entry. Never changed, but not frozen: those take three times as long to make, and there are very many.

    `start` to `end` is all of it: extension headers, header, data, padding; data begins at `body`.
    """

    path: bytes
    kind: Kind
    meta: Meta
    start: int
    body: int
    end: int
    size: int = 0
    """Bytes of stored data, without padding."""
    target: bytes = b""
    """Of a symlink its text, of a hard link the path of its target in its one spelling."""
    device: tuple[int, int] = (0, 0)
    content: bytes = b""
    """A digest of the stored data of a file, with its sparse map: sha256 unless whoever read it chose another."""
    as_is: bool = True
    """Whether the headers may be copied: plain spelling, nothing folded in from a global header."""
    sparse: Records = ()
    """`GNU.sparse.*` records."""
    block: bytes = b""
    """The raw header of an old GNU sparse file, which can only be patched."""
