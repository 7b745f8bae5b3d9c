"""`paasctl image inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import Source
from paasctl.cli.options import Settings


def inspect(
    settings: Settings,
    source: Source,
    *,
    platform: Annotated[
        str,
        typer.Option(
            "--platform",
            metavar="OS/ARCH",
            help="Which image of an index [default: this machine's].",
            show_default=False,
        ),
    ] = "",
    base: Annotated[
        str, typer.Option(metavar="REF|N", help="The base, or its number of layers [default: as the image says].")
    ] = "",
) -> int:
    """What its layers hold, what of it nobody sees, and what a squash would save.

    Examples:

      paasctl image inspect registry.example/shop/web:1.2

      paasctl image inspect docker:web --output svg > web.svg
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.inspect import AskInspect

    return Session(settings, "image inspect").ask(AskInspect(source=source, platform=platform, base=base))
