"""Where the project's file is."""

from __future__ import annotations

from pathlib import Path

from paasctl.cli.options import Settings
from paasctl.errors import UsageError

_FILE = "paas.yaml"


def check_directory(settings: Settings) -> None:
    """`UsageError` where `--directory` names none: an empty project elsewhere is not what was meant."""
    if settings.directory is not None and not Path(settings.directory).is_dir():
        why = "it is no folder" if Path(settings.directory).exists() else "there is no such folder"
        raise UsageError(f"working in --directory {settings.directory}: {why}")


def find_file(settings: Settings, *, upwards: bool = True) -> Path:
    """The project's file: as named, or the nearest `paas.yaml` upwards, or where it would be."""
    start = Path(settings.directory or ".").resolve()
    if settings.file:
        return start / settings.file
    for folder in (start, *start.parents) if upwards else ():
        if (folder / _FILE).is_file():
            return folder / _FILE
        if (folder / ".git").exists():
            break
    return start / _FILE
