"""Of every field of an object, where it came from; the largest part that has one origin is said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from paasctl.planning.fields.merge import by_key
from paasctl.planning.manifests.draft import Draft
from paasctl.planning.manifests.inputs import RenderInputs
from paasctl.planning.manifests.origins import Origins


class _Author(Enum):
    SILENT = 0


_SILENT = _Author.SILENT
"""The author says nothing here; None would be a word of theirs."""


def explained(draft: Draft, inputs: RenderInputs) -> tuple[tuple[str, str], ...]:
    """(path, origin) of every field, in the object's order. Values are never in it, so neither are secrets."""
    origins = Origins(draft, inputs)
    parts = _parts("", "", draft.body, draft.authored)
    return tuple(said for path, name, value, authored in parts for said in _field(path, name, value, authored, origins))


def _field(path: str, name: str, value: Any, authored: Any, origins: Origins) -> Iterator[tuple[str, str]]:
    if release := origins.release(path, value):
        yield path, release
    elif authored is not _SILENT and authored == value:
        yield path, origins.draft.author
    elif authored is _SILENT and (origin := origins.of(path, value)):
        yield path, origin
    elif parts := _parts(path, name, value, authored):
        for at, part, of, said in parts:
            yield from _field(at, part, of, said, origins)
    else:
        yield path, origins.fallback if authored is _SILENT else origins.draft.author


def _parts(path: str, name: str, value: Any, authored: Any) -> list[tuple[str, str, Any, Any]]:
    """(path, name, value, the author's words) of what a field is made of; none: it is one thing."""
    if isinstance(value, Mapping):
        said = authored if isinstance(authored, Mapping) else {}
        return [(f"{path}.{key}".lstrip("."), key, of, said.get(key, _SILENT)) for key, of in value.items()]
    if isinstance(value, list) and (keyed := by_key(name, value, authored if isinstance(authored, list) else [])):
        items, theirs = keyed
        return [(f"{path}{item}", "", of, theirs.get(item, _SILENT)) for item, of in items.items()]
    return []
