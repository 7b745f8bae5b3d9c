"""The history records of a run: opened before the first write to a target, closed however the run ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from paasctl.errors import Cancelled, PaasError
from paasctl.model.kube import Holder, Target
from paasctl.model.plan import Plan, Step
from paasctl.ports.world import World


@dataclass
class Records:
    """A context: whatever was opened inside is closed when it ends, also by an error."""

    world: World
    holder: Holder
    _open: dict[Target, int] = field(default_factory=dict)
    _error: PaasError | None = None
    _acted: set[Target] = field(default_factory=set)

    def open(self, plan: Plan) -> None:
        """Open a record for each of the plan's heads that has none yet."""
        for head in plan.heads:
            if head.target not in self._open:
                cluster = self.world.cluster(head.target.cluster)
                self._open[head.target] = cluster.open_record(head, self.holder, self._now())

    def note(self, done: tuple[Step, ...], error: PaasError | None) -> None:
        """Remember how the last round ended, and which targets it reached."""
        self._error = error
        self._acted |= {step.target for step in done if hasattr(step, "target")}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raised = error if isinstance(error, PaasError) else None
        ended = self._error or raised
        for target, number in self._open.items():
            self.world.cluster(target.cluster).close_record(
                target,
                number,
                outcome=self._outcome(target, ended, broke=error is not None and raised is None),
                ended=self._now(),
                message=ended.message if ended else "",
                evidence=ended.evidence if ended else (),
            )

    def _outcome(self, target: Target, ended: PaasError | None, *, broke: bool) -> str:
        if broke:
            return "interrupted"
        if ended is None:
            return "done"
        if target not in self._acted and len(self._open) > 1:
            return "not-reached"
        return "cancelled" if isinstance(ended, Cancelled) else "failed"

    def _now(self) -> str:
        return datetime.fromtimestamp(self.world.clock.utc(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
