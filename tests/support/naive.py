"""What a container sees, computed the slow and obvious way: tars stacked in a dictionary. Reads with `tarfile`."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field

Path = tuple[str, ...]
_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.SYMTYPE: "symlink",
    tarfile.DIRTYPE: "dir",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
}


@dataclass(eq=False)
class Thing:
    """An inode: hard links share it."""

    kind: str
    content: bytes = b""
    target: str = ""
    device: tuple[int, int] = (0, 0)
    attributes: tuple[object, ...] = field(default=(0o755, 0, 0, 0.0, ()))


Tree = dict[Path, Thing]


def stacked(*layers: bytes) -> Tree:
    tree: Tree = {}
    for layer in layers:
        put_on(tree, layer)
    return tree


def seen(*layers: bytes) -> dict[str, tuple[object, ...]]:
    """Path -> everything visible, with the first path of the same inode."""
    tree = stacked(*layers)
    first: dict[int, Path] = {}
    return {
        "/".join(path): (
            it.kind,
            it.content,
            it.target,
            it.device,
            it.attributes,
            "/".join(first.setdefault(id(it), path)),
        )
        for path, it in sorted(tree.items())
    }


def told(*layers: bytes) -> list[str]:
    """The same in the notation of `tars.py`, sorted by path, without attributes."""
    lines = []
    for path, (kind, content, target, device, _, twin) in seen(*layers).items():
        assert isinstance(device, tuple)
        if kind == "file" and twin != path:
            lines.append(f"{path}=={twin}")
        else:
            assert isinstance(content, bytes)
            marks = {"file": f"={content.decode()}", "dir": "/", "symlink": f"->{target}", "fifo": "|"}
            lines.append(path + marks.get(str(kind), "@{},{}".format(*device)))
    return lines


def put_on(tree: Tree, layer: bytes) -> None:
    """One more layer on top."""
    before, here = dict(tree), Tree()
    with tarfile.open(fileobj=io.BytesIO(layer), mode="r:") as tar:
        entries = [(_path(it.name), it, _content(tar, it)) for it in tar]
    for path, _, _ in entries:  # marks speak of the layers below only, wherever they stand
        _strike(tree, path)
    real = [path for path, _, _ in entries if path and not path[-1].startswith(".wh.")]
    struck = {(*path[:-1], path[-1].removeprefix(".wh.")) for path, _, _ in entries if path}
    for path, it, content in entries:
        if path and path[-1].startswith(".wh.") and _is_moot(path, struck, real):
            continue
        _imply(tree, path)
        if path and not path[-1].startswith(".wh."):
            thing = _thing(it, content, tree.get(path))
            if it.islnk():
                target = _path(it.linkname)
                thing = here.get(target) or before[target]
                thing.attributes = _linked(it, thing)
            if tree.get(path) is not thing:
                _remove(tree, path, itself=True)
            tree[path] = here[path] = thing


def _is_moot(path: Path, struck: set[Path], real: list[Path]) -> bool:
    """Whether a mark lies in a directory that the same layer whites out, and puts nothing into."""
    ups = [path[:end] for end in range(1, len(path))]
    return any(up in struck and not any(it[: len(up)] == up for it in real) for up in ups)


def _imply(tree: Tree, path: Path) -> None:
    for end in range(1, len(path)):
        if path[:end] not in tree or tree[path[:end]].kind != "dir":
            _remove(tree, path[:end], itself=True)
            tree[path[:end]] = Thing("dir")


def _thing(it: tarfile.TarInfo, content: bytes, below: Thing | None) -> Thing:
    if it.isdir() and below and below.kind == "dir":
        below.attributes = _attributes(it)
        return below
    kind = _KINDS.get(it.type, "link")
    return Thing(kind, content, it.linkname, (it.devmajor, it.devminor), _attributes(it))


def _strike(tree: Tree, path: Path) -> None:
    if path and path[-1] == ".wh..wh..opq":
        _remove(tree, path[:-1], itself=False)
    elif path and path[-1].startswith(".wh."):
        _remove(tree, (*path[:-1], path[-1].removeprefix(".wh.")), itself=True)


def _remove(tree: Tree, at: Path, *, itself: bool) -> None:
    for path in [it for it in tree if it[: len(at)] == at and (itself or it != at)]:
        del tree[path]


def _path(name: str) -> Path:
    return tuple(it for it in name.split("/") if it not in ("", "."))


def _content(tar: tarfile.TarFile, it: tarfile.TarInfo) -> bytes:
    return stream.read() if it.isfile() and (stream := tar.extractfile(it)) else b""


def _linked(it: tarfile.TarInfo, thing: Thing) -> tuple[object, ...]:
    """A link's header speaks for the inode; a symlink has no mode, and keeps its time."""
    mode, uid, gid, time, extras = _attributes(it)
    return (0o777, uid, gid, thing.attributes[3], extras) if thing.kind == "symlink" else (mode, uid, gid, time, extras)


def _attributes(it: tarfile.TarInfo) -> tuple[object, ...]:
    extras = sorted((key, value) for key, value in it.pax_headers.items() if key.startswith("SCHILY."))
    return (0o777 if it.issym() else it.mode & 0o7777, it.uid, it.gid, float(it.mtime), tuple(extras))
