"""`paasctl unreject`."""

from __future__ import annotations

from paasctl.cli.options import DryRun, ExitCode, Settings, one
from paasctl.cli.stops import OneVersion, Reason


def unreject(
    settings: Settings,
    version: OneVersion,
    *,
    reason: Reason,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Take a rejection back, in every registry that has the version.

    Examples:

      paasctl unreject 1.2.4 --reason "it was the proxy"

      paasctl unreject 1.2.4 --reason "mended" --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.promotion.judge import Judge

    return Session(settings, "unreject").act(
        lambda: Judge(version=version, rejects=False, reason=reason),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


app = one(unreject)
