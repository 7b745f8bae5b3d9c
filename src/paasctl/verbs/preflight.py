"""Whether a release may be made, before anything is: every reason why not at once, each with what mends it.

Where git's remote or the registry can't be asked, what could still be found out is told beside that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from paasctl.errors import Cancelled, PaasError, Refused, TimedOut, WouldClobber, together
from paasctl.model.config import NOTHING
from paasctl.model.image import Pinned, Repository
from paasctl.model.version import Checkout, Named
from paasctl.planning.release.decide import ReleaseFacts, is_complete, release_problems
from paasctl.planning.versions.version import ReleasePosition, position_problems
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.verbs.releasing import check_given, release_facts, with_outside

T = TypeVar("T")


def preflight(  # noqa: PLR0913 - what is to be released, from where, to where
    reads: Reads,
    checkout: Checkout,
    wanted: Named,
    repository: Repository,
    *,
    cancel: Cancel,
    given: Mapping[str, Pinned] = NOTHING,
) -> ReleaseFacts:
    """How much of the release is there. Raises what stands against making the rest, all of it together."""
    problems: list[PaasError] = []
    position = _tried(lambda: _position(reads, checkout, wanted.tag), problems)
    known = position or ReleasePosition(
        checkout=replace(checkout, remote=None), ahead_behind=None, remote_tag_commit=None
    )
    problems += position_problems(wanted, known, reads.config.version)
    cancel.check()
    # A version that is somebody else's has images and a record of theirs: no news.
    is_ours = not any(isinstance(it, WouldClobber) for it in problems)
    there = known.remote_tag_commit
    facts = _tried(
        lambda: release_facts(
            reads, repository, checkout, wanted, snapshot=False, remote_tag=there if is_ours else None, given=given
        ),
        problems,
    )
    if facts:
        facts = _pinned(reads, facts, problems)
    if facts and facts.remote_tag is None and facts.local_tag is None:
        _tried(reads.git.check_identity, problems)
    if facts and position and is_ours and facts.remote and facts.remote_tag is None:
        _tried(lambda: reads.git.check_push(str(facts.remote), wanted.tag, checkout.commit), problems)
    problems += _tried(lambda: tuple(check_given(reads, given)), problems) or ()
    if facts and is_ours:
        problems += release_problems(facts)
    if facts and not is_complete(facts):
        problems += _not_writable(reads, facts, cancel)
    if problems or facts is None:
        # Refusals first: they decide the exit, for asking again does not help as long as one stands.
        found = sorted({it.message: it for it in problems}.values(), key=lambda it: not isinstance(it, Refused))
        raise together(found)
    return facts


def _pinned(reads: Reads, facts: ReleaseFacts, problems: list[PaasError]) -> ReleaseFacts:
    return _tried(lambda: with_outside(reads, facts), problems) or facts


def _position(reads: Reads, checkout: Checkout, tag: str) -> ReleasePosition:
    remote, branch = checkout.remote, checkout.branch
    if not remote:
        return ReleasePosition(checkout=checkout, ahead_behind=None, remote_tag_commit=None)
    return ReleasePosition(
        checkout=checkout,
        ahead_behind=reads.git.position(remote, branch) if branch else None,
        remote_tag_commit=reads.git.remote_tag_commit(remote, tag),
    )


def _not_writable(reads: Reads, facts: ReleaseFacts, cancel: Cancel) -> Iterator[PaasError]:
    """Repositories that would not let us push: nothing is left there by asking."""
    made = [it.repository for it in facts.images if not it.given or it.given.repository == it.repository]
    for repository in dict.fromkeys((facts.repository, *made)):
        cancel.check()
        problems: list[PaasError] = []
        _tried(lambda at=repository: reads.registry(at.host).check_writable(at), problems)  # type: ignore[misc]  # bound now, used now
        yield from problems


def _tried(ask: Callable[[], T], problems: list[PaasError]) -> T | None:
    """What came of it, or None with what went wrong among the `problems`. A request to stop is none of them."""
    try:
        return ask()
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        problems += error.problems
    return None
