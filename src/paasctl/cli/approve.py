"""`paasctl approve`."""

from __future__ import annotations

from paasctl.cli.options import DryRun, ExitCode, Settings, one
from paasctl.cli.stops import ApprovedFor, Key, ListThem, MaybeVersion, Reason, Withdraw


def approve(
    settings: Settings,
    version: MaybeVersion = "",
    *,
    to: ApprovedFor = "",
    key: Key = "",
    reason: Reason = "",
    withdraw: Withdraw = False,
    list_: ListThem = False,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Say yes to a release for an environment, signed with your SSH key; or take that back; or list who is missing.

    Examples:

      paasctl approve 1.2.4 --to production --reason "tried it on showcase"

      paasctl approve --list
    """
    from paasctl.cli.session import Session

    session = Session(settings, "approve")
    if list_:
        from paasctl.verbs.approvals.pending import AskApprovals

        beside = {"--withdraw": withdraw, "--key": key, "--reason": reason}
        given = tuple(name for name, it in beside.items() if it)
        return session.ask(AskApprovals(version=version, to=to, beside=given))
    from paasctl.verbs.approvals.approve import ApproveTyped, GiveApproval

    typed = ApproveTyped(version=version, to=to, key=key, reason=reason, withdraws=withdraw)
    return session.act(lambda: GiveApproval(asked=typed), dry_run=dry_run, exit_code=exit_code, yes=True)


app = one(approve)
