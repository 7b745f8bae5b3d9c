"""What a container still sees of an image's layers, and what became of the rest: who deleted it, and where.

Bytes are those of the unpacked tar, headers and padding included: that is what a node unpacks for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from paasctl.oci.tar.member import Member
from paasctl.oci.tar.names import OPAQUE, WHITEOUT, above, chain, join
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack
from paasctl.oci.tree.tree import Dir, Inode, Name
from paasctl.values import dataclass

Why = Literal["deleted", "overwritten", "rewritten", "hidden", "unseen"]
"""`rewritten`: written again with the same content, for a mode or an owner. `hidden`: by an opaque mark. `unseen`: no
single member of a later layer is to blame, as where something is twice in one layer."""
_MOST = 0.95
"""A directory is told by its one child where that has this part of it."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One layer: bytes that are seen and bytes that are not, and how many members of which sort."""

    live: int
    dead: int
    members: int
    whiteouts: int


@dataclass(frozen=True, slots=True)
class Waste:
    """Dead bytes that layer `layer` brought at or below `path`, and which layer (`by`) made them dead."""

    path: bytes
    layer: int
    bytes: int
    files: int
    why: Why
    by: int


@dataclass(frozen=True, slots=True)
class Twins:
    """The same content in several files that a container sees, hard links not counted."""

    path: bytes
    copies: int
    bytes: int
    """What all but one of them take."""


@dataclass(frozen=True, slots=True)
class Account:
    """All of it; the biggest first."""

    layers: tuple[Weight, ...]
    wastes: tuple[Waste, ...]
    twins: tuple[Twins, ...]
    twin_bytes: int
    entries: int
    """What a container sees, directories included."""


def account(it: Stack, most: int = 10) -> Account:
    """The account of a whole image, with at most `most` wastes and as many duplicates."""
    seen = _seen(it)
    dead = [_dead(layer, live) for layer, live in zip(it.layers, seen.live, strict=True)]
    wastes = sorted(_wastes(it.layers, dead), key=lambda waste: (-waste.bytes, waste.layer, waste.path))
    same = sorted(_twins(seen.files), key=lambda twin: (-twin.bytes, twin.path))
    return Account(
        tuple(_weight(layer, lost) for layer, lost in zip(it.layers, dead, strict=True)),
        tuple(wastes[:most]),
        tuple(same[:most]),
        sum(it.bytes for it in same),
        seen.entries,
    )


def layer_weights(it: Stack) -> tuple[Weight, ...]:
    """The weights alone, which take less time than all of it."""
    return tuple(_weight(layer, _dead(layer, live)) for layer, live in zip(it.layers, _seen(it).live, strict=True))


@dataclass(slots=True)
class _Seen:
    """What a container sees: of each layer the starts of its members, every file's name, and how many entries."""

    live: list[set[int]]
    files: list[Name]
    entries: int = 0


def _seen(it: Stack) -> _Seen:
    seen = _Seen([set() for _ in it.layers], [])
    live, files = seen.live, seen.files
    todo = [it.top]
    while todo:
        folder = todo.pop()
        seen.entries += 1
        if folder.origin:
            live[folder.origin[0]].add(folder.origin[1].start)
        for node in folder.children.values():
            if isinstance(node, Dir):
                todo.append(node)
                continue
            inode = node.inode
            seen.entries += 1
            live[node.layer].add(node.member.start)
            if inode.member is not node.member:
                live[inode.layer].add(inode.member.start)
            if inode.member.size:
                files.append(node)
    return seen


def _dead(layer: Layer, live: set[int]) -> list[Member]:
    return [it for it in layer.members if it.start not in live]


def _weight(layer: Layer, dead: Sequence[Member]) -> Weight:
    lost = sum(it.end - it.start for it in dead)
    whole = sum(it.end - it.start for it in layer.members)
    return Weight(whole - lost, lost, len(layer.members), sum(map(_is_mark, dead)))


def _is_mark(it: Member) -> bool:
    return WHITEOUT in it.path and it.path.rpartition(b"/")[2].startswith(WHITEOUT)


def _twins(files: Sequence[Name]) -> Iterator[Twins]:
    often = Counter(it.inode.member.content for it in files)
    contents: dict[bytes, dict[Inode, bytes]] = {}
    for it in files:
        if often[it.inode.member.content] > 1:
            known = contents.setdefault(it.inode.member.content, {})
            known[it.inode] = min(it.member.path, known.get(it.inode, it.member.path))
    for inodes in contents.values():
        if len(inodes) > 1:
            size = next(iter(inodes)).member.size
            yield Twins(min(inodes.values()), len(inodes), size * (len(inodes) - 1))


# --- who is to blame ------------------------------------------------------------------------------------------------


_Kind = Literal["deleted", "hidden", "file", "dir"]


@dataclass(slots=True)
class _Event:
    """What a layer did at a path."""

    layer: int
    kind: _Kind
    content: bytes = b""


_Lost = dict[tuple[int, int, Why], list[Member]]
"""(layer, layer to blame, why) -> members."""


def _wastes(layers: Sequence[Layer], dead: Sequence[Sequence[Member]]) -> Iterator[Waste]:
    lost: _Lost = {}
    gone = [[it for it in members if it.kind != "dir" and not _is_mark(it)] for members in dead]
    ways: dict[bytes, list[bytes]] = {}
    """Every directory of what is dead, with those above it."""
    for members in gone:
        for folder in {above(it.path) for it in members}:
            ways.setdefault(folder, chain(folder))
    wanted = {it.path for members in gone for it in members}.union(*ways.values())
    events = _events(layers, wanted)
    for number, members in enumerate(gone):
        for it in members:
            by, why = _blame(it, (*ways[above(it.path)], it.path), number, events)
            lost.setdefault((number, by, why), []).append(it)
    for (number, by, why), members in lost.items():
        for path, spent in _told(members):
            yield Waste(path, number, spent.size, spent.files, why, by)


def _events(layers: Sequence[Layer], wanted: set[bytes]) -> dict[bytes, list[_Event]]:
    events: dict[bytes, list[_Event]] = {}
    for number, layer in enumerate(layers):
        for it in layer.members:
            if WHITEOUT in it.path:
                path, kind = _mark(it)
            else:
                path, kind = it.path, "dir" if it.kind == "dir" else "file"
            if path in wanted:
                events.setdefault(path, []).append(_Event(number, kind, it.content))
    return events


def _mark(it: Member) -> tuple[bytes, _Kind]:
    """What a member with a whiteout's mark in its path does, and where."""
    parent, _, name = it.path.rpartition(b"/")
    if name == OPAQUE:
        return parent, "hidden"
    if name.startswith(WHITEOUT):
        return join(parent, name.removeprefix(WHITEOUT)), "deleted"
    return it.path, "dir" if it.kind == "dir" else "file"


def _blame(it: Member, way: Sequence[bytes], layer: int, events: Mapping[bytes, Sequence[_Event]]) -> tuple[int, Why]:
    """The first later layer that took it away, or a directory on the way to it. In one layer the highest counts."""
    found: _Event | None = None
    again = False
    for place in way:
        ends = place is it.path
        for event in events.get(place, ()):
            acts = event.kind != "hidden" if ends else event.kind != "dir"
            if event.layer > layer and acts and (found is None or event.layer < found.layer):
                found, again = event, ends and event.content == it.content != b""
    if found is None:
        return layer, "unseen"
    match found.kind:
        case "deleted" | "hidden":
            return found.layer, found.kind
        case _:
            return found.layer, "rewritten" if again else "overwritten"


# --- where to point at ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Spent:
    """What lies at and below a path."""

    size: int = 0
    files: int = 0
    children: dict[bytes, _Spent] = field(default_factory=dict)


def _told(members: Sequence[Member]) -> Iterator[tuple[bytes, _Spent]]:
    """The few paths that say where it lies: a directory with many, or the one file that is nearly all of it."""
    root = _Spent()
    for it in members:
        here = root
        for part in it.path.split(b"/"):
            here = here.children.setdefault(part, _Spent())
            here.size += it.end - it.start
            here.files += 1
    todo = list(root.children.items())
    while todo:
        path, here = todo.pop()
        biggest = max(here.children.values(), key=lambda it: it.size, default=None)
        if biggest and biggest.size >= here.size * _MOST:
            todo += [(join(path, name), child) for name, child in here.children.items()]
        else:
            yield path, here
