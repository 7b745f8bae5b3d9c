"""`paasctl config`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import environment_names
from paasctl.cli.options import Settings, several


def show(
    settings: Settings,
    environment: Annotated[
        str,
        typer.Argument(
            metavar="[ENV]", help="Only this environment.", autocompletion=environment_names, show_default=False
        ),
    ] = "",
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say of every value which layer won.")] = False,
) -> int:
    """The configuration with all defaults filled in, secrets masked.

    Examples:

      paasctl config show

      paasctl config show production --explain
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.config import AskConfig

    question = AskConfig(environment=environment, sets=tuple(settings.set or ()), explain=explain)
    return Session(settings, "config show").ask(question)


def schema(settings: Settings) -> int:
    """The JSON Schema (2020-12) of paas.yaml, for editors.

    Examples:

      paasctl config schema > paas.schema.json

      paasctl config schema --output yaml
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.config import AskSchema

    return Session(settings, "config schema").ask(AskSchema())


app = several("config", show, schema)
