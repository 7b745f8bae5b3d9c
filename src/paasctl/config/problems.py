"""Problems of one file, collected with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paasctl.errors import ConfigError
from paasctl.model.config import Path, Where


@dataclass(slots=True, kw_only=True)
class Problems:
    """What is wrong with a file so far."""

    file: str
    places: Mapping[Path, Where]
    running: str
    """The version of paasctl that reads."""
    found: list[ConfigError] = field(default_factory=list)

    def report(self, path: Path, message: str, hint: str = "") -> None:
        """One more problem, at the place of the nearest key of `path` that is there."""
        self.found.append(ConfigError(message, hint=hint, where=str(self.where(path))))

    def where(self, path: Path) -> Where:
        """The place of the nearest key of `path` that is in the file."""
        ends = range(len(path), -1, -1)
        return next((self.places[path[:it]] for it in ends if path[:it] in self.places), Where(self.file, 1, 1))

    def later(self, path: Path, what: str) -> None:
        """Something that this version can't do yet: refused, never accepted and ignored."""
        self.report(path, f"{what} comes with a later version (this is paasctl {self.running})", "remove it for now")
