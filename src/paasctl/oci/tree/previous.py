"""Layers of an earlier squash that can stay: whole blobs, so that what did not change is neither packed nor sent again.

A layer stays where all that it holds is still there and looks the same. Directories may look different meanwhile: a new
layer above describes them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paasctl.errors import Refused
from paasctl.oci.tar.member import Member
from paasctl.oci.tar.names import join
from paasctl.oci.tree.change import changes
from paasctl.oci.tree.layer import Layer, grow
from paasctl.oci.tree.partition import ALIKE, Weights
from paasctl.oci.tree.stack import Stack, apply_layer
from paasctl.oci.tree.tree import Dir, Inode, Name, Node, copied


@dataclass(frozen=True, slots=True)
class Kept:
    """The image over more kept layers. `stack.layers` are the base's, the reused, then the others of the source."""

    stack: Stack
    reused: tuple[int, ...]
    """Which of the previous layers stay, in their order."""
    count: int
    """In how many layers the rest should go."""
    weights: Weights
    """For `stack`, whose layers have other numbers than the source's."""


def keep(it: Stack, previous: Sequence[Layer], count: int, weights: Weights = ALIKE) -> Kept:
    """As many previous layers as can stay, of the `count` layers that are wanted above the base.

    Where too many could, the smallest are given up, because they cost least to send again.
    """
    chosen = _reusable(it, previous)
    above = over(it, [previous[number] for number in chosen])
    if len(chosen) >= count and not _is_done(above):
        chosen = sorted(sorted(chosen, key=lambda number: -_weight(previous[number]))[: max(0, count - 1)])
        above = over(it, [previous[number] for number in chosen])
    moved = _shifted(weights, it.kept, len(chosen))
    total, rest = sum(map(weights.of, changes(it).groups)), sum(map(moved.of, changes(above).groups))
    share = round(count * rest / total) if total else 1
    return Kept(above, tuple(chosen), max(1, min(share, count - len(chosen))), moved)


def over(it: Stack, reused: Sequence[Layer]) -> Stack:
    """The same image with `reused` kept above the base: what they hold already needs no writing."""
    base = copied(it.base)
    for number, layer in enumerate(reused, it.kept):
        apply_layer(base, layer, number)
    top = _Over(it, len(reused)).tree(base)
    layers = [*it.layers[: it.kept], *reused, *it.layers[it.kept :]]
    return Stack(layers, it.kept + len(reused), base, top, it.warnings)


def _shifted(weights: Weights, kept: int, more: int) -> Weights:
    """The weights for a stack in which `more` reused layers lie above the kept ones."""
    packed, unpacked = ((*it[:kept], *(0,) * more, *it[kept:]) for it in (weights.packed, weights.unpacked))
    return Weights(packed, unpacked) if weights.packed else weights


def _is_done(it: Stack) -> bool:
    found = changes(it)
    return not (found.groups or found.folders or found.marks)


def _weight(layer: Layer) -> int:
    return sum(it.size for it in layer.members)


def _reusable(it: Stack, previous: Sequence[Layer]) -> list[int]:
    """Which of the layers hold nothing but what the image still has, and nothing that another one of them holds."""
    groups = _groups(it.top)
    taken: set[bytes] = set()
    found = []
    for number, layer in enumerate(previous):
        held = _held(layer, it, groups)
        if held and not held & taken:
            taken |= held
            found.append(number)
    return found


_Groups = dict[Inode, frozenset[bytes]]


def _groups(root: Dir) -> _Groups:
    names: dict[Inode, list[bytes]] = {}
    for path, node, _ in _pairs(root, None):
        if isinstance(node, Name):
            names.setdefault(node.inode, []).append(path)
    return {inode: frozenset(paths) for inode, paths in names.items()}


def _held(layer: Layer, it: Stack, groups: _Groups) -> set[bytes]:
    """The names in a layer, where the image still has all of it, link groups whole; else nothing."""
    try:
        own = grow(layer, 0, Dir(), lambda _: None)
    except Refused:  # a link to a layer below, for one: it does not stand for itself
        return set()
    ours, held = _groups(own), set[bytes]()
    for path, node, there in _pairs(own, it.top):
        if isinstance(node, Dir):
            if not isinstance(there, Dir) or _hides(path, node, there, it.base):
                return set()
            continue
        if not isinstance(there, Name) or ours[node.inode] != groups[there.inode]:
            return set()
        if not looks_same(node.inode, there.inode):
            return set()
        held.add(path)
    return held


def _hides(path: bytes, own: Dir, top: Dir, base: Dir) -> bool:
    """Whether its whiteouts or its opaque mark would hide what the image shows."""
    if any(name in top.children and name not in own.children for name in own.gone):
        return True
    below = _at(base, path) if own.opaque else None
    return isinstance(below, Dir) and any(name in top.children for name in below.children)


def _at(root: Dir, path: bytes) -> Node | None:
    node: Node | None = root
    for part in path.split(b"/") if path else ():
        node = node.children.get(part) if isinstance(node, Dir) else None
    return node


def looks_same(one: Inode, other: Inode) -> bool:
    """Whether a container sees the same in both, names aside."""
    mine, theirs = one.member, other.member
    return (mine.kind, one.meta, mine.target, mine.device, mine.size, mine.content) == (
        theirs.kind,
        other.meta,
        theirs.target,
        theirs.device,
        theirs.size,
        theirs.content,
    )


def _pairs(root: Dir, beside: Node | None) -> Iterator[tuple[bytes, Node, Node | None]]:
    """Everything in a tree, with what another tree has at the same path. Of any depth."""
    todo: list[tuple[bytes, Node, Node | None]] = [(b"", root, beside)]
    while todo:
        path, node, other = todo.pop()
        yield path, node, other
        if isinstance(node, Dir):
            others = other.children if isinstance(other, Dir) else {}
            todo += [(join(path, name), child, others.get(name)) for name, child in node.children.items()]


@dataclass(slots=True)
class _Over:
    """The image's tree, made anew over a new base."""

    it: Stack
    more: int
    moved: dict[Inode, Inode] = field(default_factory=dict)

    def tree(self, base: Dir) -> Dir:
        same = self._same(base)
        root = Dir()
        made: dict[bytes, Dir] = {b"": root}
        for path, node, below in _pairs(self.it.top, base):
            parent, _, name = path.rpartition(b"/")
            if isinstance(node, Dir):
                it = made.setdefault(path, Dir())
                it.base = below if isinstance(below, Dir) else None
                it.origin = self._origin(node, below)
                if path:
                    made[parent].children[name] = it
            elif node.inode in same and isinstance(below, Name):
                made[parent].children[name] = below
            else:
                made[parent].children[name] = Name(self._number(node.layer), node.member, self._inode(node.inode))
        return root

    def _same(self, base: Dir) -> set[Inode]:
        """The inodes that the new base has already, under the same names."""
        met: dict[Inode, set[Inode | None]] = {}
        for _, node, below in _pairs(self.it.top, base):
            if isinstance(node, Name):
                met.setdefault(node.inode, set()).add(below.inode if isinstance(below, Name) else None)
        matched = {
            inode: other
            for inode, others in met.items()
            if len(others) == 1 and (other := next(iter(others))) is not None and looks_same(inode, other)
        }
        # Two inodes of the image may be one in the base; then neither is the same.
        often = Counter(matched.values())
        return {inode for inode, other in matched.items() if often[other] == 1}

    def _origin(self, node: Dir, below: Node | None) -> tuple[int, Member] | None:
        if isinstance(below, Dir) and below.meta == node.meta:
            return below.origin
        return (self._number(node.origin[0]), node.origin[1]) if node.origin else None

    def _number(self, layer: int) -> int:
        return layer if layer < self.it.kept else layer + self.more

    def _inode(self, inode: Inode) -> Inode:
        """What must be written, even where it is the old base's: a reused layer hides it there."""
        if inode not in self.moved:
            layer = self._number(inode.layer)
            self.moved[inode] = Inode(layer, inode.member, inode.meta, touched=True)
        return self.moved[inode]
