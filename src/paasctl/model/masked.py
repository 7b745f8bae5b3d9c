"""Values that must never be seen: `repr`, `str` and JSON show `***`."""

from __future__ import annotations

from dataclasses import dataclass, field


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
