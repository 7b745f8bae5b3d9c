"""`paasctl rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import EnvironmentName, OnlyClusters
from paasctl.cli.options import DryRun, ExitCode, RolloutTimeout, Settings, WaitLock, Yes, one, seconds
from paasctl.cli.stops import Earlier, ListEarlier, Reason


def rollback(
    settings: Settings,
    environment: EnvironmentName,
    *,
    to: Earlier = None,
    list_: ListEarlier = False,
    check: Annotated[bool, typer.Option("--check", help="Only find out whether it could; nothing is changed.")] = False,
    cluster: OnlyClusters = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
    yes: Yes = False,
    wait_lock: WaitLock = "65s",
    rollout_timeout: RolloutTimeout = "10m",
) -> int:
    """Make an environment run what ran well there before, with the values of then, and wait for the verdict.

    Before anything is written it looks whether the images, and what pods name, are still there.

    Examples:

      paasctl rollback production --yes --reason "loses baskets"

      paasctl rollback production --list

      paasctl rollback production --to 1.2.3 --check
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.rollback import AskRollback, Rollback

    session = Session(settings, "rollback")
    only = tuple(cluster or ())
    if list_ and not (check or dry_run or to or reason or settings.set):
        return session.ask(AskRollback(environment=environment, clusters=only))

    def verb() -> Rollback:
        return Rollback(
            environment=environment,
            to=to,
            clusters=only,
            sets=tuple(settings.set or ()),
            lists=list_,
            timeout=seconds(rollout_timeout, "--rollout-timeout"),
            reason=reason,
        )

    return session.act(verb, dry_run=dry_run or check, exit_code=exit_code, yes=yes, wait_lock=wait_lock)


app = one(rollback)
