"""A line of the project's own, run by the shell as its author wrote it, in the project's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from paasctl.adapters.buildkit.child import running
from paasctl.ports.cancel import Cancel

_INSIDE = 'cd "$1" && exec sh -c "$2" 1>&2'
"""What it says goes one way, so that its lines keep their order."""


def run_hook(
    command: str, folder: Path, environ: Mapping[str, str], *, log: Callable[[str], None], cancel: Cancel
) -> int:
    """Its exit status; `log` gets each line of what it says, as it comes. A cancel ends it and what it started."""

    def hear(line: bytes) -> None:
        log(line.decode("utf-8", "replace").rstrip("\n"))

    argv = ("sh", "-c", _INSIDE, "hook", str(folder), command)
    with running(argv, environ, hear=hear, cancel=cancel) as child:
        for _ in child.chunks():
            pass
        return child.ended()
