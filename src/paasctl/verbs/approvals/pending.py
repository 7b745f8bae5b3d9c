"""`approve --list`: which releases wait for whose approval."""

from __future__ import annotations

from paasctl.errors import Exit, Refused, UsageError
from paasctl.model.answer import ApprovalsAnswer
from paasctl.model.event import Emit
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.stands import pending, standing, stands, wanting


@dataclass(frozen=True, slots=True, kw_only=True)
class AskApprovals:
    """Of one version, or of all that could be promoted; for one place, or for all that want approvals."""

    version: str = ""
    to: str = ""
    beside: tuple[str, ...] = ()
    """Options that were given, too, and mean nothing here."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[ApprovalsAnswer, Exit]:
        """A row for each version and environment."""
        del emit
        if self.beside:
            raise UsageError(f"--list and {' and '.join(self.beside)}: listing says nothing", hint="leave --list out")
        config = reads.config
        names = tuple(config.environments) if not self.to else tuple(name for name, _ in wanting(config, self.to))
        asking = tuple(name for name in names if config.environments[name].approvals)
        if not self.version:
            return ApprovalsAnswer(rows=tuple(pending(reads, asking, cancel)), asking=asking), Exit.OK
        if asking and not any(next(stands(reads, self.version, it, cancel), None) for it in asking):
            raise Refused(
                f"listing approvals of {self.version}: no registry of {config.file} up to {asking[-1]} has it",
                hint="paasctl releases   shows what is there",
                code="release-not-found",
            )
        rows = tuple(it for name in asking for it in standing(reads, self.version, name, cancel))
        return ApprovalsAnswer(rows=rows, asking=asking), Exit.OK
