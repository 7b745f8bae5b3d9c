"""`promote`: releases, as they are, with all that vouches for them, to the next registry of the path."""

from __future__ import annotations

from dataclasses import field, replace

from paasctl.config.path import find_way
from paasctl.errors import Cancelled, PaasError, TimedOut, UsageError
from paasctl.model.config import Registry
from paasctl.model.event import Emit, Noted, Outcome, Warned
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.promoting import Became, Stop
from paasctl.model.rounds import Rounds
from paasctl.model.version import Version
from paasctl.planning.promotion.decide import SNAPSHOT, promotion_plan, promotion_stages
from paasctl.planning.promotion.gates import check_overrides
from paasctl.planning.promotion.standing import OTHER_APP, REJECTED
from paasctl.planning.release.whereabouts import Seen
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.promotion.brings import with_brings
from paasctl.verbs.promotion.ending import Asked, amiss, foreseen, promoted, rest_of, rows
from paasctl.verbs.promotion.look import Look, promotion_facts
from paasctl.verbs.reading import check_version

_NOT_MEANT = (SNAPSHOT, REJECTED, OTHER_APP)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteTyped:
    """What was typed."""

    versions: tuple[str, ...] = ()
    to: str = ""
    origin: str = ""
    every: bool = False
    """All that are there and not here."""
    reason: str = ""
    overridden: tuple[str, ...] = ()
    """Gates that are passed though they are closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """Promote one release or several, each as a whole or not at all."""

    asked: PromoteTyped
    of_many: bool = False
    """Whether other goals go on: what is wrong with the only version is then kept, too."""
    goes_on: bool = False
    """Whether a deploy follows, which reads what runs there: nothing is read of it here, and `beside` is told."""
    _looked: list[Look] = field(default_factory=list, repr=False, compare=False)
    _read: list[tuple[Asked, ...]] = field(default_factory=list, repr=False, compare=False)
    _goal: list[Stop] = field(default_factory=list, repr=False, compare=False)
    _origin: list[str] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Asked, ...]:
        """Every release and what is there of it, once. What is wrong with one of several is kept, not raised."""
        if not self._read:
            check_overrides(self.asked.overridden, self.asked.reason)
            way = find_way(reads.config, self.asked.to, self.asked.origin)
            self._goal.append(Stop(name=way.goal.name, repository=way.goal.repository))
            self._origin.append(way.origin.name)
            look = Look(reads, way, cancel, self.asked.to, self.asked.reason, self.asked.overridden)
            versions = _versions(look, self.asked)
            alone = len(self.asked.versions) == 1 and not self.of_many
            looked = (self._look(look, it, alone=alone) for it in versions)
            # Nobody who asks for all that is missing means snapshots, what was rejected, or another project's.
            found = tuple(it for it in looked if not (self.asked.every and it.error and it.error.code in _NOT_MEANT))
            for it in found:
                if it.error:
                    emit(Warned(it.error.message, hint=it.error.hint))
            if not found:
                emit(Noted(f"every release of {way.origin.name} is in {way.goal.name} already"))
            self._read.append(found if self.goes_on else with_brings(look, found))
            self._looked.append(look)
        return self._read[0]

    def beside(self, live: tuple[Seen, ...]) -> tuple[Asked, ...]:
        """What was read, with what it brings beside this, which runs where it goes on into."""
        self._read[0] = with_brings(self._looked[0], self._read[0], live)
        return self._read[0]

    def next(self, facts: tuple[Asked, ...], rounds: Rounds) -> Plan:
        """Everything in one plan, a version after the other. After a failure the versions behind the failed one."""
        todo = rest_of(facts, rounds)
        if not todo:
            return replace(NOTHING, goal=self._goal[0].name)
        plan = promotion_plan(tuple((it.version, it.stages) for it in todo), self._goal[0])
        return replace(plan, amiss=amiss(facts), foreseen=foreseen(facts))

    def end(self, rounds: Rounds) -> Outcome:
        """What became of each version."""
        asked = self._read[0]
        told = rows(asked, rounds, self._goal[0].name, self._origin[0]) if self.of_many or len(asked) > 1 else ()
        return replace(promoted(asked, rounds, self._goal[0]), rows=told)

    def planned(self) -> tuple[Became, ...]:
        """What a dry run says of each version."""
        return rows(self._read[0], (), self._goal[0].name, self._origin[0])

    def _look(self, look: Look, version: str, *, alone: bool) -> Asked:
        try:
            return look_at(look, version)
        except (Cancelled, TimedOut):
            raise
        except PaasError as error:
            if alone:
                raise
            return Asked(version=version, error=error)


def look_at(look: Look, version: str) -> Asked:
    """One version, and what it still needs."""
    facts = promotion_facts(look, version)
    return Asked(version=version, facts=facts, stages=promotion_stages(facts))


def _versions(look: Look, asked: PromoteTyped) -> tuple[str, ...]:
    check_versions(asked, asked.to)
    return tuple(dict.fromkeys(asked.versions)) if asked.versions else _missing(look)


def check_versions(asked: PromoteTyped, to: str) -> None:
    """`UsageError` where no version is named, or both some and all."""
    if asked.every == bool(asked.versions):
        raise UsageError(
            "promoting: name versions, or --all-missing, and not both" if asked.every else "promoting: which version?",
            hint=f"paasctl promote VERSION --to {to}   or   paasctl promote --all-missing --to {to}",
        )
    for it in asked.versions:
        check_version(it, f"promoting to {to}")


def _missing(look: Look) -> tuple[str, ...]:
    """Versions that have a record where they come from and no name where they go, oldest first."""
    origin, goal = _tags(look, look.way.origin), _tags(look, look.way.goal)
    return tuple(map(str, sorted(origin - goal)))


def _tags(look: Look, registry: Registry) -> frozenset[Version]:
    tags = look.reads.registry(registry.repository.host).tags(registry.repository)
    return frozenset(Version.parse(it) for it in tags if Version.is_spelled(it))
