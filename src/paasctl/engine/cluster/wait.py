"""Wait for a rollout: one look a round, judged as values, until all is ready, or something is doomed, or time is up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paasctl.engine.cluster.evidence import late, proof
from paasctl.errors import Forbidden, Unavailable
from paasctl.model.event import Emit, Noted, Observed
from paasctl.model.plan import AwaitReady
from paasctl.model.verdict import Verdict
from paasctl.planning.readiness import Look, Memory, Patience, judge, kinds_for
from paasctl.ports.cancel import Cancel, Clock
from paasctl.ports.cluster import ClusterReads

_QUICK: Final = 0.25
_SLOW: Final = 2.0
_GROWTH: Final = 1.5
_EVENTS_EVERY: Final = 4.0
"""Seconds between two readings of the namespace's events, the one list that grows with everybody's doings."""


def await_ready(  # noqa: PLR0913 - what a wait needs of a run, each by name
    step: AwaitReady,
    cluster: ClusterReads,
    *,
    clock: Clock,
    cancel: Cancel,
    emit: Emit,
    index: int,
    patience: Patience | None = None,
    stable_for: float = 0.0,
) -> None:
    """Return when every object of the step was ready for `stable_for` seconds.

    Raises `RolloutFailed`, with evidence, as soon as one is doomed or when the step's time is up; `Unavailable` where
    the cluster could not be read until then; `Forbidden` at once. Between rounds it pauses 0.25 s, growing to 2 s while
    nothing changes.
    """
    wait = _Wait(step, cluster, clock, patience or Patience())
    pause, ready_since = _QUICK, None
    while True:
        cancel.check()
        changed = wait.look(emit, index)
        now = clock.now()
        ready_since = (ready_since if ready_since is not None else now) if wait.is_ready else None
        if ready_since is not None and now - ready_since >= stable_for:
            return
        left = wait.deadline - now
        if left <= 0:
            raise wait.error or late(step, wait.verdicts, cluster)
        pause = _QUICK if changed else min(_SLOW, pause * _GROWTH)
        clock.pause(min(pause, left))


@dataclass(slots=True)
class _Seen:
    """What is kept from look to look."""

    verdicts: tuple[Verdict, ...] = ()
    memory: Memory | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    events_at: float = float("-inf")
    error: Unavailable | None = None


class _Wait:
    """The rounds of one wait."""

    def __init__(self, step: AwaitReady, cluster: ClusterReads, clock: Clock, patience: Patience) -> None:
        self._step = step
        self._cluster = cluster
        self._clock = clock
        self._patience = patience
        self._began = clock.now()
        self._kinds = kinds_for(step.keys)
        self._seen = _Seen()
        self.deadline = self._began + step.timeout

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of the last look that worked."""
        return self._seen.verdicts

    @property
    def error(self) -> Unavailable | None:
        """Why the last look did not work; None: it did."""
        return self._seen.error

    @property
    def is_ready(self) -> bool:
        """Whether everything was ready in this round's look."""
        return self.error is None and bool(self.verdicts) and all(it.state == "ready" for it in self.verdicts)

    def look(self, emit: Emit, index: int) -> bool:
        """Look once, tell what changed, raise where something is doomed. Gives whether anything changed."""
        try:
            verdicts = self._judge()
        except Unavailable as error:  # the cluster may flap while it rolls out (D5): ask again until time is up
            if self._seen.error is None or self._seen.error.message != error.message:
                emit(Noted(f"cannot look at {self._step.target}: {error.message}; trying again", index))
            self._seen.error = error
            return False
        self._seen.error = None
        changed, self._seen.verdicts = verdicts != self.verdicts, verdicts
        if changed:
            emit(Observed(index, str(self._step.target), verdicts))
        if any(it.state == "doomed" for it in verdicts):
            raise proof(self._step, verdicts, self._cluster)
        return changed

    def _judge(self) -> tuple[Verdict, ...]:
        target = self._step.target
        objects = self._cluster.snapshot(target.namespace, self._kinds, target.app)
        look = Look.at(objects, self._events(), self._clock.now() - self._began)
        verdicts, self._seen.memory = judge(self._step.keys, look, self._seen.memory, self._patience)
        return verdicts

    def _events(self) -> Sequence[Mapping[str, Any]]:
        """The namespace's events, where something is being waited for that they may explain."""
        now = self._clock.now()
        puzzled = any(it.state != "ready" for it in self.verdicts)
        if puzzled and now - self._seen.events_at >= _EVENTS_EVERY:
            self._seen.events_at = now
            try:
                self._seen.events = self._cluster.events(self._step.target.namespace)
            except Forbidden:  # events only explain; the verdict stands without them
                self._seen.events = ()
        return self._seen.events
