"""`paasctl cluster`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import cluster_names
from paasctl.cli.options import DryRun, Settings, several
from paasctl.cli.sim import sim


def pin(
    settings: Settings,
    name: Annotated[
        str,
        typer.Argument(metavar="CLUSTER", help="A cluster of paas.yaml.", autocompletion=cluster_names),
    ],
    *,
    dry_run: DryRun = False,
) -> int:
    """Write a cluster's identity (the UID of kube-system) into paas.yaml, so that no other is ever taken for it.

    Examples:

      paasctl cluster pin staging

      paasctl cluster pin staging --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.project import Pin

    return Session(settings, "cluster pin").act(lambda: Pin(cluster=name), dry_run=dry_run, exit_code=False, yes=True)


def list_(settings: Settings) -> int:
    """The clusters of paas.yaml: whether they answer, and whether they are who they should be.

    Examples:

      paasctl cluster list

      paasctl cluster list --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.config import AskClusters

    return Session(settings, "cluster list").ask(AskClusters())


app = several("cluster", pin, list_, sim)
