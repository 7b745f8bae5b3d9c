"""`paasctl image verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import First, OnePlatform, Second
from paasctl.cli.options import Settings


def verify(
    settings: Settings,
    first: First,
    second: Second,
    *,
    same_tree: Annotated[
        bool, typer.Option("--same-tree", help="Prove that a container sees the same files in both.")
    ] = False,
    platform: OnePlatform = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="How many differences are told.", min=1, metavar="NUMBER")
    ] = 20,
) -> int:
    """Prove that two images are the same to a container; exit 1 where they are not.

    Compared are path, type, mode, owner, time, attributes, link groups and content, on every platform.

    Examples:

      paasctl image verify --same-tree registry.example/web:1.2 oci:slim:web

      paasctl image verify --same-tree docker:web docker:web-slim --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.verify import AskVerify

    asked = AskVerify(before=first, after=second, same_tree=same_tree, platform=platform, limit=limit)
    return Session(settings, "image verify").ask(asked)
