"""`paasctl image diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import First, OnePlatform, Second
from paasctl.cli.options import ExitCode, Settings


def diff(
    settings: Settings,
    first: First,
    second: Second,
    *,
    platform: OnePlatform = "",
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", help="How many layers and paths of each kind are told.", min=1, metavar="NUMBER"),
    ] = 20,
    exit_code: ExitCode = False,
) -> int:
    """What changed from one image to another: layers, settings, files.

    Examples:

      paasctl image diff registry.example/web:1.2 registry.example/web:1.3

      paasctl image diff oci:build:web docker:web --exit-code --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.diff import AskImageDiff

    asked = AskImageDiff(before=first, after=second, platform=platform, exit_code=exit_code, limit=limit)
    return Session(settings, "image diff").ask(asked)
