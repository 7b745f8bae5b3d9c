"""Whether a release may be made of this commit, from where it stands: rows V4, V5, V6 and V7 of the failures."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import DirtyTree, PaasError, Refused, WouldClobber
from paasctl.model.config import Versioning
from paasctl.model.counting import count
from paasctl.model.version import Checkout, Named
from paasctl.planning.versions.branches import MAIN, matches
from paasctl.planning.versions.snapshot import differing
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePosition:
    """What a release must know beyond the checkout."""

    checkout: Checkout
    ahead_behind: tuple[int, int] | None
    """Commits that HEAD has and the remote's branch lacks, and the other way round; None: no such branch there."""
    remote_tag_commit: str | None
    """The commit that the wanted release's tag is on at the remote; None: proved absent (or there is no remote)."""


def position_problems(wanted: Named, position: ReleasePosition, rules: Versioning) -> Iterator[PaasError]:
    """All that `release_version` promises to refuse; a tag that the remote has on this very commit is under way."""
    checkout = position.checkout
    doing = f"releasing {wanted.text}"
    if checkout.dirty:
        yield DirtyTree(
            f"{doing}: {differing(checkout)} from commit {checkout.commit[:7]}",
            hint="git status; commit or stash the changes",
            evidence=checkout.dirty[:20],
        )
    if position.remote_tag_commit == checkout.commit:
        return
    if wanted.is_release and wanted.why.back:
        yield Refused(
            f"{doing}: it is there already, nothing of this project changed since tag {wanted.tag}",
            hint=f"paasctl deploy ENV --version {wanted.text}, or paasctl release --version with one above it",
            code="nothing-to-release",
        )
        return
    if position.remote_tag_commit is not None:
        yield _clobber(doing, wanted, position.remote_tag_commit, checkout)
    if not wanted.is_release:
        yield from _branch(doing, checkout, rules)
    yield from _remote_branch(doing, position)


def _branch(doing: str, checkout: Checkout, rules: Versioning) -> Iterator[Refused]:
    if checkout.branch is None:
        yield Refused(
            f"{doing}: HEAD is detached and no CI variable names its branch",
            hint=f"git switch {MAIN[0]}, or check out the tag that is to be released",
            code="detached-head",
        )
        return
    branch = checkout.branch
    if not any(matches(pattern, branch) for pattern in rules.release_from):
        yield Refused(
            f"{doing}: branch {branch} is none of those that releases are made from ({', '.join(rules.release_from)})",
            hint=f"git switch {MAIN[0]}, or add the branch to version.releaseFrom",
            code="not-a-release-branch",
        )


def _remote_branch(doing: str, position: ReleasePosition) -> Iterator[Refused]:
    """Compare with the remote's branch, where there is a remote and a branch."""
    checkout = position.checkout
    if checkout.remote is None or checkout.branch is None:
        return
    there = f"{checkout.remote}/{checkout.branch}"
    push = f"git push {checkout.remote} {checkout.branch}"
    if position.ahead_behind is None:
        yield Refused(f"{doing}: there is no branch {there}", hint=push, code="branch-not-pushed")
        return
    ahead, behind = position.ahead_behind
    if behind:
        yield Refused(
            f"{doing}: HEAD is {count(behind, 'commit')} behind {there}; a late run must not tag an older commit",
            hint=f"git pull --ff-only {checkout.remote} {checkout.branch}"
            if not ahead
            else f"git pull --rebase {checkout.remote} {checkout.branch}, then {push}",
            code="branch-behind",
        )
    elif ahead:
        yield Refused(f"{doing}: HEAD is {count(ahead, 'commit')} ahead of {there}", hint=push, code="branch-ahead")


def _clobber(doing: str, wanted: Named, elsewhere: str, checkout: Checkout) -> WouldClobber:
    """Somebody else's release of that name: the local tag is wrong, or the tags here are old."""
    drop = f"git tag -d {wanted.tag} && " if wanted.is_release else ""
    return WouldClobber(
        f"{doing}: {checkout.remote} has tag {wanted.tag} on commit {elsewhere[:7]}, HEAD is {checkout.commit[:7]}",
        hint=f"{drop}git fetch --tags {checkout.remote}, then run again",
    )
