"""Paths in layers: bytes, relative, in one spelling. `./a`, `/a`, `a/` and `a//b/../b` forms name one path each."""

from __future__ import annotations

from paasctl.errors import Refused

WHITEOUT = b".wh."
META = b".wh..wh."
OPAQUE = b".wh..wh..opq"
PLINKS = b".wh..wh.plnk"


def unsafe(layer: str, why: str) -> Refused:
    """The refusal of a layer whose members could do harm, or mean nothing (failure row B5)."""
    return Refused(f"reading layer {layer}: {why}", hint="rebuild the image that holds this layer", code="unsafe-layer")


def show(path: bytes) -> str:
    """A path for people: absolute, with undecodable bytes escaped."""
    return "/" + path.decode("utf-8", "backslashreplace")


def normal(name: bytes, layer: str) -> bytes:
    """The one spelling of a member's name: no leading or trailing slash; `b""` is the root.

    `..` is taken as text, as `filepath.Clean` in the container engines does; one that leaves the root is refused.
    """
    if b"\0" in name:
        raise unsafe(layer, f"the name {show(name)} holds a NUL")
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise unsafe(layer, f"the member {name.decode('utf-8', 'backslashreplace')!r} leaves the root")
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def is_plain(name: bytes) -> bool:
    """Whether every reader takes this spelling for the same path, so that the header may be copied as it is."""
    bare = name.removeprefix(b"./").removesuffix(b"/")
    return bare in (b"", b".") or not any(part in (b"", b".", b"..") for part in bare.split(b"/"))


def join(parent: bytes, name: bytes) -> bytes:
    """`parent/name`, for a parent that may be the root."""
    return parent + b"/" + name if parent else name


def above(path: bytes) -> bytes:
    """The parent's path; the root's parent is the root."""
    return path.rpartition(b"/")[0]


def chain(path: bytes) -> list[bytes]:
    """All directories from the root down to `path` itself, `path` included."""
    parts = path.split(b"/") if path else []
    return [b"/".join(parts[:end]) for end in range(len(parts) + 1)]
