"""A tree as it lies on disk, or in the tar of a container's export, as the model says it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hostile.model import Seen, Thing, clean
from hostile.read import Meta, read

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
}


def on_disk(root: Path) -> Seen:
    """Everything below a folder, links not followed."""
    seen = Seen()
    inodes: dict[tuple[int, int], Thing] = {}
    _enter(os.fsencode(root), b"", seen, inodes)
    return seen


def _enter(root: bytes, at: bytes, seen: Seen, inodes: dict[tuple[int, int], Thing]) -> None:
    with os.scandir(root + b"/" + at) as entries:
        found = list(entries)
    for entry in found:
        path = at + b"/" + entry.name if at else entry.name
        status = entry.stat(follow_symlinks=False)
        key = (status.st_dev, status.st_ino)
        thing = inodes.setdefault(key, _thing(entry.path, status))
        seen.tree[path] = thing
        if thing.kind == "dir":
            _enter(root, path, seen, inodes)


def _thing(path: bytes, status: os.stat_result) -> Thing:
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    names = os.listxattr(path, follow_symlinks=False)
    xattrs = tuple(sorted((os.fsencode(it), os.getxattr(path, it, follow_symlinks=False)) for it in names))
    device = (os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in ("char", "block") else (0, 0)
    return Thing(
        kind,
        Meta(status.st_mode & 0o7777, status.st_uid, status.st_gid, status.st_mtime_ns, xattrs),
        Path(os.fsdecode(path)).read_bytes() if kind == "file" else b"",
        os.readlink(path) if kind == "symlink" else b"",  # noqa: PTH115 - a Path would change its text
        device,
    )


_STUBS = (b"dev", b"etc", b"proc", b"sys", b".dockerenv")
"""What Docker puts into every container; no image of ours uses these names."""


def exported(tar: bytes) -> Seen:
    """The files of a container as Docker exports them. Every member of an export is there once."""
    seen = Seen()
    for it in read(tar):
        path = clean(it.name)
        if path and path.split(b"/")[0] not in _STUBS:
            linked = seen.tree[clean(it.target)] if it.kind == "link" else None
            seen.tree[path] = linked or Thing(it.kind, it.meta, it.content, it.target, it.device)
    return seen
