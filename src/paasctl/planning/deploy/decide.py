"""Decide what a deploy does. Pure: the same facts give the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from paasctl.model.answer import GOOD
from paasctl.model.kube import Key, Kind, Live, Manifest, Target
from paasctl.model.plan import Apply, AwaitReady, Delete, DeployHead, Plan, Stage, Step
from paasctl.model.promoting import Attest
from paasctl.planning.deploy.facts import DeployFacts, TargetFacts
from paasctl.planning.deploy.order import AWAITED, KEPT, rank, turn
from paasctl.planning.deploy.refusals import check
from paasctl.planning.deploy.replicas import settle_replicas
from paasctl.planning.fields.compare import changed_fields, needs_preview
from paasctl.planning.readiness import Look, judge, kinds_for
from paasctl.planning.readiness.jobs import is_over
from paasctl.planning.readiness.look import selects

_AUTOSCALER: Final = "HorizontalPodAutoscaler"
_MANY: Final = 20
_FEW: Final = 4


def plan_deploy(facts: DeployFacts, *, timeout: float) -> Plan:
    """Apply what differs, wait for what isn't ready, lead traffic there, prune what is unwanted: target by target.

    `timeout` in seconds, for each wait. Raises `Refused` with every finding: nothing rendered, objects that aren't
    ours, what the API server's dry run rejected.
    """
    check(facts)
    done = [(it, _Deciding(it, timeout)) for it in facts.targets]
    stages = tuple(stage for _, it in done for stage in it.stages())
    subject = f"{facts.environment} ({', '.join(str(it.target) for it in facts.targets)})"
    if not stages:
        return Plan(verb="deploy", subject=subject)
    return Plan(
        verb="deploy",
        subject=subject,
        stages=stages,
        holds=tuple(sorted(it.target for it in facts.targets)),
        heads=tuple(_head(facts, it) for it, decided in done if decided.is_recorded()),
        asks="; ".join(_asks(facts, [it for _, it in done])),
        gates=facts.gates,
    )


def differences(facts: DeployFacts) -> tuple[Apply | Delete, ...]:
    """What a deploy would write, for a reader: also the fields of others that would keep it from it (D10, L7).

    Raises `Refused` as `plan_deploy` does, but not for such conflicts.
    """
    check(facts, conflicts=False)
    steps = (step for it in facts.targets for stage in _Deciding(it, 0.0).stages() for step in stage)
    return tuple(it for it in steps if isinstance(it, Apply | Delete))


def protection(environment: str) -> str:
    """Why a person must agree to what is done for a protected environment."""
    return f"{environment} is protected"


def to_watch(wanted: Iterable[Manifest]) -> tuple[Kind, ...]:
    """The kinds to take a snapshot of, to know whether what should run is ready."""
    return kinds_for([it.key for it in wanted if it.key.kind in AWAITED or _has_selector(it)])


def to_preview(facts: TargetFacts) -> tuple[Manifest, ...]:
    """The manifests that the API server must try (`ClusterReads.preview`): new ones, and those that seem to differ.

    None where the namespace is still to be made: a dry run finds nothing there (D19).
    """
    if not facts.namespace_exists:
        return ()
    live = facts.live
    return tuple(it for it in _settled(facts) if _is_doubtful(it, live.get(it.key), facts))


def _is_doubtful(manifest: Manifest, live: Live | None, facts: TargetFacts) -> bool:
    if live is None:
        return True
    if not facts.is_ours(live) or manifest.key.kind == "Job":
        return False
    return needs_preview(manifest.body, live.body)


def same_writes(one: Plan, other: Plan) -> bool:
    """Whether two plans write the same, in the same order, under the same preconditions; waits do not count."""
    return _writes(one) == _writes(other)


def _writes(plan: Plan) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for step in plan.steps:
        if isinstance(step, Apply):
            fields = tuple((it.path, it.before, it.after) for it in step.fields)
            found.append((step.target, step.manifest.key, step.manifest.body, step.change, step.uid, fields))
        elif isinstance(step, Delete):
            found.append((step.target, step.key, step.uid))
        elif isinstance(step, Attest):  # what gates saw grows older between two looks
            found.append((replace(step, gates=()), tuple((it.name, it.of) for it in step.gates)))
        elif not isinstance(step, AwaitReady):
            found.append((step,))
    return found


def permissions(plan: Plan) -> tuple[tuple[str, Kind, str], ...]:
    """What the plan's writes need, as (verb, kind, namespace) for `ClusterReads.may` (D18)."""
    found: set[tuple[str, Kind, str]] = set()
    for step in plan.steps:
        if isinstance(step, Apply):
            key = step.manifest.key
            found.add(("patch", Kind(key.group, key.kind), key.namespace))
            if step.change == "create":
                found.add(("create", Kind(key.group, key.kind), key.namespace))
        elif isinstance(step, Delete):
            found.add(("delete", Kind(step.key.group, step.key.kind), step.key.namespace))
    return tuple(sorted(found))


# --- one target -----------------------------------------------------------------------------------------------------


def _settled(facts: TargetFacts) -> tuple[Manifest, ...]:
    """The wanted objects in order, with `spec.replicas` left to autoscalers."""
    live = facts.live
    wanted = [it.body for it in facts.wanted if it.key.kind == _AUTOSCALER]
    ours = {it.key for it in facts.owned}  # ours are as wanted, or about to be pruned
    scalers = wanted + [it.body for it in facts.autoscalers if it.key not in ours and not facts.is_ours(it)]
    ordered = sorted(facts.wanted, key=lambda it: rank(it.key))
    return tuple(settle_replicas(it, live.get(it.key), scalers) for it in ordered)


class _Deciding:
    """One target's part of the plan, worked out once."""

    def __init__(self, facts: TargetFacts, timeout: float) -> None:
        self.facts = facts
        self.target: Target = facts.target
        self._timeout = timeout
        self._live = facts.live
        self._again = tuple(_failed_jobs(facts))
        self._applies = tuple(it for manifest in _settled(facts) if (it := self._apply(manifest)))
        self.prunes = tuple(_prunes(facts))

    def stages(self) -> Iterator[Stage]:
        """In order; none of them empty."""
        late = [it for it in self._applies if _moves_traffic(it)]
        early = [it for it in self._applies if it not in late]
        routes = [it for it in self._applies if turn(it.manifest.key) == "routes"]
        every: tuple[Iterable[Step], ...] = (
            (it for it in early if turn(it.manifest.key) == "ground"),
            (it for it in early if turn(it.manifest.key) == "before"),
            self._again,
            (it for it in early if turn(it.manifest.key) == "run"),
            (it for it in early if turn(it.manifest.key) == "around"),
            self._wait(self._awaited()),
            late,
            routes,
            self._wait(it.manifest.key for it in (*late, *routes)),
            self.prunes,
        )
        return (stage for steps in every if (stage := tuple(steps)))

    def is_recorded(self) -> bool:
        """Whether this run leaves a history record: it writes, or it makes good what the newest one left open."""
        return bool(self._applies or self.prunes or self._again or self._is_unfinished())

    def _is_unfinished(self) -> bool:
        """Whether the newest record does not say that a deploy ended well; then all that runs is looked at again."""
        return bool(self.facts.history) and self.facts.history[0].outcome != GOOD

    def _apply(self, manifest: Manifest) -> Apply | None:
        live = self._live.get(manifest.key)
        if live is None or any(it.key == manifest.key for it in self._again):
            return Apply(target=self.target, manifest=manifest, change="create")
        if manifest.key.kind == "Job":  # immutable: a changed one has another name (D14)
            return None
        preview = self.facts.previews.get(manifest.key)
        made = preview.body if isinstance(preview, Live) else None
        fields = changed_fields(manifest.body, live.body, made)
        if not fields:
            return None
        return Apply(target=self.target, manifest=manifest, change="update", uid=live.uid, fields=fields)

    def _awaited(self) -> Iterator[Key]:
        """Workloads that change or aren't ready; with any of them, the Services that lead to them (D30)."""
        changed = {it.manifest.key for it in self._applies}
        every = [it for it in sorted(self.facts.wanted, key=lambda it: rank(it.key)) if it.key.kind in AWAITED]
        services = [it for it in self.facts.wanted if _has_selector(it)]
        look = Look.at(self.facts.looked)
        verdicts, _ = judge([it.key for it in (*every, *services)], look)
        unready = {it.key for it in verdicts if it.state != "ready"}
        if self._is_unfinished():
            unready |= {it.key for it in every}
        keys = changed | unready
        waited = [it for it in every if it.key in keys]
        waited += [it for it in services if it.key in keys or any(_leads_to(it, to) for to in waited)]
        return (it.key for it in waited)

    def _wait(self, keys: Iterable[Key]) -> Iterator[AwaitReady]:
        if found := tuple(keys):
            yield AwaitReady(target=self.target, keys=found, timeout=self._timeout)


def _has_selector(manifest: Manifest) -> bool:
    return manifest.key.kind == "Service" and bool((manifest.body.get("spec") or {}).get("selector"))


def _leads_to(service: Manifest, workload: Manifest) -> bool:
    template = (workload.body.get("spec") or {}).get("template") or {}
    return selects(service.body["spec"]["selector"], (template.get("metadata") or {}).get("labels") or {})


def _moves_traffic(step: Apply) -> bool:
    """Whether a Service is pointed elsewhere: only when what it is pointed at is ready."""
    if step.manifest.key.kind != "Service" or step.change != "update":
        return False
    return any(it.path.startswith("spec.selector") for it in step.fields)


def _failed_jobs(facts: TargetFacts) -> Iterator[Delete]:
    """Jobs that gave up and are wanted still: deploying again is trying again, and a Job cannot be restarted."""
    live = facts.live
    for it in facts.wanted:
        found = live.get(it.key) if it.key.kind == "Job" else None
        if found and is_over(found) == "failed":
            yield Delete(target=facts.target, key=it.key, uid=found.uid)


def _prunes(facts: TargetFacts) -> Iterator[Delete]:
    """Ours and unwanted, but never what holds data, what is going already, or what a controller made (D31)."""
    keep = {it.key for it in facts.wanted}
    for it in sorted(facts.owned, key=lambda it: rank(it.key), reverse=True):
        meta = it.body["metadata"]
        is_made = any(ref.get("controller") for ref in meta.get("ownerReferences") or ())
        if it.key in keep or it.key.kind in KEPT or is_made or meta.get("deletionTimestamp"):
            continue
        if facts.is_ours(it):
            yield Delete(target=facts.target, key=it.key, uid=it.uid)


# --- around the targets ---------------------------------------------------------------------------------------------


def _head(facts: DeployFacts, of: TargetFacts) -> DeployHead:
    return DeployHead(
        target=of.target,
        environment=facts.environment,
        version=facts.version,
        before=next((it.version for it in of.history if it.outcome == GOOD), ""),
        commit=facts.commit,
        images=facts.images,
        settings=of.settings,
        reason=facts.reason,
        passed=tuple(f"{it.name} {it.of}: {it.why}" for it in facts.gates if it.state == "overridden"),
        verb=facts.verb,
    )


def _asks(facts: DeployFacts, decided: list[_Deciding]) -> Iterator[str]:
    if facts.protected:
        yield protection(facts.environment)
    for it in decided:
        count, owned = len(it.prunes), len(it.facts.owned)
        if count > _MANY or (owned > _FEW and count * 2 > owned):
            yield f"{count} of the {owned} objects in {it.target} would be deleted"
