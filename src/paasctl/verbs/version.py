"""`version`: the version of this commit, and why."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.answer import VersionAnswer
from paasctl.model.event import Emit
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import named


@dataclass(frozen=True, slots=True, kw_only=True)
class AskVersion:
    """Which version lies in the checkout."""

    explain: bool = False

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[VersionAnswer, Exit]:
        """The version, with its story."""
        del emit, cancel  # one quick look, nothing to tell or stop
        return VersionAnswer(named=named(reads)[1], explain=self.explain), Exit.OK
