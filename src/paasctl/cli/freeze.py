"""`paasctl freeze`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters
from paasctl.cli.options import DryRun, ExitCode, Settings, one


def freeze(
    settings: Settings,
    environment: EnvironmentName,
    *,
    message: Annotated[
        str, typer.Option("--message", help="Why; told to whoever wants to deploy.", metavar="TEXT", show_default=False)
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            help="A time (UTC unless it has a zone), or how long: 2h30m [default: until unfreeze].",
            metavar="TIME",
            show_default=False,
        ),
    ] = "",
    cluster: OnlyClusters = None,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Stop all deploys to an environment, from whatever machine. One that runs already goes on to its end.

    Examples:

      paasctl freeze production --until 2h --message "the shop is on TV"

      paasctl freeze dev --until 2027-01-02T08:00 --message "holidays"
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.freeze import Freezing

    return Session(settings, "freeze").act(
        lambda: Freezing(
            environment=environment, freezes=True, until=until, message=message, clusters=tuple(cluster or ())
        ),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


app = one(freeze)
