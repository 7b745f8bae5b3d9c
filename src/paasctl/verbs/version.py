"""`version`: the version of this commit, or the release after it, and why."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.answer import VersionAnswer
from paasctl.model.event import Emit
from paasctl.model.version import NO_WISH, Wish
from paasctl.planning.versions.version import name_version, next_release
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AskVersion:
    """Which version lies in the checkout; with `next`, which release comes after it."""

    explain: bool = False
    next: bool = False
    branch: str = ""
    """The branch it is taken for; "" for the one that is checked out, or that CI names."""
    wish: Wish = NO_WISH

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[VersionAnswer, Exit]:
        """The version, with its story."""
        del emit, cancel  # one quick look, nothing to tell or stop
        rules = reads.config.version
        told = {"PAASCTL_BRANCH": self.branch} if self.branch else {}
        checkout = reads.git.checkout(rules, {**reads.secrets.environ(), **told})
        name = next_release if self.next else name_version
        return VersionAnswer(named=name(checkout, rules, self.wish), explain=self.explain), Exit.OK
