"""`paasctl releases`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import registry_names
from paasctl.cli.options import Settings, one


def releases(
    settings: Settings,
    *,
    registry: Annotated[
        str,
        typer.Option(
            "--registry", help="Only this registry of paas.yaml.", metavar="NAME", autocompletion=registry_names
        ),
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="How many of each registry.", min=1, metavar="NUMBER")
    ] = 20,
) -> int:
    """Which releases lie in which registry, newest first, what is rejected, and what runs where.

    Examples:

      paasctl releases

      paasctl releases --registry prod --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.releases import AskReleases

    return Session(settings, "releases").ask(AskReleases(registry=registry, limit=limit))


app = one(releases)
