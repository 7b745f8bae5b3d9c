"""`paasctl cluster sim`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import Port, Settings


def sim(
    settings: Settings,
    *,
    state: Annotated[
        str, typer.Option(metavar="DIR", help="Folder that keeps the cluster over restarts [default: memory alone].")
    ] = "",
    from_context: Annotated[
        str, typer.Option(metavar="CTX", help="Begin as a copy of the live cluster of this context; it is only read.")
    ] = "",
    namespace: Annotated[
        list[str] | None,
        typer.Option(
            "-n",
            "--namespace",
            metavar="NAME",
            help="Copy this namespace, repeatable [default: the project's, else all but the system's].",
        ),
    ] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Copy the values of Secrets, too [default: placeholders].")
    ] = False,
    port: Port = 0,
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

      paasctl cluster sim --state ./sim --fault "patch deployments: 429 times=3"

      paasctl cluster sim --from-context staging --namespace shop-staging
    """
    from paasctl.cli.session import Session
    from paasctl.ports.embedded import ClusterPart, CopySource
    from paasctl.verbs.stay import SimulateCluster

    how = ClusterPart(state=state, port=port, kubeconfig=kubeconfig_out, script=script, faults=tuple(fault or ()))
    source = CopySource(context=from_context, namespaces=tuple(namespace or ()), secrets=with_secrets)
    return Session(settings, "cluster sim").stay(SimulateCluster(how=how, source=source if from_context else None))
