"""The emit program of a squash: which spans of which layers to copy, and what to write between them.

Spans come in the order of layers and of their bytes, so that each layer is read once, forward. Every directory comes
before what lies in it, every whiteout before everything else, every hard link after its target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge

from paasctl.oci.tar.member import Meta
from paasctl.oci.tar.names import above
from paasctl.oci.tar.rebuild import END, directory, empty_file, link, renamed
from paasctl.oci.tree.change import Changes, Group, changes
from paasctl.oci.tree.partition import ALIKE, Weights, partition
from paasctl.oci.tree.stack import Stack
from paasctl.oci.tree.tree import Dir, Name, folder_at

_FAR = 44
"""Bits of the largest offset in a layer."""


@dataclass(slots=True)
class Copy:
    """Bytes `start` to `end` of the uncompressed layer `layer`."""

    layer: int
    start: int
    end: int


Op = Copy | bytes


@dataclass(frozen=True, slots=True)
class Program:
    """One new layer: its uncompressed tar, piece by piece, made as it is asked for: all headers at once are many."""

    stack: Stack
    groups: Sequence[Group]
    folders: dict[bytes, Dir]
    """Directories that are new, or described anew; not all of them are this layer's to describe."""
    marks: Sequence[bytes] = ()
    rest: Sequence[bytes] = ()
    """Directories that are described here even if nothing lies in them."""

    @property
    def ends(self) -> dict[int, int]:
        """Which layers must be read for it, and how far at most; some of them perhaps not, after all."""
        found: dict[int, int] = {}
        for it in self.groups:
            inode = it.inode
            if inode.member.end > found.get(inode.layer, 0):
                found[inode.layer] = inode.member.end
            for _, name in it.links:
                found[name.layer] = max(name.member.end, found.get(name.layer, 0))
        for path in self.rest:
            origin = self.folders[path].origin
            if origin and origin[0] >= self.stack.kept:
                found[origin[0]] = max(origin[1].end, found.get(origin[0], 0))
        return found

    @property
    def size(self) -> int:
        """Bytes of the tar: what its pieces are together."""
        return sum(it.end - it.start if isinstance(it, Copy) else len(it) for it in self)

    def __iter__(self) -> Iterator[Op]:
        """The pieces; spans that touch are one."""
        last: Copy | None = None
        for op in _Writer(self).ops():
            if not isinstance(op, Copy):
                if last:
                    yield last
                last = None
                yield op
            elif last and last.layer == op.layer and last.end == op.start:
                last.end = op.end
            else:
                if last:
                    yield last
                last = op
        if last:
            yield last
        yield END


def programs(it: Stack, count: int = 1, weights: Weights = ALIKE, found: Changes | None = None) -> tuple[Program, ...]:
    """At most `count` new layers that stand for everything above the kept ones; none where nothing is left of it.

    Several layers are disjoint: whiteouts lie in the first, no inode group is torn, parents are repeated alike.
    Directories that none of them needs are described in the last, which changes most. With nothing kept there is always
    one layer, be it empty. `found` are the stack's changes, where they are known.
    """
    found = found or changes(it)
    runs = partition(found.groups, count, weights)
    if not runs and not found.marks and not found.folders and it.kept:
        return ()
    marks = sorted(found.marks)
    described = set[bytes]()
    for index, run in enumerate(runs[:-1]):
        _note_parents(described, [*(marks if index == 0 else ()), *(it.path for it in run)])
        _note_parents(described, [path for group in run for path, _ in group.links])
    rest = [path for path in found.folders if not path or path not in described]
    last = max(0, len(runs) - 1)
    return tuple(
        Program(it, run, found.folders, marks if index == 0 else (), rest if index == last else ())
        for index, run in enumerate(runs or [[]])
    )


def _note_parents(described: set[bytes], paths: Sequence[bytes]) -> None:
    for path in paths:
        folder = above(path)
        while folder not in described:
            described.add(folder)
            folder = above(folder)


@dataclass(frozen=True, slots=True)
class _Link:
    """A further name of a group."""

    path: bytes
    name: Name
    group: Group


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory with a header of its own in a layer that is read."""

    path: bytes
    folder: Dir
    layer: int
    start: int


_Item = Group | _Link | _Folder


def _place(it: _Item) -> int:
    """Where it lies in the old layers, as one number."""
    if isinstance(it, Group):
        return it.inode.layer << _FAR | it.inode.member.start
    if isinstance(it, _Link):
        return it.name.layer << _FAR | it.name.member.start
    return it.layer << _FAR | it.start


@dataclass(slots=True)
class _Writer:
    """One new layer in the making."""

    program: Program
    made: set[bytes] = field(default_factory=set)

    def ops(self) -> Iterator[Op]:
        program = self.program
        for path in program.marks:
            yield from self.parents(path)
            yield empty_file(path)
        for it in self._items():
            path = it.path
            if path and above(path) not in self.made:
                yield from self.parents(path)
            if isinstance(it, Group):
                yield from _inode(it)
            elif isinstance(it, _Link):
                yield _hard_link(it)
            elif path not in self.made:
                self.made.add(path)
                yield _header(it)

    def _items(self) -> Iterator[_Item]:
        """Directories that no layer above the kept ones describes; then all else in the order of the old layers."""
        program = self.program
        found = [_Folder(path, it, *_origin(it, program.stack.kept)) for path, it in self._rest()]
        yield from sorted((it for it in found if it.layer < 0), key=lambda it: it.path)
        folders: list[_Item] = sorted((it for it in found if it.layer >= 0), key=_place)
        links: list[_Item] = sorted((_Link(*named, it) for it in program.groups for named in it.links), key=_place)
        groups: list[_Item] = sorted(program.groups, key=_place)
        yield from merge(groups, links, folders, key=_place)

    def _rest(self) -> Iterator[tuple[bytes, Dir]]:
        return ((path, self.program.folders[path]) for path in self.program.rest)

    def parents(self, path: bytes) -> Iterator[bytes]:
        """Make sure that every directory above is there, with its final attributes."""
        missing = []
        folder = path
        while folder and (folder := above(folder)) not in self.made:
            missing.append(folder)
        for it in reversed(missing):
            self.made.add(it)
            if it or b"" in self.program.folders:
                yield directory(it, self._folder(it).meta)

    def _folder(self, path: bytes) -> Dir:
        return self.program.folders.get(path) or folder_at(self.program.stack.top, path)


def _origin(it: Dir, kept: int) -> tuple[int, int]:
    """Where it is described. One that only the kept layers describe is written from its index: they are not read."""
    if it.origin is None or it.origin[0] < kept:
        return -1, 0
    return it.origin[0], it.origin[1].start


def _header(it: _Folder) -> Op:
    member = it.folder.origin[1] if it.folder.origin and it.layer >= 0 else None
    if member is not None and member.as_is and member.path == it.path:
        return Copy(it.layer, member.start, member.end)
    return directory(it.path, it.folder.meta)


def _inode(group: Group) -> Iterator[Op]:
    inode, member = group.inode, group.inode.member
    if member.as_is and member.path == group.path and (member.meta is inode.meta or member.meta == inode.meta):
        yield Copy(inode.layer, member.start, member.end)
        return
    yield renamed(member, group.path, inode.meta)
    if member.end > member.body:
        yield Copy(inode.layer, member.body, member.end)


def _hard_link(it: _Link) -> Op:
    member, meta = it.name.member, it.group.inode.meta
    if _is_link_to(it.name, it.path, it.group.path, meta):
        return Copy(it.name.layer, member.start, member.end)
    return link(it.path, it.group.path, meta)


def _is_link_to(name: Name, path: bytes, target: bytes, meta: Meta) -> bool:
    member = name.member
    return (
        member.kind == "link"
        and member.as_is
        and member.path == path
        and member.target == target
        and member.meta == meta
    )
