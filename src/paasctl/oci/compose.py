"""Make a layer of files: where each one goes in what the base holds, and the headers for it.

Symlinks of the base are followed for every path, as a running container would (a base with `/lib -> usr/lib` keeps it).
Every layer repeats the parents of what it holds, with the attributes they have, so that no unpacker invents them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from paasctl.errors import ConfigError, Refused
from paasctl.model.layer import FileLayer
from paasctl.oci.layer import Layer
from paasctl.oci.member import Kind, Member, Meta
from paasctl.oci.names import WHITEOUT, chain, join, normal, show
from paasctl.oci.rebuild import directory, file, symlink
from paasctl.oci.stack import apply_layer
from paasctl.oci.tree import Dir, Inode, Name, Spot, copied, enter, folder_at


@dataclass(frozen=True, slots=True)
class Source:
    """Something found at `src`. `path` is relative to it, empty for `src` itself; `origin` is its path on disk."""

    path: bytes
    kind: Literal["file", "dir", "symlink"]
    origin: bytes
    size: int = 0
    executable: bool = False
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class Placed:
    """One member of the new layer: its header, and the file whose bytes follow (None: none do)."""

    member: Member
    header: bytes
    source: Source | None = None


def compose(sources: Sequence[Source], layer: FileLayer, below: Dir, epoch: int) -> tuple[Placed, ...]:
    """The members of the layer in the order of their paths' bytes, and puts the layer on top of `below`.

    `epoch` is the time of everything in it, in seconds. `ConfigError` where a file can't go where it should.
    """
    it = _Composing(layer, copied(below), b"%d" % epoch)
    try:
        _place(it, sources)
    except Refused as refusal:
        raise ConfigError(f"placing {layer.src} at {layer.dest}: {refusal.message}") from refusal
    placed = tuple(it.placed[path] for path in sorted(it.placed))
    apply_layer(below, Layer(layer.src, [it.member for it in placed]), -1)
    return placed


@dataclass(slots=True)
class _Composing:
    layer: FileLayer
    tree: Dir
    mtime: bytes
    own: bytes | None = None
    """Directory from which on new directories belong to the layer's owner; parents above it are root's."""
    placed: dict[bytes, Placed] = field(default_factory=dict)


def _place(it: _Composing, sources: Sequence[Source]) -> None:
    dest = normal(it.layer.dest.encode("utf-8", "surrogateescape"), it.layer.dest)
    single = len(sources) == 1 and sources[0].kind != "dir" and not sources[0].path
    if not single:
        it.own = _folder(it, dest).path
    elif it.layer.dest.endswith("/") or _is_folder(it, dest):
        dest = join(dest, sources[0].origin.rpartition(b"/")[2])
    for source in sorted(sources, key=lambda source: source.path):
        path = join(dest, source.path) if source.path else dest
        if source.kind == "dir":
            _chain(it, _folder(it, path).path)
        else:
            _leaf(it, source, path)


def _folder(it: _Composing, path: bytes) -> Spot:
    return enter(it.tree, path, it.layer.dest, make=True)


def _is_folder(it: _Composing, path: bytes) -> bool:
    return enter(it.tree, path, it.layer.dest, make=False) is not None


def _leaf(it: _Composing, source: Source, path: bytes) -> None:
    parent, _, name = path.rpartition(b"/")
    spot = _folder(it, parent)
    place = join(spot.path, name)
    problem = (
        "a layer can't hold names that begin with .wh."
        if name.startswith(WHITEOUT)
        else f"{show(place)} is a directory"
        if isinstance(spot.folder.children.get(name), Dir) or not place
        else f"{show(place)} is there twice"
        if place in it.placed
        else ""
    )
    if problem:
        raise ConfigError(f"placing {it.layer.src} at {it.layer.dest}: {problem}")
    _chain(it, spot.path)
    meta = Meta(_mode(it, source), it.layer.uid, it.layer.gid, it.mtime)
    if source.kind == "symlink":
        header, member = symlink(place, source.target, meta), _member(place, "symlink", meta, source.target)
        it.placed[place] = Placed(member, header)
    else:
        member = _member(place, "file", meta)
        it.placed[place] = Placed(member, file(place, meta, source.size), source)
    spot.folder.children[name] = Name(0, member, Inode(0, member, meta))


def _mode(it: _Composing, source: Source) -> int:
    if source.kind == "symlink":
        return 0o777
    if it.layer.mode is not None:
        return it.layer.mode
    return 0o755 if source.executable else 0o644


def _chain(it: _Composing, path: bytes) -> None:
    """Repeat every directory down to `path`."""
    for folder, meta in _metas(it, path):
        if folder not in it.placed:
            it.placed[folder] = Placed(_member(folder, "dir", meta), directory(folder, meta))


def _metas(it: _Composing, path: bytes) -> Iterator[tuple[bytes, Meta]]:
    for place in chain(path)[1:]:
        ours = it.own is not None and (place == it.own or place.startswith(it.own + b"/" if it.own else b""))
        owner = (it.layer.uid, it.layer.gid) if ours else (0, 0)
        folder = folder_at(it.tree, place)
        # A directory with a base was there before this layer: it keeps what it had.
        yield place, folder.meta if folder.base else Meta(0o755, *owner, it.mtime)


def _member(path: bytes, kind: Kind, meta: Meta, target: bytes = b"") -> Member:
    return Member(path, kind, meta, 0, 0, 0, target=target)
