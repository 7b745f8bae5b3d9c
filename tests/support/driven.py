"""Controllers over a store of their own, with time that passes only when a test says so. No socket, no thread."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.controllers.pull import Pull
from paasctl.embedded.kube.controllers.running import Running, run
from paasctl.embedded.kube.controllers.scripts import ANNOTATION, read_scripts
from paasctl.embedded.kube.model import By, Change, Object, Place, Refusal
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.store.furniture import furnish
from paasctl.embedded.kube.store.shelf import Shelf
from paasctl.embedded.kube.store.store import Store

SHOP = "shop"
_PLACES = {
    "Deployment": ("apps", "deployments"), "ReplicaSet": ("apps", "replicasets"),
    "StatefulSet": ("apps", "statefulsets"), "DaemonSet": ("apps", "daemonsets"), "Pod": ("", "pods"),
    "ConfigMap": ("", "configmaps"), "Secret": ("", "secrets"), "Service": ("", "services"),
    "Endpoints": ("", "endpoints"), "EndpointSlice": ("discovery.k8s.io", "endpointslices"),
    "Event": ("", "events"), "PersistentVolumeClaim": ("", "persistentvolumeclaims"), "Job": ("batch", "jobs"),
    "CronJob": ("batch", "cronjobs"), "PodDisruptionBudget": ("policy", "poddisruptionbudgets"),
    "ControllerRevision": ("apps", "controllerrevisions"),
    "HorizontalPodAutoscaler": ("autoscaling", "horizontalpodautoscalers"),
    "Ingress": ("networking.k8s.io", "ingresses"), "NetworkPolicy": ("networking.k8s.io", "networkpolicies"),
}  # fmt: skip
_VERSIONS = {
    "": "v1", "apps": "apps/v1", "batch": "batch/v1", "policy": "policy/v1", "autoscaling": "autoscaling/v2",
    "networking.k8s.io": "networking.k8s.io/v1",
}  # fmt: skip


def place(kind: str, name: str) -> Place:
    """Where it lies, in the namespace that all tests share."""
    return Place(*_PLACES[kind], SHOP, name)


def body(kind: str, name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> Object:
    """An object as a user writes it; `labels`, `annotations`, `ownerReferences`, `finalizers` go to its metadata."""
    named = {it: more.pop(it) for it in ("labels", "annotations", "ownerReferences", "finalizers") if it in more}
    made: Object = {"apiVersion": _VERSIONS[_PLACES[kind][0]], "kind": kind, **more}
    made["metadata"] = {"name": name, "namespace": SHOP, **named}
    return made if spec is None else {**made, "spec": dict(spec)}


def template(app: str = "web", *, image: str = "app:1", script: str = "", **spec: Any) -> Object:
    """A pod's template with one container, `main`; what `container` has goes to it, the rest to the pod's spec."""
    container = {"name": "main", "image": image, **spec.pop("container", {})}
    notes = {"annotations": {ANNOTATION: script}} if script else {}
    return {"metadata": {"labels": {"app": app}, **notes}, "spec": {"containers": [container], **spec}}


def workload(kind: str, name: str = "web", *, of: Object | None = None, **spec: Any) -> Object:
    """A Deployment, StatefulSet … over a template."""
    whole = {"selector": {"matchLabels": {"app": name}}, "template": of or template(name), **spec}
    return body(kind, name, whole)


@dataclass
class Driven:
    """The world of one test."""

    clock: DrivenClock
    store: Store
    running: Running
    began: int = 0
    _seen: dict[Place, Object] = field(default_factory=dict)

    def make(self, it: Object) -> Object:
        """Create it, as a user does; controllers have not looked yet."""
        return self.store.create(place(it["kind"], it["metadata"]["name"]), it, By("kubectl"))

    def have(self, it: Object, seconds: float = 0.0) -> Object:
        """Create it and let time pass; gives it as it is then."""
        self.make(it)
        self.pass_(seconds)
        return self.get(it["kind"], it["metadata"]["name"])

    def get(self, kind: str, name: str) -> Object:
        found = self.store.get(place(kind, name))
        assert found is not None, f"there is no {kind} {name}"
        return found

    def find(self, kind: str, name: str) -> Object | None:
        return self.store.get(place(kind, name))

    def all(self, kind: str) -> list[Object]:
        return self.store.list(*_PLACES[kind], SHOP)

    def names(self, kind: str) -> list[str]:
        return [it["metadata"]["name"] for it in self.all(kind)]

    @property
    def pod(self) -> Object:
        """The only one."""
        (found,) = self.all("Pod")
        return found

    def change(self, kind: str, name: str, change: Callable[[Any], object]) -> Object:
        """Change it, as a user's edit does."""
        made = copy.deepcopy(self.get(kind, name))
        change(made)
        return self.store.update(place(kind, name), made, By("kubectl"))

    def set(self, kind: str, name: str, **spec: Any) -> Object:
        """Change fields of its spec."""
        return self.change(kind, name, lambda it: it["spec"].update(spec))

    def image(self, kind: str, name: str, image: str) -> Object:
        """Change its image."""

        def change(it: Any) -> None:
            it["spec"]["template"]["spec"]["containers"][0]["image"] = image

        return self.change(kind, name, change)

    def delete(self, kind: str, name: str, **how: Any) -> None:
        self.store.delete(place(kind, name), **how)

    def pass_(self, seconds: float = 0.0) -> None:
        """Let time pass; 0: let controllers answer to what was just written."""
        self.clock.advance(seconds)

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return self.clock.utc() - DrivenClock().utc()

    def log(self, pod: Object, **how: Any) -> str:
        """The log of a pod's container `main`."""
        return b"".join(self.running.logs(SHOP, pod["metadata"]["name"], "main", **how)).decode()

    def events(self, reason: str = "") -> list[str]:
        """Messages of events, in the order they were first written."""
        found = sorted(self.all("Event"), key=lambda it: int(it["metadata"]["resourceVersion"]))
        return [it["message"] for it in found if reason in ("", it["reason"])]

    def history(self) -> Iterator[tuple[Change, dict[Place, Object]]]:
        """Every change since this was last asked, each with all that there was right after it."""
        with self.store.changes(self.began) as changes:
            while self.began < self.store.version() and (change := next(changes)) is not None:
                self.began = change.version
                if change.type == "DELETED":
                    self._seen.pop(change.place, None)
                else:
                    self._seen[change.place] = change.body
                yield change, self._seen


def driven(*scripts: Mapping[str, Any], pull: Pull | None = None) -> Driven:
    """A world with one namespace."""
    clock = DrivenClock()
    store = Store(loaded(), clock, Shelf())
    furnish(store, store.schemas, store.stamp())
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}}
    store.create(Place("", "namespaces", "", SHOP), named, By("kubectl"))
    running = run(store, clock, scripts=read_scripts(scripts), pull=pull)
    return Driven(clock, store, running, store.version())


def condition(it: Object, kind: str) -> Mapping[str, Any]:
    """A condition of its status; empty: it has none."""
    every: list[Mapping[str, Any]] = (it.get("status") or {}).get("conditions") or []
    return next((at for at in every if at["type"] == kind), {})


def status_of(pod: Object) -> Mapping[str, Any]:
    """The status of a pod's one container."""
    (found,) = pod["status"]["containerStatuses"]
    said: Mapping[str, Any] = found
    return said


def is_ready(pod: Object) -> bool:
    return condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]


def pod(script: Mapping[str, Any] | None = None, *, container: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """The pod `web`, which behaves by that script."""
    made = template(container=dict(container or {}), **spec)
    return body("Pod", "web", made["spec"], annotations={ANNOTATION: json.dumps(script or {})}, labels={"app": "web"})


def waiting(world: Driven) -> tuple[str, str]:
    """Why the only pod's container waits: reason and message."""
    said = status_of(world.pod)["state"].get("waiting", {})
    return said.get("reason", ""), said.get("message", "")


def refused(world: Driven, **how: Any) -> tuple[int, str]:
    """How a request for the only pod's log is refused."""
    with pytest.raises(Refusal) as caught:
        world.log(world.pod, **how)
    return caught.value.status, caught.value.message
