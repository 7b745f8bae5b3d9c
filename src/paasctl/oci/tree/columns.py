"""A layer's index as bytes: for a cache, as what was read from a blob once need not be read again; or from a process.

Columns, not rows: there may be hundreds of thousands of members, and packing them must take less time than reading.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

from paasctl.oci.tar.member import Kind, Member, Meta, Records
from paasctl.oci.tree.layer import Layer

FORMAT = "/".join(["3", sys.byteorder, *(it.name for of in (Layer, Member, Meta) for it in dataclasses.fields(of))])
"""Whoever adds a field makes another format: an older index is then none."""
_KINDS: tuple[Kind, ...] = ("file", "dir", "link", "symlink", "char", "block", "fifo")
_LENGTH = 8


def layer_bytes(layer: Layer) -> bytes:
    """The index in columns, which compress well. Its name and whether it is eStargz's are not in it."""
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
        "size": layer.size,
        "members": len(members),
        "metas": [_spelled(it) for it in metas],
        "odd": {number: _odd(it) for number, it in enumerate(members) if not it.as_is or _odd(it) != _ORDINARY},
        "columns": [len(it) for it in columns],
    }
    said = json.dumps(head, separators=(",", ":")).encode()
    return b"".join((len(said).to_bytes(_LENGTH, "big"), said, *columns))


def layer_from(whole: bytes, name: str, *, stargz: bool) -> Layer | None:
    """The index that `layer_bytes` gave; None: it is of another format, or damaged."""
    try:
        head, columns = _parts(whole)
        members = tuple(_members(head, columns))
        return Layer(name, members, stargz, int(head["size"])) if len(members) == head["members"] else None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
        return None


def read_columns(whole: bytes, name: str, *, stargz: bool) -> Layer:
    """The same where nobody else may have written it."""
    found = layer_from(whole, name, stargz=stargz)
    if found is None:
        raise AssertionError(f"the index of {name} is none of ours")
    return found


def each_member(whole: bytes) -> Iterator[Member]:
    """The members of an index that nobody else may have written, one at a time: all at once are many."""
    return _members(*_parts(whole))


def _parts(whole: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Head and columns. `ValueError` and others where it is none of ours."""
    start = _LENGTH + int.from_bytes(whole[:_LENGTH], "big")
    head = json.loads(whole[_LENGTH:start])
    ends = list(accumulate(head["columns"], initial=start))
    if head["format"] != FORMAT or ends[-1] != len(whole):
        raise ValueError("an index of another format, or not all of it")
    return head, [whole[one:two] for one, two in pairwise(ends)]


_NUMBERS = ("start", "body", "end", "size")
_ORDINARY = [(0, 0), True, [], ""]


def _odd(it: Member) -> list[Any]:
    """What hardly any member has."""
    return [it.device, it.as_is, _texts(it.sparse), _text(it.block)]


def _members(head: dict[str, Any], columns: list[bytes]) -> Iterator[Member]:
    """All of them; a column that is too short makes too few."""
    paths, targets, kinds, which, start, body, end, size, lengths, contents = columns
    metas = [_meta(it) for it in head["metas"]]
    odd = {int(number): it for number, it in head["odd"].items()}
    if any(not 0 <= it < head["members"] for it in odd):
        raise ValueError("an index speaks of members that it does not have")
    rows = zip(
        paths.split(b"\0") if head["members"] else (),
        [_KINDS[it] for it in kinds],
        [metas[it] for it in _whole(which)],
        *map(_whole, (start, body, end, size)),
        targets.split(b"\0"),
        _contents(lengths, contents),
        strict=False,
    )
    for number, (path, kind, meta, begin, data, last, stored, target, content) in enumerate(rows):
        made = Member(path, kind, meta, begin, data, last, stored, target, content=content)
        yield _with_odd(made, odd[number]) if number in odd else made


def _with_odd(member: Member, said: list[Any]) -> Member:
    device, as_is, sparse, block = said
    return dataclasses.replace(
        member, device=(device[0], device[1]), as_is=as_is, sparse=_records(sparse), block=_bytes(block)
    )


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
