"""`rollback`: make an environment run what ran well there before, with the values of then; and what there is to choose.

It is a deploy of an older release. Before anything is written all that it needs is looked for (failure row X5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace

from paasctl.config.masking import MASK, masked_at
from paasctl.errors import Cancelled, Exit, PaasError, Refused, TimedOut, UsageError
from paasctl.model.answer import Differs, HistoryEntry, RollbackAnswer, WayBack
from paasctl.model.event import Emit, Noted, Outcome, Warned
from paasctl.model.image import parse_reference
from paasctl.model.kube import Target
from paasctl.model.plan import Plan
from paasctl.model.promoting import Statement
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy.back import (
    Candidate,
    Histories,
    candidates,
    choose,
    deployed_last,
    failed_back,
    unreadable,
)
from paasctl.planning.promotion.standing import rejection
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.deploy import Deploy, Facts
from paasctl.verbs.gating import Passing
from paasctl.verbs.identity import check_identity
from paasctl.verbs.needs import check_needs
from paasctl.verbs.reading import Place, check_version, place
from paasctl.verbs.statements import statements

_READERS = 8
_Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """What was decided once, at the beginning."""

    deploy: Deploy
    chosen: Candidate
    came: tuple[str, ...]
    """Versions it goes back from; none: it goes on to where it was stopped."""
    others: tuple[str, ...]
    """Those further back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Make `environment` run what ran well there before; `to` None: the last that did, and was not rejected since."""

    environment: str
    to: str | None = None
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    """Must be none: the values are those of then."""
    lists: bool = False
    """Must not be: who wants to see what there is changes nothing, and says nothing else."""
    timeout: float = 600.0
    """Seconds for each wait: its own, whatever the deploy before has used up (row R1)."""
    reason: str = ""
    _back: list[_Back] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """Choose once; then what a deploy of that reads. The first time also whether all that it needs is there."""
        if self._back:
            return self._back[0].deploy.read(reads, emit, cancel)
        self._check_typed()
        back = self._decided(reads, emit, cancel)
        facts = back.deploy.read(reads, emit, cancel)
        if facts.deploy:
            _check_same(back.chosen, facts.deploy.commit, facts.deploy.images, self.environment)
            check_needs(reads, facts.deploy, emit, cancel)
        self._back.append(back)
        return facts

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """As a deploy does."""
        return replace(self._back[0].deploy.next(facts, rounds), verb="rollback")

    def end(self, rounds: Rounds) -> Outcome:
        """As a deploy does, with what it came from; where it failed, what is left to do (row R5)."""
        back = self._back[0]
        outcome = back.deploy.end(rounds)
        further = f"rollback {self.environment} --to {back.others[0]}" if back.others else f"history {self.environment}"
        came = (("from", ", ".join(back.came)),) if back.came else ()
        return replace(
            outcome,
            verb="rollback",
            facts=(*outcome.facts, *came),
            back=f"paasctl {further}" if outcome.exit is Exit.FAILED else "",
        )

    def _check_typed(self) -> None:
        head = f"rolling back {self.environment}"
        if self.sets:
            name = self.sets[0].partition("=")[0]
            raise UsageError(
                f"{head}: it takes the values of then, and no --set {name}",
                hint=f"paasctl deploy {self.environment} --version VERSION --set {name}=…   takes those of today",
            )
        if self.lists:
            raise UsageError(
                f"{head}: --list shows what there is, and takes none of the other options",
                hint=f"paasctl rollback {self.environment} --list",
            )
        if self.to is not None:
            check_version(self.to, head)

    def _decided(self, reads: Reads, emit: Emit, cancel: Cancel) -> _Back:
        where = place(reads.config, self.environment, self.clusters)
        histories = _histories(reads, where, cancel)
        found = candidates(histories)
        skipped = () if self.to else tuple(_skipped(reads, where, found, histories, emit))
        chosen = choose(found, histories, self.environment, wanted=self.to or "", skipped=skipped)
        for it in unreadable(histories, chosen):
            emit(Warned(f"a deploy after {chosen.version} has a record that nobody can read: {it.message}"))
        last = dict.fromkeys(it.version for it in deployed_last(histories).values())
        came = tuple(it for it in last if it != chosen.version)
        emit(Noted(_told(chosen, came)))
        deploy = Deploy(
            environment=self.environment,
            version=chosen.version,
            clusters=self.clusters,
            timeout=self.timeout,
            passing=Passing(reason=self.reason, since=chosen.newest.began),
            then=chosen.deploys,
            verb="rollback",
        )
        behind = found[found.index(chosen) + 1 :]
        others = tuple(it.version for it in behind if it.version not in skipped)
        return _Back(deploy=deploy, chosen=chosen, came=came, others=others)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRollback:
    """What an environment can go back to, and which images and values were others then."""

    environment: str
    clusters: tuple[str, ...] = ()

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[RollbackAnswer, Exit]:
        """The last first. A cluster that can't be read is 75, and so is what is told as unknown."""
        del emit
        where = place(reads.config, self.environment, self.clusters)
        histories = _histories(reads, where, cancel)
        found = candidates(histories)
        now = deployed_last(histories)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="said") as pool:
            rows = tuple(pool.map(lambda it: _row(reads, where, it, now), found))
        answer = RollbackAnswer(
            environment=self.environment,
            now=tuple(dict.fromkeys(it.version for it in now.values())),
            rows=rows,
            unread=tuple(it.message for it in unreadable(histories)),
        )
        return answer, Exit.UNAVAILABLE if answer.unread or any(it.unread for it in rows) else Exit.OK


def _skipped(reads: Reads, where: Place, found: Sequence[Candidate], histories: Histories, emit: Emit) -> Iterator[str]:
    """Those that nobody takes without naming them, down to the first that is none of these."""
    for it in found:
        failed = failed_back(histories, it.version)
        said = () if failed else _said(reads, where, it.version)
        rejected = rejection(said or ())
        if failed:
            why = f"going back to it failed: {failed.message}"
        elif said is None:
            why = f"its record is not in {where.repository} any more"
        elif rejected:
            why = f"{rejected.by} rejected it on {rejected.when}"
        else:
            return
        emit(Noted(f"{it.version} is passed over: {why}"))
        yield it.version


def _told(chosen: Candidate, came: tuple[str, ...]) -> str:
    if not came:
        return f"on to {chosen.version}, where the one before was stopped, with the values of then"
    left = ", ".join(came)
    return (
        f"back from {left} to {chosen.version}, with the values that it had at {chosen.newest.began}; so that nobody "
        f"deploys {left} again: paasctl reject {came[0]} --reason WHY"
    )


def _check_same(chosen: Candidate, commit: str, images: _Pairs, environment: str) -> None:
    """`Refused` where what lies under that version's name is not what ran: somebody has moved it."""
    for target, it in chosen.deploys.items():
        if (it.commit, _digests(it.images)) != (commit, _digests(images)):
            raise Refused(
                f"rolling back {environment}: the release {chosen.version} is not the one that ran in {target}",
                hint=f"somebody has moved it; paasctl rollback {environment} --list   shows what else there is",
                evidence=(f"then: {it.commit} {dict(it.images)}", f"now: {commit} {dict(images)}"),
                code="release-moved",
            )


def _digests(images: _Pairs) -> dict[str, str]:
    """By name: registries may have other names by now."""
    return {name: str(getattr(parse_reference(it), "digest", it)) for name, it in images}


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


def _said(reads: Reads, where: Place, version: str) -> tuple[Statement, ...] | None:
    """What was said of a release; None: its record is gone."""
    registry = reads.registry(where.repository.host)
    found = registry.resolve(where.repository.tagged(image_tag(version)))
    return statements(registry, where.repository, found.digest) if found else None


def _row(reads: Reads, where: Place, it: Candidate, now: Mapping[Target, HistoryEntry]) -> WayBack:
    said: tuple[Statement, ...] | None = ()
    unread = ""
    try:
        said = _said(reads, where, it.version)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        unread = error.message
    newest = it.newest
    return WayBack(
        version=it.version,
        commit=newest.commit,
        ended=newest.ended,
        by=newest.by,
        differs=tuple(_differs(it, now)),
        rejected=rejection(said or ()),
        is_gone=said is None,
        unread=unread,
    )


def _differs(it: Candidate, now: Mapping[Target, HistoryEntry]) -> Iterator[Differs]:
    """What all targets have in common once; what is another's there with its name."""
    found: dict[Differs, list[str]] = {}
    for target, then in it.deploys.items():
        last = now.get(target, then)
        for one in (*_of("image", last.images, then.images), *_of("value", last.settings, then.settings)):
            found.setdefault(one, []).append(target.cluster)
    for one, clusters in found.items():
        everywhere = len(clusters) == len(it.deploys)
        yield one if everywhere else replace(one, what=f"{one.what} on {', '.join(clusters)}")


def _of(kind: str, now: _Pairs, then: _Pairs) -> Iterator[Differs]:
    before, after = dict(now), dict(then)
    for name in sorted(before | after):
        if before.get(name) != after.get(name):
            old, new = (_shown(kind, name, it.get(name, "")) for it in (before, after))
            yield Differs(what=f"{kind} {name}", now=old, then=new)


def _shown(kind: str, name: str, text: str) -> str:
    """No secret is shown."""
    if kind != "value" or not text:
        return text
    try:
        return json.dumps(masked_at(name, json.loads(text)), ensure_ascii=False)
    except ValueError:
        return MASK
