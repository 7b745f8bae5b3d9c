"""What must be written above the kept layers: names that died there, directories, and inodes with their live names."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasctl.oci.names import OPAQUE, WHITEOUT, join
from paasctl.oci.stack import Stack
from paasctl.oci.tree import Dir, Inode, Name, Node, walk


@dataclass(frozen=True, slots=True)
class Group:
    """An inode to be written: under `path` first, then as links."""

    inode: Inode
    path: bytes
    links: tuple[tuple[bytes, Name], ...] = ()


@dataclass(slots=True)
class Changes:
    """What differs from the base. With nothing kept, that is the whole tree."""

    marks: list[bytes] = field(default_factory=list)
    """Paths of whiteouts and opaque marks."""
    folders: list[bytes] = field(default_factory=list)
    """Directories that are new, or described anew."""
    groups: list[Group] = field(default_factory=list)


def changes(it: Stack) -> Changes:
    """The changes that turn `it.base` into `it.top`."""
    found = Changes()
    names: dict[Inode, list[tuple[bytes, Name]]] = {}
    for path, node in walk(it.top):
        if isinstance(node, Name) and (node.inode.layer >= it.kept or node.inode.touched):
            names.setdefault(node.inode, []).append((path, node))
    found.groups = [_group(inode, named) for inode, named in names.items()]
    if it.top.origin and it.top.origin[0] >= it.kept:
        found.folders.append(b"")
    _compare(found, b"", it.base, it.top)
    return found


def _group(inode: Inode, named: list[tuple[bytes, Name]]) -> Group:
    """Under its first name, where that is still alive; else the oldest survivor is promoted."""
    named.sort(key=lambda it: (it[1].member is not inode.member, it[1].layer, it[1].member.start))
    return Group(inode, named[0][0], tuple(named[1:]))


def _compare(found: Changes, path: bytes, base: Dir, top: Dir) -> None:
    for name in sorted(base.children.keys() - top.children.keys()):
        found.marks.append(join(path, WHITEOUT + name))
    for name, node in top.children.items():
        if isinstance(node, Dir):
            _folder(found, join(path, name), base.children.get(name), node)


def _folder(found: Changes, path: bytes, below: Node | None, top: Dir) -> None:
    if not isinstance(below, Dir):
        found.folders.append(path)
        _compare(found, path, Dir(), top)
    elif top.base is below:
        if top.origin is not below.origin:
            found.folders.append(path)
        _compare(found, path, below, top)
    else:  # it died and came again: nothing of the old one may show
        found.folders.append(path)
        if below.children:
            found.marks.append(join(path, OPAQUE))
        _compare(found, path, Dir(), top)
