"""From places in a file to keys of the table."""

from __future__ import annotations

from paasctl.config.shape import Either, Items, Named, Section, Type
from paasctl.config.table.top import TOP
from paasctl.model.config import Path


def spot(path: Path) -> str:
    """`services.web.scale.min` -> `services.SERVICE.scale.min`; an inline image counts as one of `images`.

    Empty where the path is no key of the table: a name somebody chose, an item of a list, something within `values`.
    """
    if len(path) > 3 and path[0] == "services" and path[2] == "image":
        path = ("images", path[1], *path[3:])
    kinds: list[tuple[Type, str]] = [(TOP, "")]
    said = ""
    for name in path:
        below = [it for kind, at in kinds for it in _below(kind, at, name)]
        if not below:
            return ""
        kinds, said = [(kind, at) for kind, at, _ in below], next((at for _, at, key in below if key), "")
    return said


def _below(kind: Type, at: str, name: str | int) -> list[tuple[Type, str, bool]]:
    """(type, spot, whether it is a key of the table) of what lies under `name`."""
    match kind:
        case Section():
            return [(key.type, f"{at}.{name}".removeprefix("."), True) for key in kind.keys if key.name == name]
        case Named():
            return [(kind.of, f"{at}.{kind.noun}", False)]
        case Items():
            return [(kind.of, f"{at}[]", False)]
        case Either():
            return [found for it in kind.of for found in _below(it, at, name)]
        case _:
            return []
