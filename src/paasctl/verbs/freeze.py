"""`freeze` and `unfreeze`: nobody deploys to an environment for a while, from whatever machine."""

from __future__ import annotations

from dataclasses import field, replace

from paasctl.config.until import parse_until
from paasctl.errors import Forbidden, UsageError
from paasctl.model.event import Emit, Outcome, Warned
from paasctl.model.freeze import Freeze
from paasctl.model.kube import Target
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy.freezes import freezing, lifting
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.identity import check_identity
from paasctl.verbs.images.ending import ended
from paasctl.verbs.reading import place


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was said at each target, and when that was looked at."""

    found: tuple[tuple[Target, Freeze | None], ...]
    now: float
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezing:
    """Freeze an environment, or lift that."""

    environment: str
    freezes: bool
    until: str = ""
    message: str = ""
    clusters: tuple[str, ...] = ()
    _over: list[str] = field(default_factory=list, repr=False, compare=False)
    _running: dict[Target, str] = field(default_factory=dict, repr=False, compare=False)
    _unread: set[Target] = field(default_factory=set, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """What is said in each target: all are asked before any is written to.

        Looked at again when it was said: whoever holds the target by then may have begun without seeing it, and whoever
        takes it later sees it.
        """
        if not self.message.strip():
            option = "message" if self.freezes else "reason"
            raise UsageError(
                f"{self._verb} {self.environment}: say why",
                hint=f'paasctl {self._verb} {self.environment} --{option} "…"',
            )
        where, now = place(reads.config, self.environment, self.clusters), reads.clock.utc()
        if self.until and not self._over:  # of a duration the end is fixed by the first look
            self._over.append(parse_until(self.until, now))
        found = []
        for cluster, target in zip(where.clusters, where.targets, strict=True):
            cancel.check()
            reading = reads.cluster(cluster.name)
            check_identity(reading, cluster, protected=where.environment.protected)
            found.append((target, reading.freeze(target)))
            if self.freezes:
                self._tell_running(target, reading, emit)
        return Facts(found=tuple(found), now=now, until=self._over[0] if self._over else "")

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """A word for each target where another is the last one."""
        if rounds:
            return NOTHING
        found = dict(facts.found)
        steps = (
            freezing(found, facts.now, facts.until, self.message)
            if self.freezes
            else lifting(found, facts.now, self.message)
        )
        return Plan(verb=self._verb, subject=self.environment, stages=(steps,) if steps else ())

    def end(self, rounds: Rounds) -> Outcome:
        """Where it was said, and who goes on there."""
        outcome = ended(self._verb, self.environment, rounds)
        running = tuple((f"running.{target}", holder) for target, holder in self._running.items())
        return replace(outcome, facts=(*outcome.facts, *running))

    def _tell_running(self, target: Target, reading: ClusterReads, emit: Emit) -> None:
        try:
            holder = reading.holder(target)
        except Forbidden as error:  # whoever may say it may not read that, too: it is said all the same
            if target not in self._unread:
                self._unread.add(target)
                emit(Warned(f"whether a deploy goes on at {target} could not be found out: {error.message}"))
            return
        if holder and target not in self._running:
            self._running[target] = str(holder)
            emit(Warned(f"{target} is held by {holder}: what has begun there goes on to its end"))

    @property
    def _verb(self) -> str:
        return "freeze" if self.freezes else "unfreeze"
