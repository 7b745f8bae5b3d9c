"""What a container sees, the slow and obvious way: layers stacked in a dictionary of paths.

It follows the rules of image-spec `layer.md`, and an overlay file system where appliers differ. It says which inputs
are ambiguous, and refuses what means nothing, so that what we say of them can be compared, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hostile.read import Found, Meta, read

IMPLIED = Meta(0o755, 0, 0, 0)
_HOPS = 40
_STARGZ = (b"stargz.index.json", b".prefetch.landmark", b".no.prefetch.landmark")


class Refusal(Exception):  # noqa: N818 - it is an answer
    """No runtime could unpack it."""


@dataclass(eq=False, slots=True)
class Thing:
    """An inode: hard links share it."""

    kind: str
    meta: Meta = IMPLIED
    content: bytes = b""
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    said: bool = True
    """Of a directory: whether a header described it. Elsewhere always."""


class Row(NamedTuple):
    """What one sees at a path. `twin` is the first path of the same inode, where that is another one."""

    kind: str
    meta: Meta
    content: bytes
    target: bytes
    device: tuple[int, int]
    twin: bytes


@dataclass(slots=True)
class Seen:
    """A tree. `vague` are directories that a layer touched without describing them."""

    tree: dict[bytes, Thing] = field(default_factory=dict)
    met: list[set[str]] = field(default_factory=list)
    """Codes of the ambiguities, layer by layer."""
    vague: set[bytes] = field(default_factory=set)

    def codes(self, kept: int = 0) -> set[str]:
        """The ambiguities above the kept layers."""
        return set().union(*self.met[kept:])

    def told(self) -> list[str]:
        """The notation of `parts.py`, sorted by path, without attributes."""
        return [_told(path, row) for path, row in self.rows().items()]

    def rows(self) -> dict[bytes, Row]:
        """Everything visible by path; last comes the first path of the same inode, where there are several."""
        first: dict[int, bytes] = {}
        rows = {}
        for path in sorted(self.tree):
            it = self.tree[path]
            twin = first.setdefault(id(it), path)
            meta = replace(it.meta, mode=0o777) if it.kind == "symlink" else it.meta  # its mode means nothing
            rows[path] = Row(it.kind, meta, it.content, it.target, it.device, twin if twin != path else b"")
        return rows


def _told(path: bytes, row: Row) -> str:
    marks = {"file": b"=" + row.content, "dir": b"/", "symlink": b"->" + row.target, "fifo": b"|"}
    mark = b"==" + row.twin if row.twin else marks.get(row.kind, b"@%d,%d" % row.device)
    return (path + mark).decode("utf-8", "backslashreplace")


def stacked(layers: Sequence[bytes], stargz: Iterable[int] = ()) -> Seen:
    """The tree of layers, oldest first. The numbers in `stargz` are of those that carry eStargz's own members."""
    seen = Seen()
    for number, tar in enumerate(layers):
        seen.met.append(set())
        _Layer(seen, number in stargz).apply(tar)
    return seen


@dataclass(slots=True)
class _Layer:
    """One layer's own tree in the making: what it holds, and what it strikes from the layers below."""

    seen: Seen
    stargz: bool
    here: dict[bytes, Thing] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)
    opaque: set[bytes] = field(default_factory=set)
    plinks: dict[bytes, Thing] = field(default_factory=dict)

    def apply(self, tar: bytes) -> None:
        for found in read(tar):
            path = clean(found.name)
            if not (self.stargz and path in _STARGZ):
                self.hear(path, found)
        self.strike()
        for path in sorted(self.here):
            self.put(path, self.here[path])

    def hear(self, path: bytes, found: Found) -> None:
        parent, _, name = path.rpartition(b"/")
        if self.is_aufs(parent, name, found):
            return
        if not path:
            if found.kind != "dir":
                raise Refusal("the root is no directory")
            return
        parent = self.real(parent)
        before = parent + b"/" if parent else b""
        if name == b".wh..wh..opq":
            self.opaque.add(parent)
            self.seen.met[-1] |= {"opaque-root"} if not parent else set()
        elif name.startswith(b".wh."):
            if name in (b".wh.", b".wh..", b".wh..."):
                raise Refusal(f"{path!r} names no file")
            self.gone.add(before + name.removeprefix(b".wh."))
        else:
            self.add(before + name, found)

    def is_aufs(self, parent: bytes, name: bytes, found: Found) -> bool:
        """Whether it is a file system's own bookkeeping; links may still name what lies in its link folder."""
        for up in parent.split(b"/"):
            if up.startswith(b".wh..wh."):
                if parent == b".wh..wh.plnk" and found.kind == "file":
                    self.plinks[name] = _thing(found)
                return True
            if up.startswith(b".wh."):
                raise Refusal(f"{found.name!r} lies below a whiteout")
        return name.startswith(b".wh..wh.") and name != b".wh..wh..opq"

    def add(self, path: bytes, found: Found) -> None:
        before = self.here.get(path)
        if found.kind == "dir" and before is not None and before.kind == "dir":
            self.seen.met[-1] |= {"duplicate"} if before.said else set()
            before.meta, before.said = found.meta, True
            return
        thing = self.linked(path, found) if found.kind == "link" else _thing(found)
        if before is thing:
            return
        if before is not None:
            self.seen.met[-1].add("duplicate")
            self.forget(path)
        if found.kind == "char" and found.device == (0, 0):
            self.seen.met[-1].add("device-whiteout")
        self.here[path] = thing

    def forget(self, path: bytes) -> None:
        """What this layer put there before, with the marks in it: something else takes its place."""
        _remove(self.here, path)
        below = path + b"/"
        self.gone = {it for it in self.gone if not it.startswith(below)}
        self.opaque = {it for it in self.opaque if it != path and not it.startswith(below)}

    def linked(self, path: bytes, found: Found) -> Thing:
        target = clean(found.target)
        parent, _, name = target.rpartition(b"/")
        if parent == b".wh..wh.plnk":
            thing = self.plinks.get(name)
        elif (thing := _look(self.here, target)) is None or thing.kind == "dir":
            thing = _look(self.seen.tree, target)
            if thing is not None and thing.kind != "dir":
                self.seen.met[-1].add("link-to-lower")
        if thing is None or thing.kind == "dir":
            raise Refusal(f"{path!r} is a hard link to {target!r}, which is not there")
        thing.meta = replace(found.meta, mtime=thing.meta.mtime) if thing.kind == "symlink" else found.meta
        return thing

    def real(self, path: bytes) -> bytes:
        """The path with symlinks of this layer followed; what is missing becomes a directory."""
        way: list[bytes] = []
        todo, hops = path.split(b"/")[::-1], 0
        while todo:
            name = todo.pop()
            if name == b"..":
                del way[-1:]
            if name in (b"", b".", b".."):
                continue
            at = b"/".join([*way, name])
            thing = self.here.setdefault(at, Thing("dir", self.implied(way), said=False))
            if thing.kind == "symlink":
                hops += 1
                way = [] if thing.target.startswith(b"/") else way
                todo += thing.target.split(b"/")[::-1]
            elif thing.kind == "dir":
                way.append(name)
            else:
                raise Refusal(f"{path!r} lies below {at!r}, which is no directory")
            if hops > _HOPS:
                raise Refusal(f"a loop on the way to {path!r}")
        return b"/".join(way)

    def implied(self, way: list[bytes]) -> Meta:
        """A directory that no header describes has the setgid bit of the one that this layer made it in."""
        parent = self.here.get(b"/".join(way))
        return replace(IMPLIED, mode=IMPLIED.mode | (parent.meta.mode & 0o2000 if parent else 0))

    def strike(self) -> None:
        for path in self.opaque:
            for at in [it for it in self.seen.tree if not path or it.startswith(path + b"/")]:
                del self.seen.tree[at]
        for path in self.gone:
            _remove(self.seen.tree, path)
            if path in self.here:
                self.seen.met[-1].add("whiteout-and-entry")
                self.drop_if_bare(path)

    def drop_if_bare(self, path: bytes) -> None:
        """A directory that nothing but marks made be there is no entry: its whiteout counts."""
        inside = [at for at in self.here if at == path or at.startswith(path + b"/")]
        if all(self.here[at].kind == "dir" and not self.here[at].said for at in inside):
            _remove(self.here, path)

    def put(self, path: bytes, thing: Thing) -> None:
        tree = self.seen.tree
        below = tree.get(path)
        self.seen.vague.discard(path)
        if thing.kind == "dir":
            if not thing.said:
                self.seen.vague.add(path)
            if below is not None and below.kind == "dir":
                tree[path] = thing if thing.said else below
                return
            if below is not None and not thing.said:
                self.hidden(path, below)
        _remove(tree, path)
        tree[path] = thing

    def hidden(self, path: bytes, below: Thing) -> None:
        """An implied directory takes the place of something that is none."""
        if below.kind != "symlink":
            self.seen.met[-1].add("below-file")
        elif any(it.startswith(path + b"/") for it in self.here):
            self.seen.met[-1].add("below-symlink")
        else:
            self.seen.met[-1].add("whiteout-below-symlink")


def _thing(found: Found) -> Thing:
    return Thing(found.kind, found.meta, found.content, found.target, found.device)


def _remove(tree: dict[bytes, Thing], path: bytes) -> None:
    for at in [it for it in tree if it == path or it.startswith(path + b"/")]:
        del tree[at]


def _look(tree: dict[bytes, Thing], path: bytes) -> Thing | None:
    """What is at a path, symlinks followed in its parents only."""
    way: list[bytes] = []
    parent, _, last = path.rpartition(b"/")
    todo, hops = parent.split(b"/")[::-1], 0
    while todo:
        name = todo.pop()
        if name == b"..":
            del way[-1:]
        if name in (b"", b".", b".."):
            continue
        thing = tree.get(b"/".join([*way, name]))
        if thing is None or thing.kind not in ("dir", "symlink"):
            return None
        if thing.kind == "dir":
            way.append(name)
            continue
        hops += 1
        if hops > _HOPS:
            raise Refusal(f"a loop on the way to {path!r}")
        way = [] if thing.target.startswith(b"/") else way
        todo += thing.target.split(b"/")[::-1]
    return tree.get(b"/".join([*way, last]))


def clean(name: bytes) -> bytes:
    """A path's one spelling; `..` is taken as text, and refused where it leaves the root."""
    parts: list[bytes] = []
    for it in name.split(b"/"):
        if it == b"..":
            if not parts:
                raise Refusal(f"{name!r} leaves the root")
            parts.pop()
        elif it not in (b"", b"."):
            parts.append(it)
    return b"/".join(parts)
