"""Where two trees are one, field by field: our squash beside what real tools show of the same image.

The law: where umoci and Docker agree on a field of a path, we agree with both. And where nothing is ambiguous we show
what Docker shows, whatever umoci does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hostile.model import Row, Seen
from hostile.real import No, Verdict

_SECOND = 10**9
_CAPABILITY = b"security.capability"
_HARMLESS = frozenset({"below-file", "below-symlink", "whiteout-below-symlink"})
"""Ambiguities of which we say what Docker does."""
_VAGUE = ("mode", "owner", "time", "capability")
Fields = dict[str, object]
_NONE: Fields = {"kind": None}


@dataclass(frozen=True, slots=True)
class Asked:
    """One image by both tools. `began`: a time from then on was given by nobody, it is that of the unpacking."""

    docker: Verdict
    umoci: Verdict
    began: int


def against_both(ours: Seen, asked: Asked) -> list[str]:
    """Fields on which both agree, and we differ."""
    if isinstance(asked.docker, No) or isinstance(asked.umoci, No):
        return []
    trees = [_table(it, asked.began) for it in (ours, asked.docker, asked.umoci)]
    return [
        f"{path!r}: {name} is {ours_!r}, both tools show {theirs!r}"
        for path in sorted(set().union(*trees))
        for name, ours_, theirs in _agreed(*(tree.get(path, _NONE) for tree in trees))
        if ours_ != theirs
    ]


def _agreed(ours: Fields, docker: Fields, umoci: Fields) -> Iterator[tuple[str, object, object]]:
    for name in docker.keys() & umoci.keys():
        if docker[name] == umoci[name]:
            yield name, ours.get(name), docker[name]


def against_docker(ours: Seen, asked: Asked, codes: set[str]) -> list[str]:
    """Where Docker shows something else of an image that means one thing only."""
    if isinstance(asked.docker, No) or codes - _HARMLESS:
        return []
    return unlike(ours, asked.docker, asked.began, vague=ours.vague)


def unlike(ours: Seen, theirs: Seen, began: int, *, vague: set[bytes]) -> list[str]:
    """Every field that differs. Attributes of `vague` directories are left out: a layer touched them without a word."""
    mine, other = _table(ours, began), _table(theirs, began)
    return [
        f"{path!r}: {name} is {mine.get(path, _NONE).get(name)!r}, shown is {value!r}"
        for path in sorted(mine.keys() | other.keys())
        for name, value in other.get(path, _NONE).items()
        if mine.get(path, _NONE).get(name) != value and not (path in vague and name in _VAGUE)
    ]


def without_bare(ours: Seen, theirs: Seen) -> Seen:
    """Ours without implied directories that umoci does not make: it makes none for a mark alone."""
    bare = {path for path in ours.vague if path in ours.tree.keys() - theirs.tree.keys() and not ours.tree[path].said}
    return Seen({path: it for path, it in ours.tree.items() if path not in bare}, vague=ours.vague)


def _table(seen: Seen, began: int) -> dict[bytes, Fields]:
    return {path: _fields(row, began) for path, row in seen.rows().items()}


def _fields(row: Row, began: int) -> Fields:
    """What both tools keep: no fractions of seconds, no times before 1970, of the xattrs the capability."""
    fields: Fields = {
        "kind": row.kind,
        "mode": oct(row.meta.mode),
        "owner": (row.meta.uid, row.meta.gid),
        "capability": dict(row.meta.xattrs).get(_CAPABILITY),
        "content": row.content,
        "target": row.target,
        "device": row.device,
        "twin": row.twin,
    }
    if row.meta.mtime < began:
        fields["time"] = max(0, row.meta.mtime // _SECOND)
    return fields
