"""`deploy` and `diff`: make an environment run a release, or say what that would change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from typing import Literal

from paasctl.config.cascade import Resolved
from paasctl.errors import Cancelled, Exit, Forbidden, Refused, RolloutFailed, UsageError
from paasctl.model.answer import DiffAnswer, ObjectDiff
from paasctl.model.event import Emit, Noted, Outcome, Problem
from paasctl.model.freeze import Freeze
from paasctl.model.image import Repository
from paasctl.model.kube import Key, Live, Manifest, Rejection, Target
from paasctl.model.plan import NOTHING, Apply, Delete, Plan
from paasctl.model.promoting import Attest
from paasctl.model.rounds import Round, Rounds
from paasctl.planning.deploy import (
    DeployFacts,
    TargetFacts,
    differences,
    permissions,
    plan_deploy,
    protection,
    to_preview,
    to_watch,
)
from paasctl.planning.deploy.freezes import check_not_frozen
from paasctl.planning.release.decide import ReleaseFacts, plan_release
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.identity import check_identity
from paasctl.verbs.reading import Place, named, needed, place
from paasctl.verbs.releasing import release_facts, with_outside
from paasctl.verbs.rendering import Source, inputs, of_release, render, resolved, secrets_of, settings, with_secrets
from paasctl.verbs.statements import check_standing

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
    _told: dict[str, Facts] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """The release, its manifests per target, and what is true in each of them."""
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
            release = needed(reads, where, self.version, self.ahead)
            unsaid = check_standing(reads, where.repository, release.version, self.environment)
            facts = _facts(reads, where, of_release(reads, release), self.sets, cancel)
            return facts if self.clusters else replace(facts, unsaid=unsaid)  # well on one of several is not well
        if snapshot.recorded is None or not plan_release(snapshot).is_empty:
            secrets_of(reads.config, reads.secrets)  # a missing one is told before anything is built
            _check_clusters(reads, where, cancel)
            return Facts(deploy=None, release=snapshot, protected=where.environment.protected)
        return _facts(reads, where, of_release(reads, snapshot.recorded), self.sets, cancel)

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """What differs and what isn't ready; after a failure nothing (`onFailure: stay`)."""
        if rounds and rounds[-1].error:
            return NOTHING
        if facts.release is not None:
            asks = protection(self.environment) if facts.protected else ""
            return replace(plan_release(facts.release), verb="deploy", asks=asks)
        if facts.deploy is None:
            return NOTHING
        opened = any(it.plan.holds for it in rounds)
        plan = plan_deploy(_without_ours(facts.deploy) if opened else facts.deploy, timeout=self.timeout)
        if not rounds and any(isinstance(it, Apply | Delete) for it in plan.steps):  # what has begun goes on to its end
            frozen = {it.target: it.freeze for it in facts.deploy.targets if it.freeze}
            check_not_frozen(f"deploying {facts.deploy.version}", self.environment, frozen)
        if plan.is_empty and facts.unsaid and not any(isinstance(step, Attest) for it in rounds for step in it.done):
            return Plan(verb="deploy", subject=plan.subject, stages=((facts.unsaid,),))
        return plan

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
        ran = facts.deploy.ran_well
        return f"paasctl deploy {self.environment} --version {ran}" if ran else ""


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


def _status(last: Round) -> Literal["done", "failed", "cancelled", "refused"]:
    if last.error is None:
        return "done"
    if isinstance(last.error, Cancelled):
        return "cancelled"
    return "refused" if isinstance(last.error, Refused) and not last.done else "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDiff:
    """What deploying a version would change, field by field; reading rights and a dry run's are enough."""

    environment: str
    version: str | None = None
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    exit_code: bool = False

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[DiffAnswer, Exit]:
        """One entry per object; exit 3 with `--exit-code` where there is one."""
        del emit
        where = place(reads.config, self.environment, self.clusters)
        release = needed(reads, where, self.version)
        facts = _facts(reads, where, of_release(reads, release), self.sets, cancel).deploy
        found = tuple(map(object_diff, differences(facts))) if facts else ()
        answer = DiffAnswer(environment=self.environment, version=release.version, objects=found)
        return answer, Exit.CHANGES if found and self.exit_code else Exit.OK


def _check_clusters(reads: Reads, where: Place, cancel: Cancel) -> None:
    """All of them answer and are who they should be, before anything is built and pushed for them (decision 9)."""
    for cluster, target in zip(where.clusters, where.targets, strict=True):
        cancel.check()
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        reading.offers()
        if freeze := _freeze(reading, target, reads.clock.utc()):
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


def object_diff(step: Apply | Delete) -> ObjectDiff:
    """What a step changes, as an answer tells it."""
    if isinstance(step, Delete):
        return ObjectDiff(target=step.target, key=str(step.key), change="delete")
    return ObjectDiff(target=step.target, key=str(step.manifest.key), change=step.change, fields=step.fields)


def _facts(reads: Reads, where: Place, source: Source, sets: tuple[str, ...], cancel: Cancel) -> Facts:
    targets: list[TargetFacts] = []
    values: list[Resolved] = []
    urls: list[str] = []
    for cluster, target in zip(where.clusters, where.targets, strict=True):
        cancel.check()
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        values.append(resolved(source.config, where, cluster, sets))
        given = inputs(source, where, cluster, values[-1], reading.offers())
        wanted = render(reads, with_secrets(given, reads.secrets)).manifests
        targets.append(_target(reading, target, wanted, reads.clock.utc()))
        urls += [it for it in addresses(wanted) if it not in urls]
    return Facts(
        deploy=DeployFacts(
            environment=where.environment.name,
            version=source.version,
            commit=source.commit,
            images=tuple((name, str(image)) for name, image in sorted(source.images.items())),
            targets=tuple(targets),
            settings=settings(values[0]) if values else (),
            protected=where.environment.protected,
        ),
        urls=tuple(urls),
    )


def _target(cluster: ClusterReads, target: Target, wanted: tuple[Manifest, ...], now: float) -> TargetFacts:
    if not cluster.namespace_exists(target.namespace):
        return TargetFacts(target=target, wanted=wanted, namespace_exists=False)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as pool:
        owned = pool.submit(cluster.owned, target)
        looked = pool.submit(cluster.snapshot, target.namespace, to_watch(wanted), target.app)
        autoscalers = pool.submit(cluster.autoscalers, target.namespace)
        history = pool.submit(cluster.history, target)
        freeze = pool.submit(_freeze, cluster, target, now)
        ours = {it.key for it in owned.result()}
        seen = pool.submit(cluster.seen, [it.key for it in wanted if it.key not in ours])
        facts = TargetFacts(
            target=target,
            wanted=wanted,
            owned=owned.result(),
            seen=seen.result(),
            looked=looked.result(),
            autoscalers=autoscalers.result(),
            history=history.result(),
            freeze=freeze.result(),
        )
        tried = pool.map(lambda it: (it.key, cluster.preview(it)), to_preview(facts))
        previews: dict[Key, Live | Rejection] = dict(tried)
    return TargetFacts(
        target=target,
        wanted=wanted,
        owned=facts.owned,
        seen=facts.seen,
        looked=facts.looked,
        autoscalers=facts.autoscalers,
        history=facts.history,
        freeze=facts.freeze,
        previews=previews,
    )


def _freeze(cluster: ClusterReads, target: Target, now: float) -> Freeze | None:
    """The one that holds now."""
    found = cluster.freeze(target)
    return found if found and found.holds(now) else None


def addresses(wanted: tuple[Manifest, ...]) -> tuple[str, ...]:
    """The URLs that the routes among the manifests answer to."""
    found: list[str] = []
    for it in wanted:
        spec = it.body.get("spec") or {}
        if it.key.kind == "Ingress":
            secure = {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
            found += [_url(rule.get("host"), secure=rule.get("host") in secure) for rule in spec.get("rules") or ()]
        elif it.key.kind == "HTTPRoute":
            found += [_url(host, secure=False) for host in spec.get("hostnames") or ()]
    return tuple(dict.fromkeys(url for url in found if url))


def _url(host: str | None, *, secure: bool) -> str:
    return f"{'https' if secure else 'http'}://{host}/" if host else ""
