"""A layer's index as bytes, for a cache: what was read from a blob of this digest once need not be read again.

Columns, not rows: there may be hundreds of thousands of members, and packing them must take less time than reading.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import zlib
from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

from paasctl.oci.tar.member import Kind, Member, Meta, Records
from paasctl.oci.tree.layer import Layer

FORMAT = "/".join(["2", sys.byteorder, *(it.name for of in (Layer, Member, Meta) for it in dataclasses.fields(of))])
"""Whoever adds a field makes another format: an older index is then none."""
_KINDS: tuple[Kind, ...] = ("file", "dir", "link", "symlink", "char", "block", "fifo")
_LENGTH = 8


def layer_bytes(layer: Layer) -> bytes:
    """The index, packed."""
    members, kinds = layer.members, {it: number for number, it in enumerate(_KINDS)}
    metas: dict[tuple[Any, ...], int] = {}
    columns = (
        b"\0".join([it.path for it in members]),
        b"\0".join([it.target for it in members]),
        bytes([kinds[it.kind] for it in members]),
        array("q", [metas.setdefault(_key(it.meta), len(metas)) for it in members]).tobytes(),
        *(array("q", [getattr(it, name) for it in members]).tobytes() for name in _NUMBERS),
        bytes([len(it.content) for it in members]),
        b"".join([it.content for it in members]),
    )
    head = {
        "format": FORMAT,
        "stargz": layer.stargz,
        "size": layer.size,
        "members": len(members),
        "metas": [_spelled(it) for it in metas],
        "odd": {number: _odd(it) for number, it in enumerate(members) if not it.as_is or _odd(it) != _ORDINARY},
        "columns": [len(it) for it in columns],
    }
    said = json.dumps(head, separators=(",", ":")).encode()
    return zlib.compress(b"".join((len(said).to_bytes(_LENGTH, "big"), said, *columns)), 1)


def layer_from(content: bytes, name: str) -> Layer | None:
    """The index that `layer_bytes` gave; None: it is of another format, or damaged."""
    try:
        whole = zlib.decompress(content)
        start = _LENGTH + int.from_bytes(whole[:_LENGTH], "big")
        head = json.loads(whole[_LENGTH:start])
        if head["format"] != FORMAT:
            return None
        ends = accumulate(head["columns"], initial=start)
        members = _members(head, [whole[one:two] for one, two in pairwise(ends)])
        return (
            Layer(name, members, bool(head["stargz"]), int(head["size"])) if len(members) == head["members"] else None
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, zlib.error):
        return None


_NUMBERS = ("start", "body", "end", "size")
_ORDINARY = [(0, 0), True, [], ""]


def _odd(it: Member) -> list[Any]:
    """What hardly any member has."""
    return [it.device, it.as_is, _texts(it.sparse), _text(it.block)]


def _members(head: dict[str, Any], columns: list[bytes]) -> tuple[Member, ...]:
    """All of them; a column that is too short makes too few."""
    paths, targets, kinds, which, start, body, end, size, lengths, contents = columns
    metas = [_meta(it) for it in head["metas"]]
    rows = zip(
        paths.split(b"\0") if head["members"] else (),
        [_KINDS[it] for it in kinds],
        [metas[it] for it in _whole(which)],
        *map(_whole, (start, body, end, size)),
        targets.split(b"\0"),
        _contents(lengths, contents),
        strict=False,
    )
    made = [
        Member(path, kind, meta, begin, data, last, stored, target, content=content)
        for path, kind, meta, begin, data, last, stored, target, content in rows
    ]
    for number, (device, as_is, sparse, block) in head["odd"].items():
        made[int(number)] = dataclasses.replace(
            made[int(number)],
            device=(device[0], device[1]),
            as_is=as_is,
            sparse=_records(sparse),
            block=_bytes(block),
        )
    return tuple(made)


def _whole(column: bytes) -> array[int]:
    found = array("q")
    found.frombytes(column)
    return found


def _contents(lengths: bytes, contents: bytes) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield contents[at : at + length]
        at += length


def _key(it: Meta) -> tuple[Any, ...]:
    return it.mode, it.uid, it.gid, it.mtime, it.extras, it.uname, it.gname, it.others


def _spelled(key: tuple[Any, ...]) -> list[Any]:
    mode, uid, gid, mtime, extras, uname, gname, others = key
    return [mode, uid, gid, _text(mtime), _texts(extras), _text(uname), _text(gname), _texts(others)]


def _meta(row: list[Any]) -> Meta:
    mode, uid, gid, mtime, extras, uname, gname, others = row
    return Meta(mode, uid, gid, _bytes(mtime), _records(extras), _bytes(uname), _bytes(gname), _records(others))


def _texts(records: Records) -> list[tuple[str, str]]:
    return [(_text(key), _text(value)) for key, value in records]


def _records(said: list[list[str]]) -> Records:
    return tuple((_bytes(key), _bytes(value)) for key, value in said)


def _text(name: bytes) -> str:
    return name.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
