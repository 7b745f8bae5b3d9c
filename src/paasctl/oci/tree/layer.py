"""One layer's own tree: its members in their order, whiteouts staged. Image-spec `layer.md`, as the engines apply it.

Whiteouts and opaque marks speak of the layers below only, wherever they stand in the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from paasctl.oci.tar.member import Member, Meta
from paasctl.oci.tar.names import META, OPAQUE, PLINKS, WHITEOUT, above, show, unsafe
from paasctl.oci.tree.tree import Dir, Inode, Name, enter, look

STARGZ = frozenset((b"stargz.index.json", b".prefetch.landmark", b".no.prefetch.landmark"))
"""What eStargz adds to a layer for itself."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's index. `name` is for messages; `stargz`: whether it carries eStargz's own members."""

    name: str
    members: Sequence[Member]
    stargz: bool = False
    size: int = 0
    """Bytes of the whole tar, where that was counted."""


WarningCode = Literal[
    "duplicate",
    "below-file",
    "below-symlink",
    "whiteout-below-symlink",
    "link-to-lower",
    "whiteout-and-entry",
    "device-whiteout",
    "opaque-root",
]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """An input on which runtimes disagree, or which is invalid; and what was made of it."""

    code: WarningCode
    layer: str
    text: str


Warn = Callable[[Ambiguity], None]


@dataclass(slots=True)
class _Growing:
    """A layer's tree in the making."""

    number: int
    layer: Layer
    below: Dir
    warn: Warn
    root: Dir = field(default_factory=Dir)
    plinks: dict[bytes, Inode] = field(default_factory=dict)
    folders: dict[bytes, Dir] = field(default_factory=dict)
    """Parents as members spell them, resolved. What takes another's place may change them all."""

    def say(self, code: WarningCode, text: str) -> None:
        self.warn(Ambiguity(code, self.layer.name, text))


def grow(layer: Layer, number: int, below: Dir, warn: Warn) -> Dir:
    """The layer's own tree. `below` is what the layers under it make: hard links may name what lies there."""
    it = _Growing(number, layer, below, warn)
    for member in layer.members:
        if not (layer.stargz and member.path in STARGZ):
            _place(it, member)
    return it.root


def _place(it: _Growing, member: Member) -> None:
    parent, _, name = member.path.rpartition(b"/")
    if WHITEOUT in member.path and _is_meta(it, member, parent, name):
        return
    if not member.path:
        if member.kind != "dir":
            raise unsafe(it.layer.name, "the root is no directory")
        it.root.origin = (it.number, member)
        return
    folder = it.folders.get(parent)
    if folder is None:
        folder = it.folders[parent] = enter(it.root, parent, it.layer.name, make=True).folder
    if name == OPAQUE:
        folder.opaque = True
        if folder is it.root:
            it.say("opaque-root", "an opaque mark hides everything below; overlay file systems ignore it at the root")
    elif name.startswith(WHITEOUT):
        folder.hide(_whited(it, member, name))
    else:
        _put(it, member, folder, name)


def _is_meta(it: _Growing, member: Member, parent: bytes, name: bytes) -> bool:
    """Whether it is AUFS' own bookkeeping, which is dropped; links may still name what lies in its link folder."""
    for part in parent.split(b"/"):
        if part.startswith(META):
            if parent == PLINKS and member.kind == "file":
                it.plinks[name] = Inode(it.number, member, member.meta)
            return True
        if part.startswith(WHITEOUT):
            raise unsafe(it.layer.name, f"{show(member.path)} lies below a whiteout")
    return name.startswith(META) and name != OPAQUE


def _whited(it: _Growing, member: Member, name: bytes) -> bytes:
    bare = name.removeprefix(WHITEOUT)
    if bare in (b"", b".", b".."):
        raise unsafe(it.layer.name, f"the whiteout {show(member.path)} names no file")
    return bare


def _put(it: _Growing, member: Member, folder: Dir, name: bytes) -> None:
    before = folder.children.get(name)
    if member.kind == "dir":
        if isinstance(before, Dir):
            if before.origin:
                it.say("duplicate", f"{show(member.path)} is there twice; the last one counts")
            before.origin = (it.number, member)
            return
        made = folder.children[name] = Dir(origin=(it.number, member))
        if before is None:
            it.folders[member.path] = made
    else:
        linked = member.kind == "link"
        inode = _linked(it, member) if linked else Inode(it.number, member, member.meta, alone=True)
        if isinstance(before, Name) and before.inode is inode:
            return  # a link to itself
        folder.children[name] = Name(it.number, member, inode)
    if before is not None:
        it.folders.clear()
        it.say("duplicate", f"{show(member.path)} is there twice; the last one counts")
    if member.kind == "char" and member.device == (0, 0):
        it.say(
            "device-whiteout", f"{show(member.path)} is the device 0/0, which overlay file systems take for a whiteout"
        )


def _linked(it: _Growing, member: Member) -> Inode:
    """The inode a hard link names: in the same layer, else below. The link's header speaks for all names."""
    if above(member.target) == PLINKS:
        found = it.plinks.get(member.target.rpartition(b"/")[2])
    else:
        found = _inode(it.root, member, it.layer.name)
        if found is None and (found := _inode(it.below, member, it.layer.name)) is not None:
            it.say("link-to-lower", f"{show(member.path)} is a hard link to {show(member.target)} of a layer below")
            found.touched = True
    if found is None:
        raise unsafe(it.layer.name, f"{show(member.path)} is a hard link to {show(member.target)}, which is not there")
    found.meta = _timed(member.meta, found.meta) if found.member.kind == "symlink" else member.meta
    found.alone = False
    return found


def _timed(meta: Meta, like: Meta) -> Meta:
    """What a link to a symlink says, with the symlink's own time: extractors apply the owner only."""
    others = [it for it in meta.others if it[0] != b"mtime"] + [it for it in like.others if it[0] == b"mtime"]
    return replace(meta, mtime=like.mtime, others=tuple(others))


def _inode(root: Dir, member: Member, layer: str) -> Inode | None:
    found = look(root, member.target, layer)
    return found.inode if isinstance(found, Name) else None
