"""Values that must never be seen: `repr`, `str` and JSON show `***`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret text. Only `reveal()` gives it away, and only manifests on their way to the API server call it."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__


def revealed(value: Any) -> Any:
    """A copy of an object's body with every `Masked` in it, at any depth, told: for the API server and digests only."""
    match value:
        case Masked():
            return value.reveal()
        case Mapping():
            return {name: revealed(of) for name, of in value.items()}
        case list() | tuple():
            return [revealed(of) for of in value]
        case _:
            return value
