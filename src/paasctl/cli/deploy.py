"""`paasctl deploy`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters, ReleaseVersion
from paasctl.cli.options import DryRun, ExitCode, RolloutTimeout, Settings, WaitLock, Yes, one, seconds
from paasctl.cli.stops import Override, Reason


def deploy(
    settings: Settings,
    environment: EnvironmentName,
    *,
    version: ReleaseVersion = None,
    build: Annotated[
        bool, typer.Option("--build", help="Build, push and deploy what lies in the checkout, dirty or not.")
    ] = False,
    cluster: OnlyClusters = None,
    override: Override = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
    yes: Yes = False,
    wait_lock: WaitLock = "65s",
    rollout_timeout: RolloutTimeout = "10m",
) -> int:
    """Make an environment run a release, and wait for the verdict.

    Examples:

      paasctl deploy dev

      paasctl deploy production --version 1.4.0 --yes --output jsonl

      paasctl deploy production --override soak --reason "the shop is down"
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

    session = Session(settings, "deploy")
    return session.act(verb, dry_run=dry_run, exit_code=exit_code, yes=yes, wait_lock=wait_lock)


app = one(deploy)
