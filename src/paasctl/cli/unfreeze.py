"""`paasctl unfreeze`."""

from __future__ import annotations

from paasctl.cli.complete import EnvironmentName, OnlyClusters
from paasctl.cli.options import DryRun, ExitCode, Settings, one
from paasctl.cli.stops import Reason


def unfreeze(
    settings: Settings,
    environment: EnvironmentName,
    *,
    reason: Reason = "",
    cluster: OnlyClusters = None,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Lift a freeze before it is over. Who did it, and why, stays written down where it was.

    Examples:

      paasctl unfreeze production --reason "the fix for the basket must go out"

      paasctl unfreeze production --reason "over" --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.freeze import Freezing

    return Session(settings, "unfreeze").act(
        lambda: Freezing(environment=environment, freezes=False, message=reason, clusters=tuple(cluster or ())),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


app = one(unfreeze)
