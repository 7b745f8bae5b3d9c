"""A witness of a squash: sees every member as it is written, and says at the end whether a container sees the same.

It holds nothing but marks on the image's own tree, and shares no code with what decides: `change.py` and `emit.py` say
what is to be written, this says what follows from what was. Compared are path, type, mode, ids, mtime, extended
attributes, link groups and content; and that parents and link targets come first, which unpackers need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from paasctl.oci.tar.member import Member
from paasctl.oci.tar.names import OPAQUE, WHITEOUT, join, show
from paasctl.oci.tree.tree import Dir, Inode, Name, Node

_LIMIT = 20
"""Differences told."""


@dataclass(slots=True)
class Witness:
    """Compares new layers over `base` with what shall be seen, `top`. One `saw` per layer, perhaps in threads."""

    base: Dir
    top: Dir
    unlike: list[str] = field(default_factory=list)
    gone: set[bytes] = field(default_factory=set)
    opaque: set[bytes] = field(default_factory=set)
    paths: int = 0
    """Of the image, once `end` was called."""
    size: int = 0
    """Of its files, hard links counted once."""

    def layer(self, number: int) -> Callable[[Member], None]:
        """What must be called with each member of new layer `number`, from 1, in their order."""
        return _Watch(self, number).saw

    def say(self, path: bytes, what: str) -> None:
        """Note a difference."""
        if len(self.unlike) < _LIMIT:
            self.unlike.append(f"{show(path)}: {what}")

    def end(self) -> list[str]:
        """Sentences about the first paths that differ, when all layers were seen; none: the trees look the same."""
        _Compare(self).all()
        return self.unlike


@dataclass(slots=True)
class _Watch:
    """One new layer as it is written."""

    witness: Witness
    number: int
    folders: dict[bytes, Dir] = field(default_factory=dict)
    """Directories that this layer has described."""

    def saw(self, member: Member) -> None:
        """Hold a member against the image."""
        parent, _, name = member.path.rpartition(b"/")
        if name.startswith(WHITEOUT):
            self._mark(parent, name)
        elif not member.path:
            self.witness.top.seen = self.number
        elif what := self._place(member, parent, name):
            self.witness.say(member.path, what)

    def _mark(self, parent: bytes, name: bytes) -> None:
        if name == OPAQUE:
            self.witness.opaque.add(parent)
        else:
            self.witness.gone.add(join(parent, name.removeprefix(WHITEOUT)))

    def _place(self, member: Member, parent: bytes, name: bytes) -> str:
        """What is wrong with it; empty: nothing, and it is marked as written."""
        folder = self.folders.get(parent) if parent else self.witness.top
        if folder is None:
            return "was written before its directory"
        node = folder.children.get(name)
        if node is None:
            return "was written, and is not in the image"
        if member.path in self.folders if isinstance(node, Dir) else node.seen:
            return "was written twice"
        if what := self._unlike(member, node):
            return what
        node.seen = self.number
        if isinstance(node, Dir):
            self.folders[member.path] = node
        return ""

    def _unlike(self, member: Member, node: Node) -> str:
        if isinstance(node, Dir) or member.kind == "dir":
            return "" if isinstance(node, Dir) and _is_folder(member, node) else "was written with another type or mode"
        inode = node.inode
        if member.kind == "link":
            target = _at(self.witness.top, member.target)
            is_twin = isinstance(target, Name) and target.inode is inode and inode.seen == self.number
            return "" if is_twin and member.meta == inode.meta else "was written as another link"
        if inode.seen:
            return "was written as another file than its link"
        inode.seen = self.number
        return "" if _is_alike(inode, member) else "was written differently"


def _at(root: Dir, path: bytes) -> Node | None:
    """What lies at a path; no symlink is followed."""
    node: Node | None = root
    for part in path.split(b"/") if path else ():
        node = node.children.get(part) if isinstance(node, Dir) else None
    return node


def _is_folder(member: Member, node: Dir) -> bool:
    return member.kind == "dir" and member.meta == node.meta


def _is_alike(inode: Inode, member: Member) -> bool:
    own = inode.member
    return (own.kind, inode.meta, own.size, own.content, own.target, own.device) == (
        member.kind,
        member.meta,
        member.size,
        member.content,
        member.target,
        member.device,
    )


@dataclass(slots=True)
class _Compare:
    """What was not written must show from below, and nothing else may."""

    witness: Witness
    pairs: dict[Inode, Inode] = field(default_factory=dict)
    twins: dict[Inode, Inode] = field(default_factory=dict)
    counted: set[Inode] = field(default_factory=set)

    def all(self) -> None:
        witness = self.witness
        witness.paths = 1  # the root
        todo: list[tuple[bytes, Dir | None, Dir]] = [(b"", witness.base, witness.top)]
        while todo:
            path, base, top = todo.pop()
            shown = base.children if base and path not in witness.opaque else {}
            witness.paths += len(top.children)
            for name, node in top.children.items():
                below = shown.get(name)
                if below is not None and witness.gone and join(path, name) in witness.gone:
                    below = None
                if isinstance(node, Dir):
                    todo.append((join(path, name), self._folder(join(path, name), node, below), node))
                elif not self._shows(node, below):
                    witness.say(join(path, name), "was not written, and does not show from below")
            for name in shown.keys() - top.children.keys():
                if join(path, name) not in witness.gone:
                    witness.say(join(path, name), "shows from below, and is not in the image")

    def _folder(self, path: bytes, node: Dir, below: Node | None) -> Dir | None:
        """The base's directory under this one."""
        under = below if isinstance(below, Dir) else None
        if not node.seen and (under is None or under.meta != node.meta):
            self.witness.say(path, "was not written as the directory it is")
        return under

    def _shows(self, node: Name, below: Node | None) -> bool:
        inode = node.inode
        self._count(inode)
        if node.seen:
            return True
        if inode.seen or not isinstance(below, Name):
            return False
        other = below.inode
        if other is inode:  # what a layer above linked to has the attributes of that link, all its names
            return not inode.touched
        is_twin = self.pairs.setdefault(inode, other) is other and self.twins.setdefault(other, inode) is inode
        return is_twin and inode.meta == other.meta and _is_same_content(inode.member, other.member)

    def _count(self, inode: Inode) -> None:
        if not inode.alone:
            if inode in self.counted:
                return
            self.counted.add(inode)
        self.witness.size += inode.member.size


def _is_same_content(one: Member, other: Member) -> bool:
    return (one.kind, one.size, one.content, one.target, one.device) == (
        other.kind,
        other.size,
        other.content,
        other.target,
        other.device,
    )
