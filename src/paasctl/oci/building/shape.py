"""What lies below a layer in the making, by path: directories with what is applied to them, symlinks, and the rest.

Flat and small, so that it can be kept for a base and read again at once; `tree.Dir` is for layers whose content counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paasctl.oci.tar.member import IMPLIED, Meta
from paasctl.oci.tar.names import join, show, unsafe
from paasctl.oci.tree.tree import Dir, walk

_HOPS = 40
"""Symlinks followed on one path, as in the kernel."""
_DEPTH = 256
Thing = Meta | bytes | None
"""A directory's metadata, a symlink's target, or None: a file, or what else is no directory."""


@dataclass(slots=True)
class Shape:
    """Paths and what they are; the root is `b""`. It grows with every layer that is placed."""

    things: dict[bytes, Thing] = field(default_factory=lambda: {b"": IMPLIED})

    def folder(self, path: bytes, layer: str) -> bytes:
        """The path that a directory really has, symlinks followed as under a chroot. It need not be there yet.

        `Refused` where a file is in the way.
        """
        return self._followed(path, layer, through="")

    def real(self, path: bytes, layer: str) -> bytes | None:
        """The path of what is there at the end of every symlink; None: nothing is there."""
        found = self._followed(path, layer, through="last")
        return found if found in self.things else None

    def is_folder(self, path: bytes, layer: str) -> bool:
        """Whether a directory is there, symlinks followed."""
        found = self.real(path, layer)
        return found is not None and isinstance(self.things[found], Meta)

    def _followed(self, path: bytes, layer: str, *, through: str) -> bytes:
        here, todo, hops = b"", path.split(b"/")[::-1], 0
        while todo:
            part = todo.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                here = here.rpartition(b"/")[0]
                continue
            place = join(here, part)
            found = self.things.get(place, IMPLIED)
            if isinstance(found, bytes):
                hops += 1
                here = b"" if found.startswith(b"/") else here
                todo += found.split(b"/")[::-1]
            elif found is None and (todo or not through):
                raise unsafe(layer, f"{show(path)} lies below {show(place)}, which is no directory")
            else:
                here = place
            _check(path, layer, depth=here.count(b"/"), hops=hops)
        return here


def _check(path: bytes, layer: str, *, depth: int, hops: int) -> None:
    if hops > _HOPS:
        raise unsafe(layer, f"too many symlinks on the way to {show(path)}")
    if depth >= _DEPTH:
        raise unsafe(layer, f"{show(path)} lies more than {_DEPTH} directories deep")


def shape_of(root: Dir) -> Shape:
    """The shape of a merged tree."""
    things: dict[bytes, Thing] = {}
    for path, node in walk(root):
        if isinstance(node, Dir):
            things[path] = node.meta
        else:
            member = node.inode.member
            things[path] = member.target if member.kind == "symlink" else None
    return Shape(things)


def shape_json(shape: Shape) -> dict[str, Any]:
    """The shape as JSON; names are bytes, a character each."""
    folders = {path: it for path, it in shape.things.items() if isinstance(it, Meta)}
    links = {path: it for path, it in shape.things.items() if isinstance(it, bytes)}
    return {
        "folders": [[_text(path), *_meta(it)] for path, it in folders.items()],
        "links": [[_text(path), _text(it)] for path, it in links.items()],
        "others": [_text(path) for path, it in shape.things.items() if it is None],
    }


def shape_from(said: Mapping[str, Any]) -> Shape:
    """The shape that `shape_json` gave. `ValueError`, `KeyError` or `TypeError` where it is none."""
    things: dict[bytes, Thing] = {}
    for path, mode, uid, gid, mtime, extras, uname, gname, others in said["folders"]:
        things[_bytes(path)] = Meta(
            mode, uid, gid, _bytes(mtime), _records(extras), _bytes(uname), _bytes(gname), _records(others)
        )
    things.update({_bytes(path): _bytes(target) for path, target in said["links"]})
    things.update(dict.fromkeys(map(_bytes, said["others"])))
    return Shape(things)


def _meta(it: Meta) -> list[Any]:
    extras, others = ([[_text(key), _text(value)] for key, value in some] for some in (it.extras, it.others))
    return [it.mode, it.uid, it.gid, _text(it.mtime), extras, _text(it.uname), _text(it.gname), others]


def _records(said: Any) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((_bytes(key), _bytes(value)) for key, value in said)


def _text(name: bytes) -> str:
    return name.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
