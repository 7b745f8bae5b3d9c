"""`paasctl cluster sim`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import Settings


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
