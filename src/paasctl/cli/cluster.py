"""`paasctl cluster`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import cluster_names
from paasctl.cli.options import DryRun, Settings, several


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


def sim(
    settings: Settings,
    *,
    state: Annotated[
        str, typer.Option(metavar="DIR", help="Folder that keeps the cluster over restarts [default: memory alone].")
    ] = "",
    port: Annotated[int, typer.Option(metavar="N", help="Port on loopback [default: one that is free].")] = 0,
    kubeconfig_out: Annotated[
        str, typer.Option(metavar="FILE", help="Where to write the kubeconfig [default: into DIR, or a new file].")
    ] = "",
    script: Annotated[str, typer.Option(metavar="FILE", help="How pods behave, as YAML.")] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What goes wrong: 'patch deployments: 503 times=2'; repeatable."),
    ] = None,
) -> int:
    """A simulated cluster on loopback, until it is stopped: an API server, controllers, pods that play by script.

    Examples:

      paasctl cluster sim

      paasctl cluster sim --state ./sim --fault "patch deployments: 429 retry-after=2 times=3"
    """
    from paasctl.cli.session import Session
    from paasctl.ports.embedded import ClusterPart
    from paasctl.verbs.stay import SimulateCluster

    how = ClusterPart(state=state, port=port, kubeconfig=kubeconfig_out, script=script, faults=tuple(fault or ()))
    return Session(settings, "cluster sim").stay(SimulateCluster(how=how))


app = several("cluster", pin, list_, sim)
