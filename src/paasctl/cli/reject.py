"""`paasctl reject`."""

from __future__ import annotations

from paasctl.cli.options import DryRun, ExitCode, Settings, one
from paasctl.cli.stops import OneVersion, Reason


def reject(
    settings: Settings,
    version: OneVersion,
    *,
    reason: Reason,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Say in every registry that has it that nobody shall deploy or promote this version again.

    Examples:

      paasctl reject 1.2.4 --reason "loses baskets"

      paasctl reject 1.2.4 --reason "CVE-2026-1" --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.promotion.judge import Judge

    return Session(settings, "reject").act(
        lambda: Judge(version=version, rejects=True, reason=reason),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


app = one(reject)
