"""`paasctl status`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import environment_names
from paasctl.cli.options import Settings, one


def status(
    settings: Settings,
    environment: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ENV]...",
            help="Environments [default: all].",
            autocompletion=environment_names,
            show_default=False,
        ),
    ] = None,
) -> int:
    """What runs where, and how it is. Reading rights are enough; a cluster that is down hides only itself.

    Examples:

      paasctl status

      paasctl status production --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.status import AskStatus

    return Session(settings, "status").ask(AskStatus(environments=tuple(environment or ())))


app = one(status)
