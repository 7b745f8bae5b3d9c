"""`paasctl promote`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasctl.cli.complete import OnlyClusters
from paasctl.cli.options import DryRun, ExitCode, RolloutTimeout, Settings, WaitLock, Yes, one, seconds
from paasctl.cli.stops import AllMissing, From, Override, Reason, ToEach, Versions


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
    from paasctl.cli.session import Session
    from paasctl.errors import UsageError
    from paasctl.verbs.promotion.promote import Promote, PromoteTyped

    typed = PromoteTyped(
        versions=tuple(version or ()),
        to=to[0],
        origin=from_,
        every=all_missing,
        reason=reason,
        overridden=tuple(override or ()),
    )
    goals = tuple(dict.fromkeys(to))

    def onward(asked: PromoteTyped) -> Any:
        from paasctl.verbs.promotion.onward import Onward  # whoever only promotes pays for no deploy

        return Onward(
            asked=asked,
            clusters=tuple(cluster or ()),
            sets=tuple(settings.set or ()),
            timeout=seconds(rollout_timeout, "--rollout-timeout"),
        )

    def verb() -> Any:
        if cluster and not deploy:
            raise UsageError("--cluster says where to deploy: it needs --deploy", hint="add --deploy")
        if len(goals) == 1:
            return onward(typed) if deploy else Promote(asked=typed)
        from paasctl.verbs.promotion.along import Along

        return Along(asked=typed, to=goals, onward=onward if deploy else None, clusters=tuple(cluster or ()))

    session = Session(settings, "promote")
    conduct = session.act if len(goals) == 1 else session.travel
    return conduct(verb, dry_run=dry_run, exit_code=exit_code, yes=yes, wait_lock=wait_lock)


app = one(promote)
