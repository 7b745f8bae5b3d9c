"""Files of the project, and the templates that come with paasctl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Files(Protocol):
    """The project's files, read as bytes by path relative to `paas.yaml`. Paths that leave the project are refused.

    A release record offers the same interface over the files of its time.
    """

    def read(self, path: str) -> bytes | None:
        """The content; None: proved absent. Raises `ConfigError` where it can't be read."""
        ...

    def below(self, folder: str) -> tuple[str, ...]:
        """Paths of all files below a folder, sorted by their bytes; none where there is no folder."""
        ...


class ProjectFiles(Files, Protocol):
    """The files of the checkout."""

    def telling(self, names: Sequence[str]) -> tuple[str, ...]:
        """Paths of files with one of these names, at the top and one folder below it."""
        ...


class Secrets(Protocol):
    """The caller's secrets: environment variables, files, commands."""

    def environ(self) -> Mapping[str, str]:
        """The caller's environment."""
        ...

    def run(self, command: str) -> str:
        """Standard output of a command, without the last newline. A failing command raises `ConfigError`."""
        ...

    def file(self, path: str) -> str:
        """Content of a file outside of version control, `~` expanded. A missing one raises `ConfigError`."""
        ...
