"""Arguments that complete themselves in a shell: environments, clusters, images, versions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from paasctl.cli.options import Settings


def _outside(ctx: typer.Context) -> Any:
    from paasctl.cli.wiring import Outside
    from paasctl.engine.cancel import Cancel

    settings = Settings(file=_said(ctx, "file"), directory=_said(ctx, "directory"))
    return Outside(settings=settings, cancel=Cancel(2.0), verb="complete", emit=lambda _: None)


def _said(ctx: Any, name: str) -> str | None:
    """A shared option as it was typed so far, after the verb or before it; else its variable."""
    while ctx is not None:
        if ctx.params.get(name):
            return str(ctx.params[name])
        ctx = ctx.parent
    return os.environ.get(f"PAASCTL_{name.upper()}")


def _names(of: Callable[[Any], Iterable[str]]) -> Callable[[typer.Context, str], list[str]]:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from paasctl.errors import PaasError

        try:
            return [it for it in of(_outside(ctx)) if it.startswith(incomplete)]
        except PaasError:
            return []

    return complete


def _versions(outside: Any) -> list[str]:
    found = {
        tag
        for it in outside.config.registries.values()
        for tag in outside.registry(it.repository.host).tags(it.repository)
    }
    return sorted(found, reverse=True)


environment_names = _names(lambda it: it.config.environments)
cluster_names = _names(lambda it: it.config.clusters)
registry_names = _names(lambda it: it.config.registries)
stop_names = _names(lambda it: {**it.config.environments, **it.config.registries})
versions = _names(_versions)

EnvironmentName = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="An environment of paas.yaml.",
        autocompletion=environment_names,
        show_default=False,
    ),
]
OnlyClusters = Annotated[
    list[str] | None,
    typer.Option(
        "--cluster",
        help="Only this cluster of the environment, repeatable.",
        metavar="NAME",
        autocompletion=cluster_names,
        show_default=False,
    ),
]
ReleaseVersion = Annotated[
    str | None,
    typer.Option(
        "--version",
        help="The release to take, or `latest` [default: this commit's].",
        metavar="VERSION",
        autocompletion=versions,
        show_default=False,
    ),
]
ImageNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[IMAGE]...",
        help="Images of paas.yaml [default: all].",
        autocompletion=_names(lambda it: it.config.images),
        show_default=False,
    ),
]
