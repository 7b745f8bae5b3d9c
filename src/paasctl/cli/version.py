"""`paasctl version`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import Settings, one


def version(
    settings: Settings,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say why it is that one.")] = False,
) -> int:
    """Print the version of this commit: its tag's, or a snapshot's between two releases.

    Examples:

      paasctl version --explain

      docker build -t "shop:$(paasctl version -q)" .
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.version import AskVersion

    return Session(settings, "version").ask(AskVersion(explain=explain))


app = one(version)
