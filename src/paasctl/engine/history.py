"""The history records of a run: opened before the first write to a target, closed however the run ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from paasctl.errors import Cancelled, PaasError
from paasctl.model.kube import Holder, Target
from paasctl.model.plan import Plan, Step
from paasctl.ports.world import World


@dataclass
class Records:
    """Whatever was opened is closed by `close`, also after an error."""

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

    def close(self, *, broke: bool = False) -> None:
        """Close what was opened, all of it; raises the first failure (decision 8). `broke`: by a bug, not a verdict."""
        failures: list[PaasError] = []
        for target, number in self._open.items():
            try:
                self.world.cluster(target.cluster).close_record(
                    target,
                    number,
                    outcome=self._outcome(target, broke=broke),
                    ended=self._now(),
                    message=self._error.message if self._error else "",
                    evidence=self._error.evidence if self._error else (),
                )
            except PaasError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _outcome(self, target: Target, *, broke: bool) -> str:
        if broke:
            return "interrupted"
        if self._error is None:
            return "done"
        if target not in self._acted and len(self._open) > 1:
            return "not-reached"
        return "cancelled" if isinstance(self._error, Cancelled) else "failed"

    def _now(self) -> str:
        return datetime.fromtimestamp(self.world.clock.utc(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
