"""Make a layer of files: where each one goes in what lies below, and the headers for it.

Symlinks of the base are followed for every path, as a running container would (a base with `/lib -> usr/lib` keeps it).
Every layer repeats the parents of what it holds, with the attributes they have, so that no unpacker invents them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from paasctl.errors import ConfigError, Refused
from paasctl.oci.building.shape import Shape
from paasctl.oci.tar.member import Meta
from paasctl.oci.tar.names import WHITEOUT, chain, join, normal, show
from paasctl.oci.tar.rebuild import directory, file, symlink

FORM = "layers 2"
"""What a layer looks like beyond its entries; another word makes every cached layer anew."""


@dataclass(slots=True)
class OnDisk:
    """The content of a file."""

    path: bytes


@dataclass(frozen=True, slots=True)
class InArchive:
    """The content of a member of a zip archive."""

    path: bytes
    name: str
    sha256: str = ""
    """What the archive itself says it is; empty: it does not."""


@dataclass(frozen=True, slots=True)
class Given:
    """Content that was made up."""

    data: bytes


Content = OnDisk | InArchive | Given


@dataclass(slots=True)
class Source:
    """Something to be placed. `path` is relative to the piece's destination, empty for that itself."""

    path: bytes
    kind: Literal["file", "dir", "symlink"]
    content: Content | None = None
    size: int = 0
    executable: bool = False
    target: bytes = b""
    digest: str = ""
    """Of a file's content, or of the archive it comes from: equal texts, equal bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sources that go to one place with one owner: a layer, or what several are cut from."""

    name: str
    """As it is told: `dist`, `wheels of vendor`."""
    dest: str
    sources: Sequence[Source]
    uid: int = 0
    gid: int = 0
    mode: int | None = None
    """Permission bits of files; None: 0755 for executables, 0644 for others."""


@dataclass(slots=True)
class Entry:
    """One member of a new layer. `source` is where a file's bytes come from; of anything else it is None."""

    path: bytes
    meta: Meta
    source: Source | None = None
    """None: a directory."""


def compose(piece: Piece, below: Shape, epoch: int) -> list[Entry]:
    """The members in the order of their paths' bytes; `below` then holds them, too.

    `epoch` is the time of everything in it, in seconds. `ConfigError` where a file can't go where it should.
    """
    it = _Composing(piece, Shape(dict(below.things)), b"%d" % epoch)
    try:
        _place(it)
    except Refused as refusal:
        raise ConfigError(f"placing {piece.name} at {piece.dest}: {refusal.message}") from refusal
    below.things = it.shape.things
    return [it.placed[path] for path in sorted(it.placed)]


def header(entry: Entry) -> bytes:
    """The tar headers of a member."""
    source = entry.source
    if source is None:
        return directory(entry.path, entry.meta)
    if source.kind == "symlink":
        return symlink(entry.path, source.target, entry.meta)
    return file(entry.path, entry.meta, source.size)


def layer_key(entries: Sequence[Entry], packing: str) -> str:
    """The same for layers whose bytes are the same: every member, and who packs them."""
    digest = hashlib.sha256(f"{FORM}\0{packing}".encode())
    metas: dict[int, bytes] = {}
    for it in entries:
        meta = metas.get(id(it.meta)) or metas.setdefault(id(it.meta), _told(it.meta))
        source = it.source
        rest = (
            b"dir"
            if source is None
            else b"link " + source.target
            if source.kind == "symlink"
            else b"file %d %s" % (source.size, source.digest.encode())
        )
        digest.update(b"%d %b%b%d %b" % (len(it.path), it.path, meta, len(rest), rest))
    return digest.hexdigest()


def _told(meta: Meta) -> bytes:
    return repr((meta.mode, meta.uid, meta.gid, meta.mtime, meta.extras, meta.uname, meta.gname, meta.others)).encode()


@dataclass(slots=True)
class _Composing:
    piece: Piece
    shape: Shape
    mtime: bytes
    own: bytes | None = None
    """Directory from which on new directories belong to the layer's owner; parents above it are root's."""
    placed: dict[bytes, Entry] = field(default_factory=dict)
    parents: dict[bytes, bytes] = field(default_factory=dict)
    """Directories as they are wanted -> as they are."""


def _place(it: _Composing) -> None:
    piece = it.piece
    dest = normal(piece.dest.encode("utf-8", "surrogateescape"), piece.dest)
    sources = piece.sources
    single = len(sources) == 1 and sources[0].kind != "dir" and not sources[0].path
    if not single:
        it.own = it.shape.folder(dest, piece.dest)
        _chain(it, it.own)
    elif piece.dest.endswith("/") or it.shape.is_folder(dest, piece.dest):
        dest = join(dest, piece.name.encode("utf-8", "surrogateescape").rpartition(b"/")[2])
    metas = _metas(it)
    for source in sorted(sources, key=_path):
        path = join(dest, source.path) if source.path else dest
        if source.kind == "dir":
            _folder(it, path)
        else:
            _leaf(it, source, path, metas)


def _path(source: Source) -> bytes:
    return source.path


def _metas(it: _Composing) -> dict[str, Meta]:
    """What is applied to leaves, by what they are: few objects, however many files."""
    piece = it.piece
    plain, executable = (0o644, 0o755) if piece.mode is None else (piece.mode, piece.mode)
    modes = {"symlink": 0o777, "file": plain, "program": executable}
    return {what: Meta(mode, piece.uid, piece.gid, it.mtime) for what, mode in modes.items()}


def _folder(it: _Composing, path: bytes) -> bytes:
    """The directory at a wanted path, made where it is not there; its real path."""
    real = it.parents.get(path)
    if real is None:
        real = it.parents[path] = it.shape.folder(path, it.piece.dest)
        _chain(it, real)
    return real


def _leaf(it: _Composing, source: Source, path: bytes, metas: dict[str, Meta]) -> None:
    parent, _, name = path.rpartition(b"/")
    folder = it.parents.get(parent)
    place = join(_folder(it, parent) if folder is None else folder, name)
    if place in it.placed or name.startswith(WHITEOUT) or isinstance(it.shape.things.get(place), Meta):
        raise ConfigError(f"placing {it.piece.name} at {it.piece.dest}: {_problem(it, place, name)}")
    what = "program" if source.executable and source.kind == "file" else source.kind
    it.placed[place] = Entry(place, metas[what], source)
    it.shape.things[place] = source.target if source.kind == "symlink" else None


def _problem(it: _Composing, place: bytes, name: bytes) -> str:
    if name.startswith(WHITEOUT):
        return "a layer can't hold names that begin with .wh."
    if place in it.placed and it.placed[place].source:
        return f"{show(place)} is there twice"
    return f"{show(place)} is a directory"


def _chain(it: _Composing, path: bytes) -> None:
    """Repeat every directory down to `path`; what is not there is made."""
    for place in chain(path)[1:]:
        if place not in it.placed:
            meta = it.shape.things.get(place)
            if not isinstance(meta, Meta):
                meta = it.shape.things[place] = _new(it, place)
            it.placed[place] = Entry(place, meta)


def _new(it: _Composing, place: bytes) -> Meta:
    ours = it.own is not None and (place == it.own or place.startswith(it.own + b"/" if it.own else b""))
    return Meta(0o755, it.piece.uid if ours else 0, it.piece.gid if ours else 0, it.mtime)
