"""`deploy`: make an environment run a release."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from typing import Literal

from paasctl.errors import Cancelled, Exit, Forbidden, Refused, RolloutFailed, UsageError
from paasctl.model.answer import HistoryEntry
from paasctl.model.event import Emit, Noted, Outcome, Problem
from paasctl.model.image import Pinned, Repository
from paasctl.model.kube import Target
from paasctl.model.plan import NOTHING, Apply, Delete, Plan, Step
from paasctl.model.promoting import Attest, Gate
from paasctl.model.release import Release
from paasctl.model.rounds import Round, Rounds
from paasctl.planning.deploy import DeployFacts, permissions, plan_deploy, protection
from paasctl.planning.deploy.back import candidates
from paasctl.planning.deploy.freezes import check_not_frozen
from paasctl.planning.deploy.gates import check_takes, check_unbuilt
from paasctl.planning.promotion.gates import Evidence, check_gates, check_overrides
from paasctl.planning.release.decide import ReleaseFacts, plan_release
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.gating import Entry, Passing, gates_of_unbuilt, overriding_note, stands_at, ways, with_gates
from paasctl.verbs.identity import check_identity
from paasctl.verbs.reading import Place, named, needed, place
from paasctl.verbs.releasing import release_facts, with_outside
from paasctl.verbs.rendering import of_release, secrets_of
from paasctl.verbs.statements import check_standing, unsaid
from paasctl.verbs.targets import deploy_facts, holding_freeze, of_then, of_today

_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What `next` decides on, and what `end` tells."""

    deploy: DeployFacts | None
    """None: the snapshot that `--build` deploys is still to be made, by `release`."""
    release: ReleaseFacts | None = None
    protected: bool = False
    urls: tuple[str, ...] = ()
    unsaid: Attest | None = None
    """What is to be said of the release when it runs well here."""
    overriding: Attest | None = None
    """What is to be said of gates that are passed though closed, before anything is written here."""
    early: tuple[Gate, ...] = ()
    """Gates of a snapshot that is still to be made."""
    ways: Mapping[str, str] = field(default_factory=dict)
    """Environment -> what brings here the word that a release runs well there; absent: it is heard as it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """Make `environment` run `version` (None: the release of this commit)."""

    environment: str
    version: str | None = None
    build: bool = False
    """Make a snapshot of the checkout first, dirty or not, where the environment takes snapshots (decision 5)."""
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    timeout: float = 600.0
    """Seconds for each wait; a late rollout is a verdict (decision 12)."""
    ahead: Repository | None = None
    """Where the release is read that is still on its way to the environment's registry; None: it is there."""
    passing: Passing = Passing()
    then: Mapping[Target, HistoryEntry] = field(default_factory=dict)
    """The deploys whose values it takes, of each target; none: those of today."""
    verb: str = "deploy"
    """As history keeps it."""
    _told: dict[str, Facts] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[str, Evidence] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """The release, its manifests per target, and what is true in each of them."""
        check_overrides(self.passing.overridden, self.passing.reason)
        where = place(reads.config, self.environment, self.clusters)
        facts = self._facts(reads, where, cancel)
        before = self._told.get("last")
        if before is None or (before.deploy is None and facts.deploy):
            _announce(facts, self.environment, emit)
            if facts.deploy:
                _check_rights(reads, plan_deploy(facts.deploy, timeout=self.timeout))
        self._told["last"] = facts
        return facts

    def _facts(self, reads: Reads, where: Place, cancel: Cancel) -> Facts:
        snapshot = _snapshot(reads, where, self.version) if self.build else None
        if snapshot is None:
            return self._of(reads, where, *needed(reads, where, self.version, self.ahead), cancel)
        if snapshot.record is None or snapshot.recorded is None or not plan_release(snapshot).is_empty:
            secrets_of(reads.config, reads.secrets)  # a missing one is told before anything is built
            _check_clusters(reads, where, cancel)
            early = () if snapshot.recorded else gates_of_unbuilt(reads, where, self.passing)
            return Facts(deploy=None, release=snapshot, protected=where.environment.protected, early=early)
        return self._of(reads, where, snapshot.record, snapshot.recorded, cancel)

    def _of(self, reads: Reads, where: Place, record: Pinned, release: Release, cancel: Cancel) -> Facts:
        check_takes(self.environment, release.version, snapshot=release.snapshot, snapshots=where.environment.snapshots)
        stands = stands_at(reads, where, release.version, record)
        check_standing(stands, self.environment)
        urls: list[str] = []

        def read() -> DeployFacts:
            source = of_release(reads, release)
            values = of_then(self.then, self.environment) if self.then else of_today(source, where, self.sets)
            facts, found = deploy_facts(reads, where, source, values, cancel)
            facts = replace(facts, verb=self.verb)
            urls.extend(found)
            return facts

        entry = Entry(where=where, release=release, stands=stands, passing=self.passing, kept=self._kept)
        facts = with_gates(reads, entry, cancel, read)
        is_whole = not self.clusters and not self.ahead  # well on one of several is not well
        return Facts(
            deploy=facts,
            protected=where.environment.protected,
            urls=tuple(urls),
            unsaid=unsaid(reads, stands, self.environment) if is_whole else None,
            overriding=overriding_note(entry, facts.gates),
            ways=ways(reads.config, where, release.version),
        )

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """What differs and what isn't ready; after a failure nothing (`onFailure: stay`)."""
        if rounds and rounds[-1].error:
            return NOTHING
        if facts.release is not None:
            check_unbuilt(facts.early, facts.release.named.text, self.environment)
            asks = protection(self.environment) if facts.protected else ""
            return replace(plan_release(facts.release), verb="deploy", asks=asks, gates=facts.early)
        if facts.deploy is None:
            return NOTHING
        opened = any(it.plan.holds for it in rounds)
        plan = plan_deploy(_without_ours(facts.deploy) if opened else facts.deploy, timeout=self.timeout)
        if not opened and any(isinstance(it, Apply | Delete) for it in plan.steps):  # what has begun goes on to its end
            return self._let_in(plan, facts, facts.deploy, began=bool(rounds))
        if plan.is_empty and facts.unsaid and not any(_says_well(step) for it in rounds for step in it.done):
            return Plan(verb="deploy", subject=plan.subject, stages=((facts.unsaid,),))
        return plan

    def _let_in(self, plan: Plan, facts: Facts, deploy: DeployFacts, *, began: bool) -> Plan:
        """The plan, if the door is open; what is passed though closed is written down first."""
        if not began:
            frozen = {it.target: it.freeze for it in deploy.targets if it.freeze}
            check_not_frozen(f"deploying {deploy.version}", self.environment, frozen)
        check_gates(deploy.gates, deploy.version, f"deploying {self.environment}", facts.ways)
        return replace(plan, stages=((facts.overriding,), *plan.stages)) if facts.overriding else plan

    def end(self, rounds: Rounds) -> Outcome:
        """The verdict, with the version and the URLs."""
        facts = self._told["last"]
        subject = self.environment
        version = facts.release.named.text if facts.release else ""
        if facts.deploy:
            subject = f"{self.environment} ({', '.join(str(it.target) for it in facts.deploy.targets)})"
            version = facts.deploy.version
        named = (("version", version), ("environment", self.environment))
        if not rounds:
            return Outcome(
                status="nothing-to-do", exit=Exit.OK, verb="deploy", subject=subject, facts=named, urls=facts.urls
            )
        last = rounds[-1]
        return Outcome(
            status=_status(last),
            exit=last.error.exit if last.error else Exit.OK,
            verb="deploy",
            subject=subject,
            done=tuple(step for it in rounds for step in it.done),
            left=last.left,
            problems=(Problem.of(last.error),) if last.error else (),
            urls=() if last.error else facts.urls,
            facts=named,
            back=self._back(facts, last),
        )

    def _back(self, facts: Facts, last: Round) -> str:
        """The command that deploys what ran well before; empty: the rollout did not fail, or it is the first."""
        if not (isinstance(last.error, RolloutFailed) and facts.deploy):
            return ""
        ways = candidates({it.target: it.history for it in facts.deploy.targets})
        return f"paasctl rollback {self.environment}" if ways else ""


def _announce(facts: Facts, environment: str, emit: Emit) -> None:
    """What no step of the plan says: a namespace that will be made, and what follows a build."""
    for it in facts.deploy.targets if facts.deploy else ():
        if not it.namespace_exists:
            emit(Noted(f"namespace {it.target.namespace} is not there yet on {it.target.cluster}: it will be made"))
    if facts.release:
        emit(Noted(f"first {facts.release.named.text} is built and pushed, then it is deployed to {environment}"))


def _without_ours(facts: DeployFacts) -> DeployFacts:
    """The same, but for history: after the first round that wrote there, its newest entry is our own, and open."""
    return replace(facts, targets=tuple(replace(it, history=()) for it in facts.targets))


def _check_rights(reads: Reads, plan: Plan) -> None:
    """Every right the plan's writes need, asked for before the first of them (row D18); all that lack at once."""
    asked = [(cluster, need) for cluster in {it.cluster for it in plan.holds} for need in permissions(plan)]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="rights") as pool:
        may = pool.map(lambda it: reads.cluster(it[0]).may(*it[1]), asked)
        missing = sorted(
            {f"{verb} {kind} in {where}" for (_, (verb, kind, where)), ok in zip(asked, may, strict=True) if not ok}
        )
    if missing:
        raise Forbidden(
            f"deploying {plan.subject}: the caller may not {', '.join(missing)}",
            hint="ask an admin of the cluster for these rights; `paasctl doctor` shows what is there",
        )


def _says_well(step: Step) -> bool:
    return isinstance(step, Attest) and step.word == "healthy"


def _status(last: Round) -> Literal["done", "failed", "cancelled", "refused"]:
    if last.error is None:
        return "done"
    if isinstance(last.error, Cancelled):
        return "cancelled"
    return "refused" if isinstance(last.error, Refused) and not last.done else "failed"


def _check_clusters(reads: Reads, where: Place, cancel: Cancel) -> None:
    """All of them answer and are who they should be, before anything is built and pushed for them (decision 9)."""
    for cluster, target in zip(where.clusters, where.targets, strict=True):
        cancel.check()
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        reading.offers()
        if freeze := holding_freeze(reading, target, reads.clock.utc()):
            check_not_frozen(f"deploying {where.environment.name}", where.environment.name, {target: freeze})


def _snapshot(reads: Reads, where: Place, version: str | None) -> ReleaseFacts | None:
    """What `--build` has to make, and how much of it is there; None: HEAD is a release, which `release` makes."""
    name = where.environment.name
    if version:
        raise UsageError("--build and --version exclude each other", hint="leave one of them out")
    if not where.environment.snapshots:
        raise Refused(
            f"deploying {name} with --build: it takes releases only",
            hint=f"paasctl release && paasctl deploy {name}, or environments.{name}.snapshots: true",
            code="no-snapshots",
        )
    checkout, found = named(reads)
    if found.is_release:
        return None
    facts = release_facts(reads, where.repository, checkout, found, snapshot=True, remote_tag=None)
    return with_outside(reads, facts)
