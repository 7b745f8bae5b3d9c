"""Git, as far as versions and releases need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout


class GitReads(Protocol):
    """Reads only. Anything that can't be known raises: `Refused` with the command that mends it, or `Unavailable`."""

    def checkout(self, rules: Versioning, environ: Mapping[str, str]) -> Checkout:
        """What HEAD is, with the tags that are versions by the rules.

        `environ` names the branch where HEAD is detached, and everywhere with `PAASCTL_BRANCH`. What a clone lacks of
        its history is fetched where the rules allow it.
        """
        ...

    def tag_commit(self, tag: str) -> str | None:
        """The commit a local tag points to (peeled); None: proved absent."""
        ...

    def tagger(self, tag: str) -> str:
        """Who made a local tag: `Anna <anna@shop.example>`; empty where it is lightweight, or absent."""
        ...

    def remote_tag_commit(self, remote: str, tag: str) -> str | None:
        """The commit that the remote's tag points to (peeled); None: proved absent. `Unavailable` if unreachable."""
        ...

    def position(self, remote: str, branch: str) -> tuple[int, int] | None:
        """(ahead, behind) of the remote's branch as it is now; None: the remote has no such branch."""
        ...

    def changes(self, since: str, rules: Versioning) -> tuple[Change, ...]:
        """Commits of HEAD that the tag `since` has not (all where it is ""), newest first, at most 1,000.

        Where `rules` have paths, those that touch them.
        """
        ...

    def check_identity(self) -> None:
        """Raise `Refused` (`no-identity`) where git does not know who would make a tag here."""
        ...

    def check_push(self, remote: str, tag: str, commit: str) -> None:
        """Raise what pushing that tag would raise now: `Forbidden`, `Unavailable`. Nothing is left there by asking.

        What the remote's hooks and protected tags say is not known before: they are asked by a push alone.
        """
        ...

    def remote_url(self) -> str:
        """URL of `origin`, or of the only remote; empty where there is no repository, no remote or several."""
        ...


class Git(GitReads, Protocol):
    """The writing half."""

    def tag(self, tag: str, commit: str, message: str) -> None:
        """Make an annotated tag; already on this commit is success, on another `WouldClobber`."""
        ...

    def push_tag(self, remote: str, tag: str) -> bool:
        """Push one tag, never forced; there already, on the same commit, is success, on another `WouldClobber`.

        True: this very push put it there, of however many at once. That is the claim in a race.
        """
        ...

    def adopt_tag(self, remote: str, tag: str) -> None:
        """Have the remote's tag here, instead of one that we made."""
        ...
