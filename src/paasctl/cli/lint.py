"""`paasctl lint`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import environment_names
from paasctl.cli.options import Settings, one


def lint(
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
    """Every problem of paas.yaml, templates, pods and manifests at once, with places. Needs no cluster, no registry.

    Examples:

      paasctl lint

      paasctl lint production --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.render import AskLint

    return Session(settings, "lint").ask(AskLint(environments=tuple(environment or ()), sets=tuple(settings.set or ())))


app = one(lint)
