"""A cluster in memory that keeps the promises of `ports/cluster.py`, and checks ours: no write without the lease."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from paasctl.errors import Locked, PaasError, Refused, StalePlan, Unavailable
from paasctl.model.answer import HistoryEntry
from paasctl.model.freeze import Freeze
from paasctl.model.kube import (
    MANAGER,
    OWNER_LABEL,
    Holder,
    Identity,
    Key,
    Kind,
    Live,
    Manifest,
    Offers,
    Rejection,
    Served,
    Target,
)
from paasctl.model.plan import DeployHead
from paasctl.model.verdict import Cause
from support import rollouts
from support.apply import Conflict, applied, touched
from support.rollouts import Course, Rollout

Body = dict[str, Any]
_ORDINARY = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
_SERVED = frozenset(
    {
        *(Kind("", it) for it in ("ConfigMap", "Secret", "Service", "ServiceAccount", "Pod", "PersistentVolumeClaim")),
        *(Kind("apps", it) for it in _ORDINARY),
        *(Kind("batch", it) for it in ("Job", "CronJob")),
        Kind("networking.k8s.io", "Ingress"),
        Kind("gateway.networking.k8s.io", "HTTPRoute"),
        Kind("autoscaling", "HorizontalPodAutoscaler"),
        Kind("policy", "PodDisruptionBudget"),
    }
)


@dataclass
class FakeCluster:
    """Objects, leases, history. Script it: `rollouts`, `rejections`, `fail_after`, `unreadable`, `forbidden`."""

    name: str = "testbed"
    kubectl: str = "kubectl --context testbed"
    objects: dict[Key, Body] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=lambda: {"shop-dev"})
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    """`Deployment/web` -> how its changes go; anything else is ready after one snapshot."""
    rejections: dict[str, Rejection] = field(default_factory=dict)
    """`Deployment/web` -> what the server says to it."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """(verb, kind) that the caller may not."""
    warnings: list[Body] = field(default_factory=list)
    log: dict[tuple[str, str, bool], tuple[str, ...]] = field(default_factory=dict)
    """(pod, container, previous) -> lines."""
    records: dict[Target, list[HistoryEntry]] = field(default_factory=dict)
    freezes: dict[Target, Freeze] = field(default_factory=dict)
    strangers: dict[Target, Holder] = field(default_factory=dict)
    """Somebody else holds the lease."""
    leaving: dict[Target, Callable[[], None]] = field(default_factory=dict)
    """What that somebody does before giving it back; without it, never."""
    held: set[Target] = field(default_factory=set)
    writes: int = 0
    fail_after: int | None = None
    """Writes that work before the cluster goes away, for writing; records count, like the real thing."""
    unread: dict[str, PaasError] = field(default_factory=dict)
    """Kind -> why nobody may list all of it."""
    failing: list[PaasError] = field(default_factory=list)
    """Errors that the next snapshots raise, one each."""
    reads: Counter[str] = field(default_factory=Counter)
    born: Counter[Key] = field(default_factory=Counter)
    """How often each was made: several are applied at once, and two worlds must be the same, uids and all."""
    _courses: dict[Key, Course] = field(default_factory=dict)

    # --- reads ------------------------------------------------------------------------------------------------------

    def hurried(self, seconds: float) -> FakeCluster:
        assert seconds > 0
        self.reads["hurried"] += 1
        return self

    def identity(self) -> Identity:
        return Identity(f"uid-of-{self.name}", "")

    def offers(self) -> Offers:
        return Offers(version="v1.34.4", kinds=_SERVED)

    def namespace_exists(self, name: str) -> bool:
        return name in self.namespaces

    def owned(self, target: Target) -> tuple[Live, ...]:
        self.reads["owned"] += 1
        return tuple(it for it in self._all() if it.key.namespace == target.namespace and _is_ours(it, target.app))

    def seen(self, keys: Sequence[Key]) -> tuple[Live, ...]:
        self.reads["seen"] += len(keys)
        named = (it for it in keys if it.kind == "Namespace" and it.name in self.namespaces)
        spaces = [Live(it, {"apiVersion": "v1", "kind": it.kind, "metadata": {"name": it.name}}) for it in named]
        return (*spaces, *(it for it in self._all() if it.key in keys))

    def autoscalers(self, namespace: str) -> tuple[Live, ...]:
        kind = "HorizontalPodAutoscaler"
        return tuple(it for it in self._all() if it.key.kind == kind and it.key.namespace == namespace)

    def preview(self, manifest: Manifest) -> Live | Rejection:
        self.reads["preview"] += 1
        key = manifest.key
        if key.namespace not in self.namespaces:
            return Rejection(key, "NotFound", f'namespaces "{key.namespace}" not found')
        if found := self.rejections.get(str(key)):
            return found
        try:
            return Live(key, self._applied(manifest))
        except Conflict as conflict:
            return Rejection(key, "Conflict", "conflict", conflicts=conflict.fields)

    def snapshot(self, namespace: str, kinds: Sequence[Kind], app: str) -> tuple[Live, ...]:
        self.reads["snapshot"] += 1
        self.reads["lists"] += len(kinds)
        if self.failing:
            raise self.failing.pop(0)
        found = [it for it in self._unfolded(namespace) if it["kind"] in {kind.name for kind in kinds}]
        mine = [it for it in found if it["metadata"].get("labels", {}).get(OWNER_LABEL, app) == app]
        return tuple(Live(Key.of(it), it) for it in copy.deepcopy(mine))

    def kinds(self) -> tuple[Served, ...]:
        return tuple(Served(it, "v1", namespaced=True) for it in sorted(_SERVED))

    def everything(self, served: Served, namespace: str, *, most: int = 0) -> tuple[Live, ...]:
        self.reads["everything"] += 1
        if error := self.unread.get(served.kind.name):
            raise error
        found = [it for it in self._unfolded(namespace) if it["kind"] == served.kind.name]
        return tuple(Live(Key.of(it), it) for it in copy.deepcopy(found))[: most or None]

    def events(self, namespace: str) -> tuple[dict[str, Any], ...]:
        self.reads["events"] += 1
        return tuple(it for it in self.warnings if it["metadata"].get("namespace", namespace) == namespace)

    def logs(self, namespace: str, cause: Cause, lines: int) -> tuple[str, ...]:
        del namespace
        return self.log.get((cause.pod, cause.container, cause.previous), ())[-lines:]

    def may(self, verb: str, kind: Kind, namespace: str) -> bool:
        del namespace
        return (verb, kind.name) not in self.denied

    def holder(self, target: Target) -> Holder | None:
        return self.strangers.get(target)

    def history(self, target: Target) -> tuple[HistoryEntry, ...]:
        return tuple(reversed(self.records.get(target, [])))

    def freeze(self, target: Target) -> Freeze | None:
        return self.freezes.get(target)

    # --- writes -----------------------------------------------------------------------------------------------------

    def ensure_namespace(self, target: Target) -> None:
        self.namespaces.add(target.namespace)

    def set_freeze(self, target: Target, freeze: Freeze) -> None:
        assert target.namespace in self.namespaces, "a freeze without its namespace"
        self._spend()
        self.freezes[target] = freeze

    def apply(self, target: Target, manifest: Manifest, *, uid: str | None) -> Live:
        self._write(target)
        key = manifest.key
        there = self.objects.get(key)
        if uid != (there["metadata"]["uid"] if there else None):
            raise StalePlan(f"applying {key}: it is not the one that was planned with")
        if found := self.rejections.get(str(key)):
            raise Refused(f"applying {key}: {found.message}", code="rejected")
        try:
            self.objects[key] = self._applied(manifest)
        except Conflict as conflict:
            raise Refused(f"applying {key}: {conflict.fields}", code="field-conflict") from conflict
        self.born[key] += there is None
        self._follow(key)
        return Live(key, copy.deepcopy(self.objects[key]))

    def delete(self, target: Target, key: Key, *, uid: str) -> None:
        self._write(target)
        there = self.objects.get(key)
        if there and there["metadata"]["uid"] != uid:
            raise StalePlan(f"deleting {key}: it is another one now")
        self.objects.pop(key, None)
        self._courses.pop(key, None)

    def hold(
        self, target: Target, holder: Holder, *, wait: float, seen: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        del holder, wait
        return self._hold(target, seen)

    @contextmanager
    def _hold(self, target: Target, seen: Callable[[Holder], None]) -> Iterator[None]:
        assert target.namespace in self.namespaces, "a lease without its namespace"
        if other := self.strangers.get(target):
            seen(other)
            if target not in self.leaving:
                raise Locked(f"{target} is held by {other}")
            del self.strangers[target]
            self.leaving[target]()
        assert target not in self.held, "the lease is taken twice"
        self.held.add(target)
        try:
            yield
        finally:
            self.held.remove(target)

    def open_record(self, head: DeployHead, by: Holder, began: str) -> int:
        self._write(head.target)
        found = self.records.setdefault(head.target, [])
        found[:] = [replace(it, outcome="interrupted") if it.outcome == "open" else it for it in found]
        number = found[-1].number + 1 if found else 1
        entry = HistoryEntry(
            number=number,
            target=head.target,
            version=head.version,
            before=head.before,
            commit=head.commit,
            by=str(by.person),
            began=began,
            ended="",
            outcome="open",
            images=head.images,
            settings=head.settings,
            reason=head.reason,
            passed=head.passed,
            verb=head.verb,
        )
        found.append(entry)
        return number

    def close_record(
        self, target: Target, number: int, *, outcome: str, ended: str, message: str, evidence: tuple[str, ...]
    ) -> None:
        self._write(target)
        self.records[target] = [
            replace(it, outcome=outcome, ended=ended, message=message, evidence=evidence) if it.number == number else it
            for it in self.records[target]
        ][-20:]

    # --- the world --------------------------------------------------------------------------------------------------

    def put(self, *lives: Live) -> FakeCluster:
        """Objects that are there already, rolled out. Gives itself."""
        for it in lives:
            self.objects[it.key] = copy.deepcopy(dict(it.body))
            self._follow(it.key)
            if course := self._courses.get(it.key):
                course.age, course.good = 10**6, True
        return self

    def meddle(self, text: str, path: tuple[Any, ...], value: Any, manager: str = "kubectl-edit", **how: str) -> None:
        """Somebody else sets a field of `Deployment/web`."""
        key = next(it for it in self.objects if str(it) == text)
        self.objects[key] = touched(self.objects[key], manager, path, value, **how)
        self._follow(key)

    @property
    def state(self) -> dict[Key, Body]:
        """What counts when two worlds are compared (decision 23): no uids, versions or owners."""
        hidden = ("uid", "resourceVersion", "generation", "managedFields")
        return {
            key: {**body, "metadata": {k: v for k, v in body["metadata"].items() if k not in hidden}}
            for key, body in self.objects.items()
        }

    def _all(self) -> Iterator[Live]:
        for it in copy.deepcopy(list(self.objects.values())):
            yield Live(Key.of(it), self._children(it, tick=False)[0] if it["kind"] == "Job" else it)

    def _write(self, target: Target) -> None:
        assert target in self.held, "a write without the lease"
        self._spend()

    def _spend(self) -> None:
        if self.fail_after is not None and self.writes >= self.fail_after:
            raise Unavailable("the cluster went away")
        self.writes += 1

    def _applied(self, manifest: Manifest) -> Body:
        there = self.objects.get(manifest.key)
        uid = f"uid-{manifest.key}-{self.born[manifest.key] + 1}"
        body = applied(manifest.body, MANAGER, uid=uid, live=there)
        if there is not None and manifest.key.kind == "Job" and there["spec"] != body["spec"]:
            raise Refused(f"applying {manifest.key}: field is immutable", code="immutable-field")
        return body

    def _follow(self, key: Key) -> None:
        body = self.objects[key]
        template = (body.get("spec") or {}).get("template")
        if template is None:
            return
        course = self._courses.setdefault(key, Course(copy.deepcopy(template)))
        course.turn_to(copy.deepcopy(template))

    def _unfolded(self, namespace: str) -> list[Body]:
        """Every object, with what controllers made of it; time goes on by one snapshot."""
        there = [it for key, it in self.objects.items() if namespace in ("", key.namespace)]
        found = [child for it in there for child in self._children(it, tick=True)]
        pods = [it for it in found if it["kind"] == "Pod"]
        return found + [rollouts.slices(it, pods) for it in there if it["kind"] == "Service"]

    def _children(self, body: Body, *, tick: bool) -> list[Body]:
        key = Key.of(body)
        course, rollout = self._courses.get(key), self.rollouts.get(str(key), Rollout())
        if course is None:
            return [body]
        try:
            match key.kind:
                case "Deployment":
                    return rollouts.deployment(body, course, rollout)
                case "StatefulSet":
                    return rollouts.stateful_set(body, course.age, rollout)
                case "Job":
                    return rollouts.job(body, course.age, rollout)
                case _:
                    return [body]
        finally:
            course.age += tick


def _is_ours(live: Live, app: str) -> bool:
    meta = live.body["metadata"]
    ours = any(it["manager"] == MANAGER and it["operation"] == "Apply" for it in meta.get("managedFields", ()))
    return ours and meta.get("labels", {}).get(OWNER_LABEL) == app and not meta.get("ownerReferences")
