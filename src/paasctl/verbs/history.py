"""`history`: who deployed what to an environment, when, and how it ended."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.answer import HistoryAnswer
from paasctl.model.event import Emit
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import place


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHistory:
    """The newest `limit` entries of an environment."""

    environment: str
    clusters: tuple[str, ...] = ()
    limit: int = 20

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[HistoryAnswer, Exit]:
        """Entries of all its targets, newest first. A cluster that can't be read is 75, never "no history"."""
        del emit, cancel
        where = place(reads.config, self.environment, self.clusters)
        entries = [entry for target in where.targets for entry in reads.cluster(target.cluster).history(target)]
        entries.sort(key=lambda it: (it.began, it.number), reverse=True)
        return HistoryAnswer(environment=self.environment, entries=tuple(entries[: self.limit])), Exit.OK
