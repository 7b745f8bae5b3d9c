"""Random small images, weighted towards trouble: the same seed gives the same image on every Python.

Names are few, so that layers meet; what a layer does is mostly done to something that a lower one left there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hostile.parts import END, Part, extension, written

Image = tuple[tuple[Part, ...], ...]
_NAMES = [b"a", b"b", b"c", b"a", b"b", b"d.wh.e", b"\xff\xe9", "ü".encode(), b"x y", b"-", b"n" * 101]
_MODES = [0o644, 0o755, 0o600, 0o4755, 0o2711, 0o1777, 0, 0o7777]
_IDS = [0, 0, 5, 1000, 65534, 3_000_000]
_TIMES = [b"1000", b"7", b"0", b"1700000000", b"1700000000.5", b"12.000000001", b"-3", b"-2.25", b"8589934592"]
_TARGETS = [b"a", b"b", b"../up", b"/a/b", b"a/b", b"..", b"/", b"nowhere", b"c/../a", b"t" * 120]
_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
_RECORDS = [
    ((b"SCHILY.xattr.user.k", b"v\n\xff"),),
    ((b"SCHILY.xattr.security.capability", _CAPABILITY),),
    ((b"SCHILY.xattr.user.k", b"v"), (b"SCHILY.xattr.user.l", b"")),
    ((b"comment", b"nothing"),),
    ((b"atime", b"5.5"), (b"ctime", b"6")),
]


@dataclass(frozen=True, slots=True)
class Taste:
    """How much of what. Numbers are weights, or chances in a hundred."""

    lower: int = 60
    """Paths that are there already."""
    duplicate: int = 6
    """Paths that the layer has named before."""
    broken: int = 1
    """Members that no runtime takes."""
    cross: int = 30
    """Hard links that name something below."""
    odd: int = 12
    """Attributes: xattrs, fractions, GNU's dialect."""
    common: int = 100
    """Global headers."""


TROUBLE = Taste()
TAME = Taste(duplicate=0, broken=0, cross=4, common=0)
"""For real tools: what they refuse says little."""


@dataclass(slots=True)
class _Growing:
    """One layer in the making. `lower` is what the layers below named, by kind."""

    random: Random
    taste: Taste
    lower: dict[bytes, bytes]
    here: dict[bytes, bytes] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    marks: set[bytes] = field(default_factory=set)
    gnu: bool = False

    def chance(self, percent: int) -> bool:
        return self.random.random() * 100 < percent

    def path(self) -> bytes:
        if self.lower and self.chance(self.taste.lower):
            found = self.random.choice(list(self.lower))
            return found + b"/" + self.random.choice(_NAMES) if self.chance(25) else found
        return b"/".join(self.random.choices(_NAMES, k=self.random.choice((1, 1, 2, 2, 3))))

    def add(self, path: bytes, kind: bytes, *, slash: bool = False, **more: object) -> None:
        if path in self.here and not self.chance(self.taste.duplicate):
            return
        if not self.chance(self.taste.broken) and self.blocked(path, kind):
            return
        self.here[path] = kind
        name = self.spelt(path) + (b"/" if slash else b"")
        self.parts.append(Part(name, kind, **self.attributes(kind), **more))  # type: ignore[arg-type]

    def mark(self, path: bytes) -> None:
        """A whiteout, an opaque mark, the root: something that is in no tree."""
        if path not in self.marks or self.chance(self.taste.duplicate):
            self.marks.add(path)
            self.parts.append(Part(self.spelt(path), mode=0, mtime=b"0"))

    def blocked(self, path: bytes, kind: bytes) -> bool:
        """Whether it lies below something of this layer that is neither directory nor symlink, or above anything."""
        ups = [path[:at] for at, it in enumerate(path) if it == 0x2F]
        if any(self.here.get(it, b"5") not in (b"5", b"2") for it in ups):
            return True
        if any(self.here.get(it) == b"2" for it in ups) and not self.chance(50):
            return True
        return kind != b"5" and any(it.startswith(path + b"/") for it in self.here)

    def spelt(self, path: bytes) -> bytes:
        drawn = self.random.random()
        if drawn < 0.7:
            return path
        if drawn < 0.8:
            return b"./" + path
        if drawn < 0.85:
            return b"/" + path
        if drawn < 0.9:
            return path.replace(b"/", b"//", 1)
        return b"z/../" + path if drawn < 0.95 else path.replace(b"/", b"/./")

    def attributes(self, kind: bytes) -> dict[str, object]:
        draw = self.random.choice
        odd = self.chance(self.taste.odd)
        made: dict[str, object] = {"mode": draw(_MODES), "uid": draw(_IDS), "gid": draw(_IDS), "mtime": draw(_TIMES)}
        if self.gnu:
            made |= {"dialect": "gnu", "mtime": draw(_TIMES[:4])}
        elif odd:
            made["records"] = draw(_RECORDS if kind in b"0S5" else _RECORDS[3:])
        return made


def image(seed: int, index: int, taste: Taste = TROUBLE) -> Image:
    """The image of that index in a run of that seed."""
    random = Random(f"{seed}/{index}")
    lower: dict[bytes, bytes] = {}
    layers = []
    for _ in range(random.choice((2, 2, 3, 3, 4))):
        it = _Growing(random, taste, dict(lower), gnu=random.random() < 0.25)
        for _ in range(random.randint(2, 8)):
            random.choices(_DOERS, _WEIGHTS)[0](it)
        layers.append(tuple(it.parts))
        lower |= it.here
    return tuple(layers)


def tars(it: Image) -> list[bytes]:
    """Its layers, as bytes."""
    return [written(layer, END) for layer in it]


def _file(it: _Growing) -> None:
    it.add(it.path(), b"0", data=it.random.choice((b"", b"1", b"22", b"x" * 513)))


def _folder(it: _Growing) -> None:
    it.add(it.path(), b"5", slash=it.chance(70))


def _symlink(it: _Growing) -> None:
    target = it.random.choice(list(it.lower)) if it.lower and it.chance(50) else it.random.choice(_TARGETS)
    it.add(it.path(), b"2", target=target)


def _hard_link(it: _Growing) -> None:
    below = it.lower if it.chance(it.taste.cross) else {}
    candidates = [path for path, kind in {**below, **it.here}.items() if kind != b"5"]
    if it.chance(it.taste.broken):
        candidates = [b"nowhere/at/all"]
    if candidates:
        it.add(it.path(), b"1", target=it.random.choice(candidates))


def _special(it: _Growing) -> None:
    kind = it.random.choice((b"6", b"3", b"4"))
    it.add(it.path(), kind, device=(0, 0) if kind == b"6" else it.random.choice(((5, 1), (7, 300), (1, 3))))


def _gone(it: _Growing) -> None:
    path = it.random.choice(list(it.lower)) if it.lower and it.chance(85) else it.path()
    if path in it.here and not it.chance(it.taste.duplicate):
        return
    head, slash, name = path.rpartition(b"/")
    if not it.blocked(path, b"0") or it.chance(it.taste.broken):
        it.mark(head + slash + b".wh." + name)


def _opaque(it: _Growing) -> None:
    folders = [path for path, kind in {**it.lower, **it.here}.items() if kind == b"5"]
    path = it.random.choice(folders) if folders and it.chance(80) else it.path()
    if not it.blocked(path + b"/x", b"0"):
        it.mark(path + b"/.wh..wh..opq")


def _root(it: _Growing) -> None:
    if b"" not in it.marks:
        it.marks.add(b"")
        it.parts.append(Part(b"./", b"5", mode=0o755))


def _common(it: _Growing) -> None:
    """A global header, which speaks of all that follow."""
    if not it.gnu and it.chance(it.taste.common):
        records = it.random.choice((((b"comment", b"x"),), ((b"SCHILY.xattr.user.g", b"1"),), ((b"uid", b"77"),)))
        it.parts.append(Part(b"after-a-global-header", data=b"g", raw=extension(records, b"g")))


def _broken(it: _Growing) -> None:
    if it.chance(it.taste.broken * 20):
        name = it.random.choice((b"../x", b"a/.wh.", b".wh..", b"a/.wh.../", b".wh.a/b", b"a/../../b", b"./"))
        it.parts.append(Part(name))


_DO: dict[Callable[[_Growing], None], int] = {
    _file: 30,
    _folder: 18,
    _symlink: 12,
    _hard_link: 14,
    _special: 5,
    _gone: 16,
    _opaque: 5,
    _root: 2,
    _common: 1,
    _broken: 2,
}
_DOERS, _WEIGHTS = list(_DO), list(_DO.values())
