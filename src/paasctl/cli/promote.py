"""`paasctl promote`."""

from __future__ import annotations

from paasctl.cli.options import DryRun, ExitCode, Settings, one
from paasctl.cli.stops import AllMissing, From, Override, Reason, To, Versions


def promote(
    settings: Settings,
    version: Versions = None,
    *,
    to: To,
    from_: From = "",
    all_missing: AllMissing = False,
    reason: Reason = "",
    override: Override = None,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Have releases in the next registry, digest for digest, with all that vouches for them. Nothing is built again.

    Examples:

      paasctl promote 1.2.4 --to rc --dry-run

      paasctl promote --all-missing --to production
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.promote import Promote, PromoteTyped

    typed = PromoteTyped(
        versions=tuple(version or ()),
        to=to,
        origin=from_,
        every=all_missing,
        reason=reason,
        overridden=tuple(override or ()),
    )
    return Session(settings, "promote").act(
        lambda: Promote(asked=typed), dry_run=dry_run, exit_code=exit_code, yes=True
    )


app = one(promote)
