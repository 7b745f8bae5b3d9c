"""From places in a file to keys of the table."""

from __future__ import annotations

from typing import Any

from paasctl.config.shape import Either, Items, Kinds, Named, Section, Type
from paasctl.config.table.top import TOP
from paasctl.model.config import Path


def spot(path: Path, values: Any) -> str:
    """`services.web.scale.min` -> `services.SERVICE.scale.min`; an inline image counts as one of `images`.

    `values` is the file, which says of what kind a thing is.
    Empty where the path is no key of the table: a name somebody chose, an item of a list, something within `values`.
    """
    at: Any = values
    if len(path) > 3 and path[0] == "services" and path[2] == "image":
        path = ("images", path[1], *path[3:])
    kinds: list[tuple[Type, str]] = [(TOP, "")]
    said = ""
    for name in path:
        below = [it for kind, place in kinds for it in _below(_told(kind, place, at), name)]
        at = at.get(name) if isinstance(at, dict) else at[int(name)] if isinstance(at, list) else None
        if not below:
            return ""
        kinds, said = [(kind, at) for kind, at, _ in below], next((at for _, at, key in below if key), "")
    return said


def _told(kind: Type, place: str, value: Any) -> tuple[Type, str]:
    """A thing of several kinds as the one it is."""
    if isinstance(kind, Kinds):
        name = (value or {}).get("kind", kind.of[0][0])
        return dict(kind.of)[name], f"{place.removesuffix('[]')}[{name}]"
    return kind, place


def _below(told: tuple[Type, str], name: str | int) -> list[tuple[Type, str, bool]]:
    """(type, spot, whether it is a key of the table) of what lies under `name`."""
    kind, at = told
    match kind:
        case Section():
            return [(key.type, f"{at}.{name}".removeprefix("."), True) for key in kind.keys if key.name == name]
        case Named():
            return [(kind.of, f"{at}.{kind.noun}", False)]
        case Items():
            return [(kind.of, f"{at}[]", False)]
        case Either():
            return [found for it in kind.of for found in _below((it, at), name)]
        case _:
            return []
