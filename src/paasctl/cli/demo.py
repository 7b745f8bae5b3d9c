"""`paasctl demo`."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from paasctl.cli.options import Output, Settings, one


def demo(
    settings: Settings,
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the project's folder, and say how to go on there.")
    ] = False,
    fast: Annotated[bool, typer.Option("--fast", help="No pauses for reading.")] = False,
) -> int:
    """The whole journey on embedded parts: a project, a release, a deploy, a bad version and its verdict.

    Nothing is needed but Python and git, and nothing is left behind.

    Examples:

      paasctl demo

      paasctl demo --keep
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.demo import Demo

    on_screen = (settings.output or Output.TEXT) is Output.TEXT and not settings.quiet
    verb = Demo(keep=keep, fast=fast, on_screen=on_screen, program=_program())
    # Its story is what it is run for: a pipe gets all of it, not the results alone.
    talk = sys.stdout if on_screen and not sys.stdout.isatty() else sys.stderr
    return Session(settings, "demo", stderr=talk).stay(verb)


def _program() -> str:
    """How this paasctl is called from any folder."""
    if shutil.which("paasctl"):
        return "paasctl"
    if sys.argv[0].endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m paasctl"
    return shlex.quote(str(Path(sys.argv[0]).absolute()))


app = one(demo)
