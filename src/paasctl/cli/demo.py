"""`paasctl demo`."""

from __future__ import annotations

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
    return Session(settings, "demo").stay(Demo(keep=keep, fast=fast, on_screen=on_screen))


app = one(demo)
