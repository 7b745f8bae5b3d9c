"""What a container still sees of an image's layers, and what became of the rest: who deleted it, and where.

Bytes are those of the unpacked tar, headers and padding included: that is what a node unpacks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    wastes = _wastes(it.layers, dead, most)
    same = sorted(_twins(seen.files), key=lambda twin: (-twin.bytes, twin.path))
    return Account(
        tuple(_weight(layer, lost) for layer, lost in zip(it.layers, dead, strict=True)),
        tuple(wastes),
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
    sees, files = [it.add for it in seen.live], seen.files
    todo = [it.top]
    while todo:
        folder = todo.pop()
        seen.entries += 1
        if folder.origin:
            sees[folder.origin[0]](folder.origin[1].start)
        for node in folder.children.values():
            if isinstance(node, Dir):
                todo.append(node)
                continue
            inode, member = node.inode, node.member
            seen.entries += 1
            sees[node.layer](member.start)
            if inode.member is not member:
                sees[inode.layer](inode.member.start)
            if inode.member.size:
                files.append(node)
    return seen


def _dead(layer: Layer, live: set[int]) -> list[Member]:
    return [it for it in layer.members if it.start not in live]


def _weight(layer: Layer, dead: Sequence[Member]) -> Weight:
    lost, whole = _size(dead), _size(layer.members)
    return Weight(whole - lost, lost, len(layer.members), sum(map(_is_mark, dead)))


def _size(members: Sequence[Member]) -> int:
    return sum([it.end - it.start for it in members])


def _is_mark(it: Member) -> bool:
    return WHITEOUT in it.path and it.path.rpartition(b"/")[2].startswith(WHITEOUT)


def _twins(files: Sequence[Name]) -> Iterator[Twins]:
    first: dict[bytes, Name] = {}
    contents: dict[bytes, dict[Inode, bytes]] = {}
    for it in files:
        content = it.inode.member.content
        other = first.setdefault(content, it)
        if other is not it:  # which hardly any is: no dictionary for each
            known = contents.setdefault(content, {other.inode: other.member.path})
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


_Events = dict[bytes, list[_Event]]
_Lost = dict[tuple[int, int, Why], list[Member]]
"""(layer, layer to blame, why) -> members."""


def _wastes(layers: Sequence[Layer], dead: Sequence[Sequence[Member]], most: int) -> list[Waste]:
    """The biggest, at most so many."""
    lost: _Lost = {}
    gone = [[it for it in members if it.kind != "dir" and not _is_mark(it)] for members in dead]
    ways: dict[bytes, list[bytes]] = {}
    """Every directory of what is dead, with those above it."""
    for members in gone:
        for folder in {above(it.path) for it in members}:
            ways.setdefault(folder, chain(folder))
    events = _events(layers, {it.path for members in gone for it in members}, set().union(*ways.values()))
    for number, members in enumerate(gone):
        hidden: dict[bytes, _Event | None] = {}
        for it in members:
            folder = above(it.path)
            if folder not in hidden:
                hidden[folder] = _hidden(ways[folder], number, events)
            by, why = _blame(it, hidden[folder], number, events)
            lost.setdefault((number, by, why), []).append(it)
    found: list[Waste] = []
    for size, (number, by, why), members in sorted(
        ((_size(it), key, it) for key, it in lost.items()), key=lambda it: -it[0]
    ):
        if len(found) == most and size < found[-1].bytes:
            break  # neither what is left nor a part of it is bigger
        found += [Waste(path, number, spent.size, spent.files, why, by) for path, spent in _told(members)]
        found = sorted(found, key=lambda it: (-it.bytes, it.layer, it.path))[:most]
    return found


def _events(layers: Sequence[Layer], dead: set[bytes], folders: set[bytes]) -> _Events:
    """What happened at paths that are dead and at directories above them; that such a directory is there is nothing."""
    events: _Events = {}
    wanted = dead | folders
    for number, layer in enumerate(layers):
        for it in layer.members:
            path = it.path
            if WHITEOUT in path:
                path, kind = _mark(it)
            elif path in wanted:
                kind = "dir" if it.kind == "dir" else "file"
            else:
                continue
            if path in wanted and (kind != "dir" or path in dead):
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


def _hidden(way: Sequence[bytes], layer: int, events: _Events) -> _Event | None:
    """The first later layer that took one of these directories away. In one layer the highest counts."""
    found = [it for place in way for it in events.get(place, ()) if it.layer > layer and it.kind != "dir"]
    return min(found, key=lambda it: it.layer, default=None)


def _blame(it: Member, hidden: _Event | None, layer: int, events: _Events) -> tuple[int, Why]:
    """The first later layer that took it away, or, where that was earlier, a directory on the way to it (`hidden`)."""
    own = [event for event in events.get(it.path, ()) if event.layer > layer and event.kind != "hidden"]
    found, again = hidden, False
    if own and (hidden is None or own[0].layer < hidden.layer):  # they are in the order of layers
        found, again = own[0], own[0].content == it.content != b""
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
