"""Where the project's file is."""

from __future__ import annotations

from pathlib import Path

from paasctl.cli.options import Settings

_FILE = "paas.yaml"


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
