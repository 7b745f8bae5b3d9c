"""`paasctl promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import OnlyClusters
from paasctl.cli.options import DryRun, ExitCode, RolloutTimeout, Settings, WaitLock, Yes, one, seconds
from paasctl.cli.stops import AllMissing, From, Override, Reason, ToEach, Versions

_ENGINE = tuple(f"paasctl.engine.{it}" for it in ("run", "promote", "release", "record"))


def promote(
    settings: Settings,
    version: Versions = None,
    *,
    to: ToEach,
    from_: From = "",
    all_missing: AllMissing = False,
    reason: Reason = "",
    override: Override = None,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="Go on into the environment; the options below are `deploy`'s.")
    ] = False,
    cluster: OnlyClusters = None,
    yes: Yes = False,
    wait_lock: WaitLock = "65s",
    rollout_timeout: RolloutTimeout = "10m",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Have releases in the next registry, digest for digest, with all that vouches for them. Nothing is built again.

    The plan says what each brings beside what runs now in the environments that it is for; --dry-run shows it.

    Examples:

      paasctl promote 1.2.4 --to production --deploy --yes

      paasctl promote --all-missing --to rc --to eu --to us --dry-run
    """
    from paasctl.cli.goals import Promotion
    from paasctl.cli.session import Session
    from paasctl.verbs.promotion.promote import PromoteTyped

    goals = tuple(dict.fromkeys(to))
    made = Promotion(
        typed=PromoteTyped(
            versions=tuple(dict.fromkeys(version or ())),
            to=goals[0],
            origin=from_,
            every=all_missing,
            reason=reason,
            overridden=tuple(override or ()),
        ),
        goals=goals,
        deploys=deploy,
        clusters=tuple(cluster or ()),
        sets=tuple(settings.set or ()),
        timeout=lambda: seconds(rollout_timeout, "--rollout-timeout"),
    )
    session = Session(settings, "promote", ahead=() if dry_run else _ENGINE)
    conduct = session.act if len(goals) == 1 else session.travel
    return conduct(made, dry_run=dry_run, exit_code=exit_code, yes=yes, wait_lock=wait_lock)


app = one(promote)
