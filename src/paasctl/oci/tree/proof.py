"""Whether two trees look the same to a container (moonshot X8).

Compared are path, type, mode, ids, mtime, extended attributes, link groups and content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from paasctl.model.counting import count
from paasctl.oci.tar.member import Meta
from paasctl.oci.tar.names import show
from paasctl.oci.tree.tree import Dir, Inode, walk


@dataclass(frozen=True, slots=True)
class Seen:
    """One path as a container sees it. `twin` is the first path (by its bytes) of the same inode."""

    path: bytes
    kind: str
    meta: Meta | None
    twin: bytes = b""
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    size: int = 0
    content: bytes = b""


_NOTHING = Seen(b"", "", None)


def listing(root: Dir) -> Iterator[Seen]:
    """Everything a container sees. The root's own attributes are left out: no engine applies them."""
    first: dict[Inode, bytes] = {}
    for path, node in walk(root):
        if isinstance(node, Dir):
            yield Seen(path, "dir", node.meta if path else None)
            continue
        inode, member = node.inode, node.inode.member
        yield Seen(
            path,
            member.kind,
            replace(inode.meta, mode=0o777) if member.kind == "symlink" else inode.meta,  # a symlink's mode is nobody's
            first.setdefault(inode, path),
            member.target,
            member.device,
            member.size,
            member.content,
        )


def tree_digest(root: Dir) -> str:
    """One hash of everything a container sees; equal trees have equal digests."""
    digest = hashlib.sha256()
    for it in listing(root):
        digest.update(repr(it).encode())
    return f"sha256:{digest.hexdigest()}"


def differences(before: Dir, after: Dir, limit: int = 20) -> list[str]:
    """Sentences about the first paths that differ; none: the trees look the same."""
    unlike = (
        f"{show((old or new or _NOTHING).path)}: {_tell(old)} became {_tell(new)}"
        for old, new in paired(listing(before), listing(after))
        if old != new
    )
    return list(islice(unlike, limit))


def paired(olds: Iterator[Seen], news: Iterator[Seen]) -> Iterator[tuple[Seen | None, Seen | None]]:
    """Both listings side by side; both are in the order of their path's parts."""
    old, new = next(olds, None), next(news, None)
    while old or new:
        if new is None or (old is not None and _place(old) < _place(new)):
            yield old, None
            old = next(olds, None)
        elif old is None or _place(new) < _place(old):
            yield None, new
            new = next(news, None)
        else:
            yield old, new
            old, new = next(olds, None), next(news, None)


def _place(it: Seen) -> list[bytes]:
    return it.path.split(b"/")


def _tell(it: Seen | None) -> str:
    if it is None:
        return "nothing"
    meta = it.meta
    words = [it.kind, *([f"{meta.mode:04o} {meta.uid}:{meta.gid} at {meta.mtime.decode()}"] if meta else [])]
    words += [f"-> {show(it.target)}"] if it.target else []
    words += [f"same as {show(it.twin)}"] if it.twin not in (b"", it.path) else []
    words += [f"{count(it.size, 'byte')} {it.content.hex()[:12]}"] if it.kind == "file" else []
    words += [key.decode("utf-8", "backslashreplace") for key, _ in (meta.extras if meta else ())]
    return " ".join(words)
