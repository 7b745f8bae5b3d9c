"""What lies in which layer: what lives in the end, and what dies on the way, in each of the ways that builds have."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from bench.input.material import ROOTS, Material, Source

Kind = Literal["file", "folder", "link", "symlink"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One of a layer's. A whiteout is an empty file."""

    path: str
    kind: Kind = "file"
    source: Source | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """`live` and `dead`: (files, bytes)."""

    layers: int
    live: tuple[int, int]
    dead: tuple[int, int]
    links: int


BIG = Size(layers=75, live=(70_000, 1_207_000_000), dead=(7_500, 911_000_000), links=1_500)
SMALL = Size(layers=75, live=(3_500, 60_000_000), dead=(375, 46_000_000), links=75)
_BASE = 0.2
"""Of what lives: in the first layer."""
_TOGETHER = 12
"""Neighbours that die together."""


@dataclass
class _Layers:
    """Files and whiteouts of each layer, without their folders."""

    count: int
    entries: list[dict[str, Entry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries = [{} for _ in range(self.count)]

    def put(self, layer: int, entry: Entry) -> None:
        self.entries[layer][entry.path] = entry

    def whole(self) -> Iterator[list[Entry]]:
        """With the folders that each layer touches, in order."""
        for layer in self.entries:
            folders = {str(it) for path in layer for it in PurePosixPath(path).parents if str(it) != "."}
            made = [Entry(it, "folder") for it in folders if it not in layer]
            yield sorted([*made, *layer.values()], key=lambda it: it.path.split("/"))


def planned(size: Size, seed: int = 7, roots: tuple[str, ...] = ROOTS) -> list[list[Entry]]:
    """The entries of each layer, bottom to top. Of one machine and one seed they are the same each time."""
    rng = random.Random(seed)
    material = Material(rng, roots)
    layers = _Layers(size.layers)
    placed = _live(layers, material.take(*size.live), rng)
    _link(layers, placed, size.links, rng)
    dying = sorted(material.take(*size.dead), key=lambda it: it.path)
    for at in range(0, len(dying), _TOGETHER):
        _die(layers, dying[at : at + _TOGETHER], placed, rng)
    return list(layers.whole())


def tiny(count: int, layers: int = 75) -> list[list[Entry]]:
    """So many tiny files, a tenth of which each layer replaces from the one before."""
    each = count // layers
    return [
        [
            Entry("srv", "folder"),
            *(Entry(f"srv/{it // 1000:03}", "folder") for it in range(at * each, (at + 1) * each, 1000)),
            *(
                Entry(f"srv/{it // 1000:03}/file-{it:06}", source=Source("", "", it % 400, salt=it + 1))
                for it in range(at * each - (each // 10 if at else 0), (at + 1) * each)
            ),
        ]
        for at in range(layers)
    ]


def _live(layers: _Layers, sources: list[Source], rng: random.Random) -> list[tuple[int, str]]:
    """Neighbours come in the same layer, as packages do. Returns (layer, path) of each."""
    sources.sort(key=lambda it: it.path)
    cuts = sorted(rng.random() for _ in range(layers.count - 2))
    weights = [b - a for a, b in zip([0.0, *cuts], [*cuts, 1.0], strict=True)]
    shares = [_BASE, *((1 - _BASE) * it for it in weights)]
    order = list(range(layers.count))
    rng.shuffle(order)
    placed = list[tuple[int, str]]()
    begin = 0
    for layer in order:
        end = len(sources) if layer == order[-1] else begin + max(1, round(shares[layer] * len(sources)))
        for it in sources[begin:end]:
            layers.put(layer, Entry(it.path, source=it))
            placed.append((layer, it.path))
        begin = end
    return placed


def _link(layers: _Layers, placed: list[tuple[int, str]], count: int, rng: random.Random) -> None:
    for number, (layer, path) in enumerate(rng.sample(placed, count)):
        name = f"{path}.link{number}"
        if number % 3:
            layers.put(layer, Entry(name, "symlink", target=path.rpartition("/")[2]))
        elif name > path:
            layers.put(layer, Entry(name, "link", target=path))


def _die(layers: _Layers, sources: list[Source], placed: list[tuple[int, str]], rng: random.Random) -> None:
    """Files that some later layer replaces, removes, removes with their folder, or hides by an opaque folder."""
    below = rng.randrange(layers.count - 1)
    above = rng.randrange(below + 1, layers.count)
    match rng.choices(("replaced", "removed", "folder", "opaque"), (35, 20, 30, 15))[0]:
        case "replaced":
            later = [it for it in placed if it[0]]
            at = rng.randrange(len(later) - len(sources))
            for (layer, path), source in zip(later[at:], sources, strict=False):
                layers.put(below if below < layer else 0, Entry(path, source=source))
        case "removed":
            for it in sources:
                layers.put(below, Entry(f"root/.cache/{it.path}", source=it))
                layers.put(above, _gone(f"root/.cache/{it.path}"))
        case "folder":
            for it in sources:
                layers.put(below, Entry(f"var/cache/build{below}/{it.path}", source=it))
            layers.put(below + 1, _gone(f"var/cache/build{below}"))
        case _:
            for it in sources:
                layers.put(below, Entry(f"srv/current{below}/{it.path}", source=it))
            layers.put(layers.count - 1, Entry(f"srv/current{below}/.wh..wh..opq"))


def _gone(path: str) -> Entry:
    folder, _, name = path.rpartition("/")
    return Entry(f"{folder}/.wh.{name}")


def count_dead(layers: list[list[Entry]]) -> tuple[int, int]:
    """(bytes of all files, bytes of those that are not there in the end), told the plain way."""
    state: dict[str, int] = {}
    total = 0
    for layer in layers:
        for folder, name in ((it.path.rpartition("/")[0], it.path.rpartition("/")[2]) for it in layer):
            if name.startswith(".wh."):
                gone = f"{folder}/" if name == ".wh..wh..opq" else f"{folder}/{name[4:]}"
                _drop(state, gone)
        for it in layer:
            size = it.source.size if it.source else 0
            total += size
            state[it.path] = size
    return total, total - sum(state.values())


def _drop(state: dict[str, int], gone: str) -> None:
    below: defaultdict[bool, list[str]] = defaultdict(list)
    for it in state:
        below[it == gone or it.startswith(gone if gone.endswith("/") else f"{gone}/")].append(it)
    for it in below[True]:
        del state[it]
