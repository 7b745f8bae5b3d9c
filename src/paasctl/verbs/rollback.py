"""`rollback`: make an environment run what ran well there before, with the values of then; and what there is to choose.

It is a deploy of an older release. Before anything is written all that it needs is looked for: the release, its images,
and what its pods name without bringing it along (failure row X5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace

from paasctl.config.words import is_sensitive
from paasctl.errors import Cancelled, Exit, Forbidden, PaasError, Refused, TimedOut, UsageError
from paasctl.model.answer import Differs, HistoryEntry, RollbackAnswer, WayBack
from paasctl.model.counting import count
from paasctl.model.event import Emit, Noted, Outcome, Warned
from paasctl.model.image import Pinned, parse_reference
from paasctl.model.kube import Target
from paasctl.model.plan import Plan
from paasctl.model.promoting import Statement
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy import DeployFacts
from paasctl.planning.deploy.back import Candidate, candidates, choose, now_there
from paasctl.planning.manifests.kinds import pod_of
from paasctl.planning.manifests.references import references
from paasctl.planning.promotion.standing import rejection
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.deploy import Deploy, Facts
from paasctl.verbs.gating import Passing
from paasctl.verbs.identity import check_identity
from paasctl.verbs.reading import Place, place
from paasctl.verbs.statements import statements

_READERS = 8
_MASK = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Make `environment` run what ran well there before ("": the last that did, and was not rejected since)."""

    environment: str
    to: str = ""
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    """Must be none: the values are those of then."""
    timeout: float = 600.0
    """Seconds for each wait: its own, whatever the deploy before has used up (row R1)."""
    reason: str = ""
    _chosen: list[Deploy] = field(default_factory=list, repr=False, compare=False)
    _from: list[str] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """Choose once; then what a deploy of that reads. The first time also whether all that it needs is there."""
        if self._chosen:
            return self._chosen[0].read(reads, emit, cancel)
        if self.sets:
            raise UsageError(
                f"rolling back {self.environment}: it takes the values of then, and no --set {self.sets[0]}",
                hint=f"paasctl deploy {self.environment} --version VERSION --set …   takes those of today",
            )
        where = place(reads.config, self.environment, self.clusters)
        histories = _histories(reads, where, cancel)
        chosen = self._choose(reads, where, candidates(histories), emit)
        self._from.extend(it for it in now_there(histories) if it != chosen.version)
        deploy = Deploy(
            environment=self.environment,
            version=chosen.version,
            clusters=self.clusters,
            timeout=self.timeout,
            passing=Passing(reason=self.reason),
            then=chosen.deploys,
        )
        by = chosen.newest
        emit(
            Noted(
                f"back {self._came}to {chosen.version}, with the values of then: {by.by} had deployed it by {by.ended}"
            )
        )
        facts = deploy.read(reads, emit, cancel)
        if facts.deploy:
            check_needs(reads, facts.deploy, emit, cancel)
        self._chosen.append(deploy)
        return facts

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """As a deploy does."""
        return replace(self._chosen[0].next(facts, rounds), verb="rollback")

    def end(self, rounds: Rounds) -> Outcome:
        """As a deploy does, with what it came from; where it failed, what else there is (row R5)."""
        outcome = self._chosen[0].end(rounds)
        back = f"paasctl rollback {self.environment} --list" if outcome.back else ""
        facts = (*outcome.facts, *((("from", ", ".join(self._from)),) if self._from else ()))
        return replace(outcome, verb="rollback", facts=facts, back=back)

    @property
    def _came(self) -> str:
        """Empty where it was stopped on this very way: it goes on."""
        return f"from {', '.join(self._from)} " if self._from else ""

    def _choose(self, reads: Reads, where: Place, found: Sequence[Candidate], emit: Emit) -> Candidate:
        skipped: list[str] = []
        for it in () if self.to else found:
            said = rejection(_said(reads, where, it.version))
            if said is None:
                break
            skipped.append(it.version)
            emit(Noted(f"{it.version} is passed over: {said.by} rejected it on {said.when}"))
        return choose(found, self.environment, self.to, skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRollback:
    """What an environment can go back to, and how each differs from what was deployed there last."""

    environment: str
    clusters: tuple[str, ...] = ()

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[RollbackAnswer, Exit]:
        """The last first. A cluster that can't be read is 75; a rejection that can't be is told as *unknown*."""
        del emit
        where = place(reads.config, self.environment, self.clusters)
        histories = _histories(reads, where, cancel)
        found = candidates(histories)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="said") as pool:
            rejected = list(pool.map(lambda it: _rejected(reads, where, it.version), found))
        rows = tuple(_way(it, histories, why) for it, why in zip(found, rejected, strict=True))
        answer = RollbackAnswer(environment=self.environment, now=now_there(histories), rows=rows)
        return answer, Exit.UNAVAILABLE if any(it.rejected == "unknown" for it in rows) else Exit.OK


def check_needs(reads: Reads, facts: DeployFacts, emit: Emit, cancel: Cancel) -> None:
    """`Refused` where an image, or an object that pods name, is proved to be missing; all that is at once."""
    cancel.check()
    hosts = {it.repository.host for it in reads.config.registries.values()}
    images = sorted(set(_images(facts)), key=str)
    ours = [it for it in images if it.repository.host in hosts]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="need") as pool:
        there = list(pool.map(lambda it: reads.registry(it.repository.host).resolve(it), ours))
    missing = [f"{it}: not in its registry any more" for it, found in zip(ours, there, strict=True) if not found]
    named = 0
    for it in facts.targets:
        wanted = references(it.wanted)
        named += len(wanted)
        try:
            seen = (
                {live.key for live in reads.cluster(it.target.cluster).seen(wanted)} if it.namespace_exists else set()
            )
        except Forbidden as error:
            emit(Warned(f"whether what pods name is there in {it.target} could not be found out: {error.message}"))
            continue
        missing += [f"{key} in {it.target}: not there" for key in wanted if key not in seen]
    if missing:
        raise Refused(
            f"rolling back {facts.environment} to {facts.version}: {count(len(missing), 'thing')} that it needs "
            f"{'is' if len(missing) == 1 else 'are'} missing: {missing[0]}",
            hint=f"paasctl rollback {facts.environment} --list   shows what else there is",
            evidence=tuple(missing),
            code="needs-missing",
        )
    emit(
        Noted(
            f"{facts.version} can be had: {count(len(ours), 'image')} in the registry"
            + (f", {count(named, 'object')} that its pods name in the cluster" if named else "")
        )
    )


def _images(facts: DeployFacts) -> Iterator[Pinned]:
    for manifest in (it for of in facts.targets for it in of.wanted):
        pod = pod_of(manifest.body)
        for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
            found = parse_reference(str(container.get("image")))
            if isinstance(found, Pinned):
                yield found


def _histories(reads: Reads, where: Place, cancel: Cancel) -> dict[Target, tuple[HistoryEntry, ...]]:
    """Of every target, newest first."""

    def history(number: int) -> tuple[HistoryEntry, ...]:
        cancel.check()
        cluster, target = where.clusters[number], where.targets[number]
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        return tuple(reading.history(target)) if reading.namespace_exists(target.namespace) else ()

    with ThreadPoolExecutor(_READERS, thread_name_prefix="history") as pool:
        return dict(zip(where.targets, pool.map(history, range(len(where.targets))), strict=True))


def _said(reads: Reads, where: Place, version: str) -> tuple[Statement, ...]:
    registry = reads.registry(where.repository.host)
    found = registry.resolve(where.repository.tagged(image_tag(version)))
    return statements(registry, where.repository, found.digest) if found else ()


def _rejected(reads: Reads, where: Place, version: str) -> str:
    """By whom and why; empty: nobody did; `unknown`: that could not be read."""
    try:
        said = rejection(_said(reads, where, version))
    except (Cancelled, TimedOut):
        raise
    except PaasError:
        return "unknown"
    return f"{said.by} on {said.when}{f': {said.why}' if said.why else ''}" if said else ""


def _way(it: Candidate, histories: Mapping[Target, Sequence[HistoryEntry]], rejected: str) -> WayBack:
    target, then = next(iter(it.deploys.items()))
    now = histories[target][0]
    newest = it.newest
    return WayBack(
        version=it.version,
        commit=newest.commit,
        ended=newest.ended,
        by=newest.by,
        differs=(*_differs("image", now.images, then.images), *_differs("value", now.settings, then.settings)),
        rejected=rejected,
    )


def _differs(kind: str, now: Sequence[tuple[str, str]], then: Sequence[tuple[str, str]]) -> Iterator[Differs]:
    before, after = dict(now), dict(then)
    for name in sorted(before | after):
        if before.get(name) != after.get(name):
            hides = kind == "value" and is_sensitive(name)
            old, new = (_MASK if hides and it else it for it in (before.get(name, ""), after.get(name, "")))
            yield Differs(what=f"{kind} {name}", now=old, then=new)
