"""A layer's index as bytes, for a cache: what was read from a blob of this digest once need not be read again."""

from __future__ import annotations

import dataclasses
import json
import zlib
from typing import Any

from paasctl.oci.layer import Layer
from paasctl.oci.member import Member, Meta, Records

FORMAT = "/".join(["1", *(it.name for kind in (Layer, Member, Meta) for it in dataclasses.fields(kind))])
"""Whoever adds a field makes another format: an older index is then none."""


def layer_bytes(layer: Layer) -> bytes:
    """The index, packed."""
    metas: dict[tuple[Any, ...], int] = {}
    rows = [_row(it, metas) for it in layer.members]
    said = {"format": FORMAT, "stargz": layer.stargz, "size": layer.size, "metas": list(metas), "members": rows}
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode(), 1)


def layer_from(content: bytes, name: str) -> Layer | None:
    """The index that `layer_bytes` gave; None: it is of another format, or damaged."""
    try:
        said = json.loads(zlib.decompress(content))
        if said["format"] != FORMAT:
            return None
        metas = [_meta(it) for it in said["metas"]]
        members = tuple(_member(it, metas) for it in said["members"])
        return Layer(name, members, bool(said["stargz"]), int(said["size"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error):
        return None


def _row(it: Member, metas: dict[tuple[Any, ...], int]) -> list[Any]:
    meta = it.meta
    key = (
        *(meta.mode, meta.uid, meta.gid, _text(meta.mtime), _texts(meta.extras)),
        *(_text(meta.uname), _text(meta.gname), _texts(meta.others)),
    )
    number = metas.setdefault(key, len(metas))
    row = [_text(it.path), it.kind, number, it.start, it.body, it.end, it.size]
    rest = [_text(it.target), it.device, _text(it.content), it.as_is, _texts(it.sparse), _text(it.block)]
    return [*row, *rest]


def _member(row: list[Any], metas: list[Meta]) -> Member:
    path, kind, meta, start, body, end, size, target, device, content, as_is, sparse, block = row
    return Member(
        *(_bytes(path), kind, metas[meta], start, body, end, size, _bytes(target), (device[0], device[1])),
        *(_bytes(content), as_is, _records(sparse), _bytes(block)),
    )


def _meta(row: list[Any]) -> Meta:
    mode, uid, gid, mtime, extras, uname, gname, others = row
    return Meta(mode, uid, gid, _bytes(mtime), _records(extras), _bytes(uname), _bytes(gname), _records(others))


def _texts(records: Records) -> tuple[tuple[str, str], ...]:
    return tuple((_text(key), _text(value)) for key, value in records)


def _records(said: list[list[str]]) -> Records:
    return tuple((_bytes(key), _bytes(value)) for key, value in said)


def _text(name: bytes) -> str:
    return name.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
