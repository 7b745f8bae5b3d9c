"""File trees of layers: directories, and names that refer to inodes. A hard link is another name of the same inode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, overload

from paasctl.oci.tar.member import HANDED, IMPLIED, SETGID, Member, Meta
from paasctl.oci.tar.names import join, show, unsafe

_HOPS = 40
"""Symlinks followed on one path, as in the kernel."""
_DEPTH = 256
"""Directories below one another; no real image comes near, and walking may recurse."""
_NONE: frozenset[bytes] = frozenset()


@dataclass(slots=True, eq=False)
class Inode:
    """Content that names refer to. `meta` is what the last header of its group said."""

    layer: int
    member: Member
    meta: Meta
    touched: bool = False
    """Whether a layer above linked to it."""
    alone: bool = False
    """Whether it is known that no hard link was ever made to it."""
    seen: int = 0
    """In a proof: which new layer holds its content, counted from 1."""


@dataclass(slots=True, eq=False)
class Name:
    """A name of an inode, and the member that gave it."""

    layer: int
    member: Member
    inode: Inode
    seen: int = 0
    """In a proof: which new layer holds it, counted from 1."""


@dataclass(slots=True, eq=False)
class Dir:
    """A directory. `origin` is the layer and member that describe it; None: it is only implied by what lies below."""

    children: dict[bytes, Node] = field(default_factory=dict)
    origin: tuple[int, Member] | None = None
    gone: frozenset[bytes] | set[bytes] = _NONE
    """In one layer's own tree: names whited out below."""
    opaque: bool = False
    """In one layer's own tree: nothing from below shows."""
    base: Dir | None = None
    """In a merged tree: the base's directory that this one still is."""
    handed: bool = False
    """Without an origin: whether its layer implied it in a setgid directory."""
    seen: int = 0
    """In a proof: the last new layer that describes it, counted from 1."""

    @property
    def meta(self) -> Meta:
        """What is applied to it."""
        return self.origin[1].meta if self.origin else HANDED if self.handed else IMPLIED

    def hide(self, name: bytes) -> None:
        """In one layer's own tree: white out a name of the layers below."""
        if isinstance(self.gone, frozenset):
            self.gone = set()
        self.gone.add(name)


Node = Dir | Name


@dataclass(frozen=True, slots=True)
class Spot:
    """A directory and the path it really has, symlinks resolved."""

    folder: Dir
    path: bytes


@overload
def enter(root: Dir, path: bytes, layer: str, *, make: Literal[True]) -> Spot: ...
@overload
def enter(root: Dir, path: bytes, layer: str, *, make: Literal[False]) -> Spot | None: ...
def enter(root: Dir, path: bytes, layer: str, *, make: bool) -> Spot | None:
    """The directory at `path`, symlinks followed inside `root` as under a chroot.

    With `make`, what is missing becomes implied directories; without, None says it is not there.
    """
    way: list[tuple[bytes, Dir]] = [(b"", root)]
    todo = path.split(b"/")[::-1]
    hops = 0
    while todo:
        part = todo.pop()
        if part in (b"", b"."):
            continue
        if part == b"..":
            del way[max(1, len(way) - 1) :]
            continue
        found = _child(way[-1][1], part, make=make)
        if isinstance(found, Dir):
            way.append((join(way[-1][0], part), found))
        elif found is not None and found.inode.member.kind == "symlink":
            hops += 1
            target = found.inode.member.target
            way = way[:1] if target.startswith(b"/") else way
            todo += target.split(b"/")[::-1]
        elif found is None or not make:
            return None
        else:
            raise unsafe(layer, f"{show(path)} lies below {show(join(way[-1][0], part))}, which is no directory")
        _check(path, layer, depth=len(way), hops=hops)
    return Spot(way[-1][1], way[-1][0])


def _child(folder: Dir, name: bytes, *, make: bool) -> Node | None:
    if make and name not in folder.children:
        folder.children[name] = Dir(handed=bool(folder.meta.mode & SETGID))
    return folder.children.get(name)


def _check(path: bytes, layer: str, *, depth: int, hops: int) -> None:
    if hops > _HOPS:
        raise unsafe(layer, f"too many symlinks on the way to {show(path)}")
    if depth > _DEPTH:
        raise unsafe(layer, f"{show(path)} lies more than {_DEPTH} directories deep")


def look(root: Dir, path: bytes, layer: str) -> Node | None:
    """What `path` names, symlinks followed in its parents only; None: nothing."""
    parent, _, name = path.rpartition(b"/")
    spot = enter(root, parent, layer, make=False)
    return spot.folder.children.get(name) if spot else None


def folder_at(root: Dir, path: bytes) -> Dir:
    """The directory at a path that is known to be one."""
    return enter(root, path, "", make=True).folder


def copied(root: Dir) -> Dir:
    """The same tree, so that it can be changed; names and inodes are shared, each copy knows its original."""
    twin = Dir(dict(root.children), root.origin, base=root, handed=root.handed)
    todo = [twin]
    while todo:
        children = todo.pop().children
        for name, it in children.items():
            if isinstance(it, Dir):
                children[name] = below = Dir(dict(it.children), it.origin, base=it, handed=it.handed)
                todo.append(below)
    return twin


def walk(root: Dir) -> Iterator[tuple[bytes, Node]]:
    """Everything in the tree with its path, the root first, parents before children, names sorted."""
    todo: list[tuple[bytes, Node]] = [(b"", root)]
    while todo:
        path, node = todo.pop()
        yield path, node
        if isinstance(node, Dir):
            todo += [(join(path, name), node.children[name]) for name in sorted(node.children, reverse=True)]
