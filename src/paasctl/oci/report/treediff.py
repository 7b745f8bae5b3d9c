"""What changed between two trees, path by path: what came, what went, what has other content or only other metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from paasctl.oci.tree.proof import Seen, listing, paired
from paasctl.oci.tree.tree import Dir

Change = Literal["added", "removed", "changed", "metadata"]
"""`changed`: type, content, or what a link points to; `metadata`: mode, owner, time, attributes, hard links."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path. Bytes are a file's content; of a hard link none, they are its first name's."""

    path: bytes
    change: Change
    before: int = 0
    after: int = 0
    what: tuple[str, ...] = ()
    """What differs, in words: `mode 0644 -> 0755`."""


def tree_changes(before: Dir, after: Dir) -> Iterator[FileChange]:
    """Every path that differs, in the order of paths. Nothing is kept: trees of any size."""
    for old, new in paired(listing(before), listing(after)):
        if old is None and new is not None:
            yield FileChange(new.path, "added", after=_bytes(new))
        elif new is None and old is not None:
            yield FileChange(old.path, "removed", before=_bytes(old))
        elif old is not None and new is not None and old != new:
            yield _changed(old, new)


def _bytes(it: Seen) -> int:
    return it.size if it.kind == "file" and it.twin == it.path else 0


def _changed(old: Seen, new: Seen) -> FileChange:
    told = [*_content(old, new)]
    change: Change = "changed" if told else "metadata"
    if old.kind == new.kind:
        told += _metadata(old, new)
    return FileChange(old.path, change, _bytes(old), _bytes(new), tuple(told))


def _content(old: Seen, new: Seen) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"type {old.kind} -> {new.kind}"
    elif old.target != new.target:
        yield "target"
    elif (old.size, old.content) != (new.size, new.content):
        yield "content"
    elif old.device != new.device:
        yield "device"


def _metadata(old: Seen, new: Seen) -> Iterator[str]:
    before, after = old.meta, new.meta
    if before and after:
        if before.mode != after.mode:
            yield f"mode {before.mode:04o} -> {after.mode:04o}"
        if (before.uid, before.gid) != (after.uid, after.gid):
            yield f"owner {before.uid}:{before.gid} -> {after.uid}:{after.gid}"
        if before.mtime != after.mtime:
            yield "time"
        if before.extras != after.extras:
            keys = dict(set(before.extras) ^ set(after.extras))
            yield ", ".join(sorted(key.decode("utf-8", "backslashreplace") for key in keys))
    if old.twin != new.twin:
        yield "hard links"
