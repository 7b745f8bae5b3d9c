"""What is going on, kept from event to event: running steps, phases, the rollout as last seen. No words, no colours.

Time is what `Ticked` says, so that the same events make the same board.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from paasctl.model.event import Ended, Event, LogLine, Observed, Planned, Progress, Started, Ticked
from paasctl.model.plan import Plan, Step
from paasctl.model.verdict import Verdict
from paasctl.views.words import cluster_of, phase

LOG_LINES = 8
"""Lines of a running build that are kept."""
_RATE_OVER = 5.0
"""Seconds over which a rate is taken."""


@dataclass
class Bar:
    """One thing that is being moved, and how fast."""

    progress: Progress
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def move(self, progress: Progress, now: float) -> None:
        """Remember how far it is now."""
        self.progress = progress
        self._seen.append((now, progress.done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _RATE_OVER:
            self._seen.popleft()

    def rate(self, now: float) -> float | None:
        """Units per second over the last seconds; None as long as nobody can tell."""
        if len(self._seen) < 2 or now - self._seen[0][0] < 1:
            return None
        since, before = self._seen[0]
        return max(0.0, (self.progress.done - before) / (now - since))


@dataclass
class Running:
    """A step that has begun and not ended."""

    step: Step
    began: float
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    bars: dict[str, Bar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """Consecutive steps of one kind, in one place. `took` is set when all are done."""

    name: str
    cluster: str
    steps: range
    ended: int = 0
    began: float | None = None
    took: float | None = None


@dataclass
class Board:
    """Fold events with `hear`; read the rest."""

    now: float = 0.0
    phases: tuple[Phase, ...] = ()
    running: dict[int, Running] = field(default_factory=dict)
    seen: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)

    @property
    def is_several(self) -> bool:
        """Whether the plan is about more than one cluster, so that it must be said which."""
        return len({it.cluster for it in self.phases if it.cluster}) > 1

    def hear(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case Ticked(seconds):
                self.now = seconds
            case Planned(plan, _, _):
                self.phases = phases(plan)
                self.running.clear()
                self.seen.clear()
            case Started(index, step):
                self.running[index] = Running(step, self.now)
                self._begin(index)
            case Ended(index):
                self._end(index)
            case Observed(_, target, verdicts):
                self.seen[target] = verdicts
            case Progress() | LogLine():
                self._go_on(event)
            case _:
                pass

    def _begin(self, index: int) -> None:
        self.phases = tuple(
            replace(it, began=self.now) if index in it.steps and it.began is None else it for it in self.phases
        )

    def _end(self, index: int) -> None:
        self.running.pop(index, None)
        self.phases = tuple(_closed(it, self.now) if index in it.steps else it for it in self.phases)

    def _go_on(self, event: Progress | LogLine) -> None:
        running = self.running.get(event.index) if event.index is not None else None
        if running is None:
            return
        if isinstance(event, LogLine):
            running.log.append(event.text)
        else:
            running.bars.setdefault(event.what, Bar(event)).move(event, self.now)


def _closed(it: Phase, now: float) -> Phase:
    ended = it.ended + 1
    took = now - (it.began if it.began is not None else now) if ended == len(it.steps) else None
    return replace(it, ended=ended, took=took)


def phases(plan: Plan) -> tuple[Phase, ...]:
    """The plan's steps, numbered from 0, in runs of one kind and one cluster."""
    found: list[Phase] = []
    for index, step in enumerate(plan.steps):
        name, cluster = phase(step), cluster_of(step)
        if found and (found[-1].name, found[-1].cluster) == (name, cluster):
            found[-1] = replace(found[-1], steps=range(found[-1].steps.start, index + 1))
        else:
            found.append(Phase(name, cluster, range(index, index + 1)))
    return tuple(found)
