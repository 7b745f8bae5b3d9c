"""`paasctl history`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters
from paasctl.cli.options import Settings, one


def history(
    settings: Settings,
    environment: EnvironmentName,
    *,
    cluster: OnlyClusters = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many entries.", min=1, metavar="NUMBER")] = 20,
) -> int:
    """Who deployed what to an environment, when, and how it ended.

    LAST GOOD is the version whose deploy had gone well last when this one began.

    Examples:

      paasctl history production

      paasctl history dev -n 3 --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.history import AskHistory

    question = AskHistory(environment=environment, clusters=tuple(cluster or ()), limit=limit)
    return Session(settings, "history").ask(question)


app = one(history)
