"""`paasctl render`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters
from paasctl.cli.options import Settings, one


def render(
    settings: Settings,
    environment: EnvironmentName,
    *,
    cluster: OnlyClusters = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say of every added field where it came from.")] = False,
    placeholder_digests: Annotated[
        bool, typer.Option("--placeholder-digests", help="Render without a release: digests of zeros.")
    ] = False,
) -> int:
    """The manifests of an environment, from the checkout as it lies there; nothing is read from a cluster.

    Examples:

      paasctl render dev --explain

      paasctl render dev --placeholder-digests | kubectl diff -f -
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.render import AskRender

    question = AskRender(
        environment=environment,
        clusters=tuple(cluster or ()),
        sets=tuple(settings.set or ()),
        explain=explain,
        placeholder_digests=placeholder_digests,
    )
    return Session(settings, "render").ask(question)


app = one(render)
