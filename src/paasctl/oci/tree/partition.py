"""Which files go into which new layer: runs of similar cost that a node can fetch while it unpacks (images.md 2.7).

A tree is cut at directories, so that what changes together lies together; the same tree is always cut alike. What the
older layers brought comes first: it changes least, and a layer that did not change is neither sent nor unpacked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import isqrt

from paasctl.oci.tree.change import Group

FETCHED = 60_000_000
"""Bytes that a node fetches in a second: half a gigabit, what one connection to a registry gives."""
UNPACKED = 160_000_000
"""Bytes that it inflates in a second (zlib in one thread: measured, images.md 2.6)."""
FILE = 4096
"""What a file costs beside its bytes, in packed bytes: its header, its inode, the system calls (about 60 µs)."""
LAYER = 0.15
"""Seconds that a layer costs beside its bytes: requests, a mount, a snapshot. 32 layers instead of one took 5 s longer
to pull (images.md 2.7)."""
MOST = 10
"""The most layers that are made where nobody says how many; apko's budget, too."""
_STEPS = 16
"""Ratios of compression are rounded, or one changed byte would move every cut."""
_FINE = 4
"""Directories are cut down to pieces of at most this part of a layer."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How well each source layer was packed: its blob's size, and what it unpacks to."""

    packed: Sequence[int] = ()
    unpacked: Sequence[int] = ()

    def of(self, group: Group) -> int:
        """What a group weighs in a layer: its packed bytes as estimated, and `FILE` for itself."""
        return self.bytes(group) + FILE * (1 + len(group.links))

    def bytes(self, group: Group) -> int:
        """The same, its bytes only."""
        return group.inode.member.size * self.steps(group.inode.layer) // _STEPS

    def steps(self, layer: int) -> int:
        """The ratio of a layer in sixteenths, at least one; an unknown layer counts as not packed."""
        if layer >= len(self.packed) or not self.unpacked[layer]:
            return _STEPS
        return min(_STEPS, max(1, round(_STEPS * self.packed[layer] / self.unpacked[layer])))


ALIKE = Weights()
"""Every layer is packed alike."""


def best_count(packed: int, unpacked: int, files: int) -> int:
    """How many layers of similar cost are pulled soonest: sqrt(min(download, unpack) / overhead), from 1 to `MOST`.

    A node unpacks one layer while it fetches the next, so all but the first and last of the shorter work is hidden.
    """
    download = (packed + files * FILE) / FETCHED
    unpack = unpacked / UNPACKED + files * FILE / FETCHED
    return max(1, min(MOST, isqrt(round(min(download, unpack) / LAYER))))


def count_for(groups: Sequence[Group], weights: Weights = ALIKE) -> int:
    """`best_count` for these groups."""
    packed = sum(map(weights.bytes, groups))
    return best_count(packed, sum(it.inode.member.size for it in groups), len(groups))


def partition(groups: Sequence[Group], count: int, weights: Weights = ALIKE) -> list[list[Group]]:
    """The groups in at most `count` runs of similar cost, none empty, the rarely changing first.

    A directory is torn only where it alone outweighs a quarter of a layer, and then between its own directories; its
    own files stay together unless they outweigh a layer. What outweighs a layer by itself gets one. What the youngest
    source layer brought has a layer of its own, where there are at least three: that is what the next build changes.
    """
    sized = sorted((_Sized(weights.of(it), it) for it in groups), key=lambda it: it.group.path)
    total = sum(it.cost for it in sized)
    if count <= 1 or not sized:
        return [[it.group for it in sized]] if sized else []
    alone = [_Unit([it]) for it in sized if it.cost * count > total]
    rest = [it for it in sized if it.cost * count <= total]
    left = count - len(alone)
    share = max(1, sum(it.cost for it in rest) // left)
    units = sorted(_units(rest, b"", _Grain(share, _rounded(share // _FINE))), key=lambda it: it.place)
    runs = [*alone, *_cut(units, left, share)]
    return [[it.group for it in run.sized] for run in sorted(runs, key=lambda it: it.place)]


@dataclass(frozen=True, slots=True)
class _Sized:
    cost: int
    group: Group


@dataclass(slots=True)
class _Unit:
    """What is not torn."""

    sized: list[_Sized]
    cost: int = field(init=False)
    age: int = field(init=False)
    """The youngest source layer that brought something of it."""

    def __post_init__(self) -> None:
        self.cost = sum(it.cost for it in self.sized)
        self.age = max(it.group.inode.layer for it in self.sized)

    @property
    def place(self) -> tuple[int, bytes]:
        """Rarely changing first, then by path."""
        return self.age, self.sized[0].group.path


@dataclass(frozen=True, slots=True)
class _Grain:
    """How fine to cut."""

    share: int
    """What a layer should weigh."""
    small: int
    """What need not be cut."""


def _rounded(number: int) -> int:
    """The power of two below: a size that changes a little cuts the same."""
    return 1 << max(0, number.bit_length() - 1)


def _units(sized: Sequence[_Sized], folder: bytes, grain: _Grain) -> Iterator[_Unit]:
    """Pieces of a directory's content, which is sorted by path. Directories deep below need no recursion of ours."""
    todo = [(folder, list(sized))]
    while todo:
        prefix, inside = todo.pop()
        if not inside:
            continue
        if sum(it.cost for it in inside) <= grain.small:
            yield _Unit(inside)
            continue
        cut = len(prefix) + 1 if prefix else 0
        files: list[_Sized] = []
        for name, below in groupby(inside, key=lambda it, cut=cut: _folder(it.group.path, cut)):  # type: ignore[misc]
            if name is None:
                files += below
            else:
                todo.append((name, list(below)))
        yield from _flat(files, grain.share)


def _folder(path: bytes, start: int) -> bytes | None:
    """The directory that a path goes on with; None: it ends there."""
    end = path.find(b"/", start)
    return None if end < 0 else path[:end]


def _flat(files: Sequence[_Sized], share: int) -> Iterator[_Unit]:
    """The files of one directory: together, or by name where they outweigh a layer."""
    piece: list[_Sized] = []
    spent, most = 0, share if sum(it.cost for it in files) > share else 0
    for it in files:
        if piece and most and spent + it.cost > most:
            yield _Unit(piece)
            piece, spent = [], 0
        piece.append(it)
        spent += it.cost
    if piece:
        yield _Unit(piece)


def _cut(units: Sequence[_Unit], count: int, share: int) -> Iterator[_Unit]:
    """Neighbours joined into at most `count` runs."""
    youngest = [it for it in units if it.age == units[-1].age]
    if count > 2 and len(youngest) < len(units) and sum(it.cost for it in youngest) < share:
        yield _joined(youngest)
        units, count = units[: -len(youngest)], count - 1
    while units:
        end = _end(units, sum(it.cost for it in units) / count) if count > 1 else len(units)
        yield _joined(units[:end])
        units, count = units[end:], count - 1


def _end(units: Sequence[_Unit], share: float) -> int:
    """Where the next run ends: near its share, and rather where older files end than among them."""
    best, end, spent = 0.0, len(units), 0
    for number, (unit, after) in enumerate(pairwise(units), 1):
        spent += unit.cost
        miss = abs(spent - share) / share - (0.25 if unit.age != after.age else 0)
        if number == 1 or miss < best:
            best, end = miss, number
        if spent > share * 1.5:
            break
    return end


def _joined(units: Sequence[_Unit]) -> _Unit:
    return _Unit([it for unit in units for it in unit.sized])
