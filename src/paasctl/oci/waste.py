"""What a container still sees of an image's layers, and what became of the rest: who deleted it, and where.

Bytes are those of the unpacked tar, headers and padding included: that is what a node unpacks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from paasctl.oci.layer import Layer
from paasctl.oci.member import Member
from paasctl.oci.names import OPAQUE, WHITEOUT, chain, join
from paasctl.oci.stack import Stack
from paasctl.oci.tree import Dir, Inode, Node

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
    live = _live(it.top)
    twins, entries = _contents(it.top)
    dead = [_dead(layer, number, live) for number, layer in enumerate(it.layers)]
    wastes = sorted(_wastes(it.layers, dead), key=lambda waste: (-waste.bytes, waste.layer, waste.path))
    same = sorted(_twins(twins), key=lambda twin: (-twin.bytes, twin.path))
    return Account(
        tuple(_weight(layer, lost) for layer, lost in zip(it.layers, dead, strict=True)),
        tuple(wastes[:most]),
        tuple(same[:most]),
        sum(it.bytes for it in same),
        entries,
    )


def layer_weights(it: Stack) -> tuple[Weight, ...]:
    """The weights alone, which take less time than all of it."""
    live = _live(it.top)
    return tuple(_weight(layer, _dead(layer, number, live)) for number, layer in enumerate(it.layers))


def _live(root: Dir) -> set[tuple[int, int]]:
    """The members that a container sees something of: layer and start."""
    live: set[tuple[int, int]] = set()
    for _, node in _walk(root):
        if not isinstance(node, Dir):
            live |= {(node.layer, node.member.start), (node.inode.layer, node.inode.member.start)}
        elif node.origin:
            live.add((node.origin[0], node.origin[1].start))
    return live


def _walk(root: Dir) -> Iterator[tuple[bytes, Node]]:
    todo: list[tuple[bytes, Node]] = [(b"", root)]
    while todo:
        path, node = todo.pop()
        yield path, node
        if isinstance(node, Dir):
            todo += [(join(path, name), child) for name, child in node.children.items()]


_Contents = dict[bytes, dict[Inode, bytes]]


def _contents(root: Dir) -> tuple[_Contents, int]:
    """The inodes of each content with a path; and how many entries there are."""
    contents: _Contents = {}
    entries = 0
    for path, node in _walk(root):
        entries += 1
        if not isinstance(node, Dir) and node.inode.member.kind == "file" and node.inode.member.size:
            known = contents.setdefault(node.inode.member.content, {})
            known[node.inode] = min(path, known.get(node.inode, path))
    return contents, entries


def _dead(layer: Layer, number: int, live: set[tuple[int, int]]) -> list[Member]:
    return [it for it in layer.members if (number, it.start) not in live]


def _weight(layer: Layer, dead: Sequence[Member]) -> Weight:
    lost = sum(it.end - it.start for it in dead)
    whole = sum(it.end - it.start for it in layer.members)
    return Weight(whole - lost, lost, len(layer.members), sum(map(_is_mark, dead)))


def _is_mark(it: Member) -> bool:
    return it.path.rpartition(b"/")[2].startswith(WHITEOUT)


def _twins(contents: _Contents) -> Iterator[Twins]:
    for inodes in contents.values():
        if len(inodes) > 1:
            size = next(iter(inodes)).member.size
            yield Twins(min(inodes.values()), len(inodes), size * (len(inodes) - 1))


# --- who is to blame ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Event:
    """What a layer did at a path."""

    layer: int
    kind: Literal["deleted", "hidden", "file", "dir"]
    content: bytes = b""


_Lost = dict[tuple[int, int, Why], list[Member]]
"""(layer, layer to blame, why) -> members."""


def _wastes(layers: Sequence[Layer], dead: Sequence[Sequence[Member]]) -> Iterator[Waste]:
    lost: _Lost = {}
    events = _events(layers, {place for members in dead for it in members for place in chain(it.path)})
    for number, members in enumerate(dead):
        for it in members:
            if it.kind != "dir" and not _is_mark(it):
                by, why = _blame(it, number, events)
                lost.setdefault((number, by, why), []).append(it)
    for (number, by, why), members in lost.items():
        for path, spent in _told(members):
            yield Waste(path, number, spent.size, spent.files, why, by)


def _events(layers: Sequence[Layer], wanted: set[bytes]) -> dict[bytes, list[_Event]]:
    events: dict[bytes, list[_Event]] = {}
    for number, layer in enumerate(layers):
        for it in layer.members:
            path, event = _event(it, number)
            if path in wanted:
                events.setdefault(path, []).append(event)
    return events


def _event(it: Member, layer: int) -> tuple[bytes, _Event]:
    parent, _, name = it.path.rpartition(b"/")
    if name == OPAQUE:
        return parent, _Event(layer, "hidden")
    if name.startswith(WHITEOUT):
        return join(parent, name.removeprefix(WHITEOUT)), _Event(layer, "deleted")
    return it.path, _Event(layer, "dir") if it.kind == "dir" else _Event(layer, "file", it.content)


def _blame(it: Member, layer: int, events: Mapping[bytes, Sequence[_Event]]) -> tuple[int, Why]:
    """The first later layer that took it away. Of several marks in one layer the highest counts."""
    found: _Event | None = None
    again = False
    for place in chain(it.path):
        ends = place == it.path
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
