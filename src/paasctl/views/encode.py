"""The model as JSON: the format that scripts rely on. A change here is a change of `FORMAT`.

Dataclasses become objects with camelCase keys, steps carry `do`, names and images are text, secrets are `***`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from enum import IntEnum
from typing import Any, Final, get_args

from paasctl.model.answer import DiffAnswer, HistoryEntry, ObjectDiff, Rendered, StatusAnswer
from paasctl.model.config import Image
from paasctl.model.event import Event
from paasctl.model.image import Pinned, Platform, Repository, Tagged
from paasctl.model.kube import Kind, Manifest
from paasctl.model.location import InArchive, InEngine, InLayout, InRegistry
from paasctl.model.masked import Masked
from paasctl.model.plan import Apply, DeployHead, Plan, Step
from paasctl.model.promoting import Attest, Brings, Statement
from paasctl.model.version import Version
from paasctl.views.mask import fields_of, masked_body

FORMAT: Final = 1
_AS_TEXT = (InArchive, InEngine, InLayout, InRegistry, Kind, Masked, Pinned, Platform, Repository, Tagged, Version)
_PAIRS = frozenset({"changelog", "facts", "images", "outside", "pinned", "settings"})
"""Fields that hold (name, value) pairs: objects in JSON."""
_RARE = frozenset({"then", "chapters", "amiss", "foreseen", "goal", "rows"})
"""Fields that are told only where there is something in them."""
_RARE_OF: Final[Mapping[type, frozenset[str]]] = {
    Attest: frozenset({"gates"}),
    DeployHead: frozenset({"reason", "passed"}),
    DiffAnswer: frozenset({"gates"}),
    HistoryEntry: frozenset({"reason", "passed"}),
    Plan: frozenset({"gates"}),
    Statement: frozenset({"passed"}),
}
"""The same, where others of that name are always told."""
_STEPS: Final = frozenset(get_args(Step))


def document(event: Event) -> dict[str, Any]:
    """One event as a JSON object: `{"event": "started", …}`."""
    return {"event": type(event).__name__.lower(), **_fields(event)}


def encode(value: Any) -> Any:  # noqa: C901 - a match over what the model is made of
    """Anything of the model as JSON. A type that nobody thought of is a `TypeError`."""
    match value:
        case IntEnum():
            return int(value)
        case None | bool() | int() | str():
            return value
        case float():
            return round(value, 3)
        case date():
            return value.isoformat()
        case _ if isinstance(value, _AS_TEXT):
            return str(value)
        case Mapping():
            return {str(key): encode(it) for key, it in value.items()}
        case frozenset() | set():
            return [encode(it) for it in sorted(value)]
        case tuple() | list() | range():
            return [encode(it) for it in value]
        case _:
            return _object(value)


def _object(value: Any) -> dict[str, Any]:
    match value:
        case Manifest():
            return {"key": encode(value.key), "source": value.source}
        case Image():
            made = "layers" if value.layers else value.dockerfile
            return {"name": value.name, "from": made, "platform": ", ".join(map(str, value.platforms))}
        case Brings():  # names, and no pairs, also where there are none
            return _fields(value) | {"images": list(value.images)}
        case Rendered():
            bodies = [encode(masked_body(it.body)) for it in value.manifests]
            return {"manifests": bodies, "explained": _pairs_of(value.explained)}
        case StatusAnswer():
            return {"environments": [{"name": name, "targets": encode(rows)} for name, rows in value.environments]}
        case Apply() | ObjectDiff():
            masked = dataclasses.replace(value, fields=fields_of(value))
            return ({"do": "apply"} if isinstance(value, Apply) else {}) | _fields(masked)
        case _ if type(value) in _STEPS:
            return {"do": _camel(type(value).__name__)} | _fields(value)
        case _:
            return _fields(value)


def _fields(value: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value):
        raise TypeError(f"no JSON for {type(value).__name__}")
    return {
        _camel(it.name): _pairs(found) if it.name in _PAIRS and _are_pairs(found) else encode(found)
        for it in dataclasses.fields(value)
        if it.repr
        for found in [getattr(value, it.name)]
        if found or it.name not in _RARE | _RARE_OF.get(type(value), frozenset())
    }


def _are_pairs(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(it, tuple) and len(it) == 2 for it in value)


def _pairs(value: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: encode(it) for name, it in value}


def _pairs_of(explained: Mapping[str, tuple[tuple[str, str], ...]]) -> dict[str, dict[str, str]]:
    return {key: _pairs(it) for key, it in explained.items()}


def _camel(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head[:1].lower() + head[1:] + "".join(it.capitalize() for it in rest)
