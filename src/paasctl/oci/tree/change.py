"""What must be written above the kept layers: names that died there, directories, and inodes with their live names."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasctl.oci.tar.names import OPAQUE, WHITEOUT, join
from paasctl.oci.tree.stack import Stack
from paasctl.oci.tree.tree import Dir, Inode, Name


@dataclass(slots=True, eq=False)
class Group:
    """An inode to be written: under `path` first, then as links. Never changed once it was made."""

    inode: Inode
    path: bytes
    links: tuple[tuple[bytes, Name], ...] = ()


@dataclass(slots=True)
class Changes:
    """What differs from the base. With nothing kept, that is the whole tree."""

    marks: list[bytes] = field(default_factory=list)
    """Paths of whiteouts and opaque marks."""
    folders: dict[bytes, Dir] = field(default_factory=dict)
    """Directories that are new, or described anew."""
    groups: list[Group] = field(default_factory=list)


_NOTHING = Dir()


def changes(it: Stack) -> Changes:
    """The changes that turn `it.base` into `it.top`: one walk over both, of any depth."""
    found = Changes()
    linked: dict[Inode, list[tuple[bytes, Name]]] = {}
    if it.top.origin and it.top.origin[0] >= it.kept:
        found.folders[b""] = it.top
    todo = [(b"", it.base, it.top)]
    while todo:
        path, base, top = todo.pop()
        if base.children:
            gone = base.children.keys() - top.children.keys()
            found.marks += [join(path, WHITEOUT + name) for name in gone]
        for name, node in top.children.items():
            if isinstance(node, Dir):
                inner = join(path, name)
                todo.append((inner, _below(found, inner, base.children.get(name), node), node))
                continue
            inode = node.inode
            if inode.layer < it.kept and not inode.touched:
                continue
            inner = _spelled(path, name, node)
            if inode.alone:
                found.groups.append(Group(inode, inner))
            else:
                linked.setdefault(inode, []).append((inner, node))
    found.groups += [_group(inode, named) for inode, named in linked.items()]
    return found


def _spelled(path: bytes, name: bytes, node: Name) -> bytes:
    """A name's path: the member's own bytes where they are the same, or there would be as many again."""
    inner, said = join(path, name), node.member.path
    return said if said == inner else inner


def _group(inode: Inode, named: list[tuple[bytes, Name]]) -> Group:
    """Under its first name, where that is still alive; else the oldest survivor is promoted."""
    named.sort(key=lambda it: (it[1].member is not inode.member, it[1].layer, it[1].member.start))
    return Group(inode, named[0][0], tuple(named[1:]))


def _below(found: Changes, path: bytes, below: Dir | Name | None, top: Dir) -> Dir:
    """What of the base shows in a directory; and the directory itself is noted, where it is new or described anew."""
    if isinstance(below, Dir) and top.base is below:
        if top.origin is not below.origin:
            found.folders[path] = top
        return below
    found.folders[path] = top
    if isinstance(below, Dir) and below.children:  # it died and came again: nothing of the old one may show
        found.marks.append(join(path, OPAQUE))
    return _NOTHING
