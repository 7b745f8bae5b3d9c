"""The emit program of a squash: which spans of which layers to copy, and what to write between them.

Spans come in the order of layers and of their bytes, so that each layer is read once, forward. Every directory comes
before what lies in it, every whiteout before everything else, every hard link after its target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paasctl.oci.change import Group, changes
from paasctl.oci.member import Meta
from paasctl.oci.names import above, chain
from paasctl.oci.partition import ALIKE, Weights, partition
from paasctl.oci.rebuild import END, directory, empty_file, link, renamed
from paasctl.oci.stack import Stack
from paasctl.oci.tree import Dir, Name, folder_at


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes `start` to `end` of the uncompressed layer `layer`."""

    layer: int
    start: int
    end: int


Op = Copy | bytes
Program = tuple[Op, ...]
"""One new layer: its uncompressed tar, piece by piece."""


def programs(it: Stack, count: int = 1, weights: Weights = ALIKE) -> tuple[Program, ...]:
    """At most `count` new layers that stand for everything above the kept ones; none where nothing is left of it.

    Several layers are disjoint: whiteouts lie in the first, no inode group is torn, parents are repeated alike.
    Directories that none of them needs are described in the last, which changes most. With nothing kept there is always
    one layer, be it empty.
    """
    found = changes(it)
    folders = {path: folder_at(it.top, path) for path in found.folders}
    runs = partition(found.groups, count, weights)
    if not runs and not found.marks and not found.folders and it.kept:
        return ()
    out = []
    for index, run in enumerate(runs or [[]]):
        writer = _Writer(_Plan(it, folders))
        if index == 0:
            writer.marks(sorted(found.marks))
        writer.run(run, every=index >= len(runs) - 1)
        folders = {path: folder for path, folder in folders.items() if not path or path not in writer.made}
        out.append((*writer.ops, END))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Plan:
    stack: Stack
    folders: dict[bytes, Dir]


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    """Something to write, at its place in the old layers; what is made anew comes first."""

    layer: int
    start: int
    path: bytes
    what: Group | Dir | tuple[Group, Name] = field(compare=False)


@dataclass(slots=True)
class _Writer:
    """One new layer in the making."""

    plan: _Plan
    ops: list[Op] = field(default_factory=list)
    made: set[bytes] = field(default_factory=set)

    def marks(self, paths: Sequence[bytes]) -> None:
        for path in paths:
            self.parents(path)
            self.ops.append(empty_file(path))

    def run(self, groups: Sequence[Group], *, every: bool) -> None:
        for item in sorted(_items(self.plan, groups, every=every)):
            if not isinstance(item.what, Dir):
                self.parents(item.path)
            match item.what:
                case Dir():
                    self.folder(item.path, item.what, item)
                case Group():
                    self.inode(item.what)
                case _:
                    group, name = item.what
                    self.link(item.path, name, group)

    def parents(self, path: bytes) -> None:
        """Make sure that every directory above is there, with its final attributes."""
        top = self.plan.stack.top
        for folder in chain(above(path)):
            if folder not in self.made and (folder or b"" in self.plan.folders):
                self.made.add(folder)
                self.ops.append(directory(folder, folder_at(top, folder).meta))

    def folder(self, path: bytes, it: Dir, place: _Item) -> None:
        if path in self.made:
            return
        if path:
            self.parents(path)
        self.made.add(path)
        member = it.origin[1] if it.origin and place.start >= 0 else None
        if member is not None and member.as_is and member.path == path:
            self.copy(place.layer, member.start, member.end)
        else:
            self.ops.append(directory(path, it.meta))

    def inode(self, group: Group) -> None:
        inode, member = group.inode, group.inode.member
        if member.as_is and member.path == group.path and member.meta == inode.meta:
            self.copy(inode.layer, member.start, member.end)
            return
        self.ops.append(renamed(member, group.path, inode.meta))
        if member.end > member.body:
            self.copy(inode.layer, member.body, member.end)

    def link(self, path: bytes, name: Name, group: Group) -> None:
        member, meta = name.member, group.inode.meta
        if _is_link_to(name, path, group.path, meta):
            self.copy(name.layer, member.start, member.end)
        else:
            self.ops.append(link(path, group.path, meta))

    def copy(self, layer: int, start: int, end: int) -> None:
        """Copy a span; adjacent ones become one."""
        last = self.ops[-1] if self.ops else b""
        if isinstance(last, Copy) and last.layer == layer and last.end == start:
            self.ops[-1] = Copy(layer, last.start, end)
        else:
            self.ops.append(Copy(layer, start, end))


def _is_link_to(name: Name, path: bytes, target: bytes, meta: Meta) -> bool:
    member = name.member
    return (
        member.kind == "link"
        and member.as_is
        and member.path == path
        and member.target == target
        and member.meta == meta
    )


def _items(plan: _Plan, groups: Sequence[Group], *, every: bool) -> Iterator[_Item]:
    """Groups with their links, and the directories: all of them with `every`, else only what the groups need."""
    for group in groups:
        yield _Item(group.inode.layer, group.inode.member.start, group.path, group)
        for path, name in group.links:
            yield _Item(name.layer, name.member.start, path, (group, name))
    if every:
        for path, folder in plan.folders.items():
            # A directory that only the kept layers describe is written from its index: its layer need not be read.
            made = folder.origin is None or folder.origin[0] < plan.stack.kept
            layer, start = (-1, -1) if made or folder.origin is None else (folder.origin[0], folder.origin[1].start)
            yield _Item(layer, start, path, folder)
