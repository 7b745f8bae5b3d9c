"""`paasctl rehearse`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters, ReleaseVersion
from paasctl.cli.options import RolloutTimeout, Settings, one, seconds
from paasctl.cli.stops import Override, Reason


def rehearse(
    settings: Settings,
    environment: EnvironmentName,
    *,
    version: ReleaseVersion = None,
    build: Annotated[
        bool, typer.Option("--build", help="Rehearse `deploy --build`: what is built is pushed nowhere.")
    ] = False,
    cluster: OnlyClusters = None,
    override: Override = None,
    reason: Reason = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What goes wrong: 'patch deployments: 503 times=2'; repeatable."),
    ] = None,
    script: Annotated[str, typer.Option(metavar="FILE", help="How pods behave, as YAML.")] = "",
    rollout_timeout: RolloutTimeout = "10m",
) -> int:
    """A deploy, carried out on a copy of the environment's clusters: what would be written, and where it would end.

    The live clusters and the registry are only read. It exits as the deploy
    would have: 0 where it ended well, 1 where the rollout failed, 4 where it
    was refused, and so on.

    Examples:

      paasctl rehearse production --version 1.4.0

      paasctl rehearse staging --fault "patch deployments: 503 times=2"
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.deploy import Deploy
    from paasctl.verbs.gating import Passing

    def verb() -> Deploy:
        return Deploy(
            environment=environment,
            version=version,
            build=build,
            clusters=tuple(cluster or ()),
            sets=tuple(settings.set or ()),
            timeout=seconds(rollout_timeout, "--rollout-timeout"),
            passing=Passing(overridden=tuple(override or ()), reason=reason),
        )

    return Session(settings, "rehearse").rehearse(verb, faults=tuple(fault or ()), script=script)


app = one(rehearse)
