"""What controllers would have made of a workload by now: ReplicaSets, pods, endpoints, status; shaped like the real."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

How = Literal[
    "ready",
    "crash",
    "oom",
    "no-image",
    "pull-trouble",
    "unschedulable",
    "not-ready",
    "config-missing",
    "quota",
    "never",
]
Body = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Rollout:
    """How a change of a workload goes. `after`: snapshots until it is ready (or broken, in its way)."""

    how: How = "ready"
    after: int = 1


def container(name: str, **state: Any) -> Body:
    """A container status."""
    status = {"name": name, "image": "127.0.0.1:5000/shop/web", "imageID": "", "ready": False, "restartCount": 0}
    return {**status, "state": {"running": {}}, "lastState": {}, **state}


def waiting(reason: str, message: str = "") -> Body:
    """A waiting container's state."""
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", message: str = "") -> Body:
    """A terminated container's state."""
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def pod(name: str, owner: Mapping[str, Any] | None = None, **how: Any) -> Body:
    """A pod; `phase`, `ready`, `containers` (statuses), `conditions`, `labels`, `spec` and other status fields."""
    ready = how.pop("ready", False)
    labels, spec = how.pop("labels", {}), how.pop("spec", {"containers": [{"name": "web"}]})
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}, *how.pop("conditions", [])]
    statuses = how.pop("containers", [container("web", ready=ready)])
    namespace = how.pop("namespace", "shop-dev")
    meta: Body = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "labels": labels,
        **how.pop("metadata", {}),
    }
    if owner:
        meta["ownerReferences"] = [{"uid": owner["metadata"]["uid"], "kind": owner["kind"], "controller": True}]
    status = {"phase": how.pop("phase", "Running"), "conditions": conditions, "containerStatuses": statuses, **how}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def pod_of(owner: Body, template: Mapping[str, Any], number: int, how: How) -> Body:
    """A pod of a controller, in the state that its rollout brought it to."""
    name = f"{owner['metadata']['name']}-{number}"
    main = template["spec"]["containers"][0]["name"]
    labels = {**(template.get("metadata", {}).get("labels") or {}), **owner["metadata"].get("_pod_labels", {})}
    known: dict[str, Any] = {"labels": labels, "spec": copy.deepcopy(dict(template["spec"]))}
    known["namespace"] = owner["metadata"]["namespace"]
    if how in _BROKEN:
        phase, state = _BROKEN[how]
        return pod(name, owner, phase=phase, containers=[container(main, **copy.deepcopy(state))], **known)
    if how == "ready":
        return pod(name, owner, ready=True, containers=[container(main, ready=True)], **known)
    why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: no cpu"}
    conditions = [why] if how == "unschedulable" else []
    return pod(name, owner, phase="Pending", containers=[], conditions=conditions, **known)


_LOOP = waiting("CrashLoopBackOff")
_BROKEN: dict[str, tuple[str, Body]] = {
    "crash": ("Running", {"state": _LOOP, "lastState": ended(3), "restartCount": 2}),
    "oom": ("Running", {"state": _LOOP, "lastState": ended(137, "OOMKilled"), "restartCount": 2}),
    "no-image": ("Pending", {"state": waiting("ErrImagePull", "rpc error: code = NotFound: not found")}),
    "pull-trouble": ("Pending", {"state": waiting("ErrImagePull", "dial tcp: connection refused")}),
    "config-missing": ("Pending", {"state": waiting("CreateContainerConfigError", 'secret "db" not found')}),
    "not-ready": ("Running", {}),
}


def replica_set(owner: Body, revision: int, template: Mapping[str, Any], replicas: int, ready: int) -> Body:
    """A ReplicaSet of a Deployment."""
    meta = {
        "name": f"{owner['metadata']['name']}-{revision}",
        "namespace": owner["metadata"]["namespace"],
        "uid": f"{owner['metadata']['uid']}-rs{revision}",
        "generation": 1,
        "annotations": {REVISION: str(revision)},
        "ownerReferences": [{"uid": owner["metadata"]["uid"], "kind": "Deployment", "controller": True}],
    }
    status = {"replicas": replicas, "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": 1}
    spec = {"replicas": replicas, "template": copy.deepcopy(dict(template))}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec, "status": status}


def slices(service: Body, pods: list[Body]) -> Body:
    """The EndpointSlice of a Service over these pods."""
    selector = service["spec"].get("selector") or {}
    ends = [
        {"addresses": ["10.0.0.2"], "conditions": {"ready": it["status"]["conditions"][0]["status"] == "True"}}
        for it in pods
        if selector and all(it["metadata"]["labels"].get(name) == value for name, value in selector.items())
    ]
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    meta = {"name": f"{name}-x", "namespace": namespace, "labels": {"kubernetes.io/service-name": name}}
    ports = [{"port": 8080}] if ends else []
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta,
        "endpoints": ends,
        "ports": ports,
    }


@dataclass
class Course:
    """Where a Deployment's rollout stands: its newest template and revision, and the one that was ready before."""

    template: Mapping[str, Any]
    revision: int = 1
    age: int = 0
    before: Mapping[str, Any] | None = None
    good: bool = False

    def turn_to(self, template: Mapping[str, Any]) -> None:
        """The template changed: a new revision begins, the last good one keeps serving."""
        if template != self.template:
            self.before = self.template if self.good else self.before
            self.template, self.revision, self.age, self.good = template, self.revision + 1, 0, False


def deployment(live: Body, course: Course, rollout: Rollout) -> list[Body]:
    """The Deployment with its status, its ReplicaSets and pods, at this point of its course."""
    wanted = live["spec"].get("replicas", 1)
    there = course.age >= rollout.after
    course.good = course.good or (there and rollout.how == "ready")
    how: How = rollout.how if there else "never"
    new = replica_set(live, course.revision, course.template, wanted, wanted if course.good else 0)
    made = 0 if how == "quota" else wanted if course.good else min(1, wanted)
    new["status"]["replicas"] = made
    pods = [pod_of(new, course.template, number, "ready" if course.good else how) for number in range(made)]
    old = [] if course.good or course.before is None else _old(live, course, wanted)
    body = copy.deepcopy(live)
    body["metadata"].setdefault("annotations", {})[REVISION] = str(course.revision)
    served = wanted if course.good or course.before is not None else 0
    body["status"] = {
        "observedGeneration": live["metadata"]["generation"],
        "replicas": made + (wanted if old else 0),
        "updatedReplicas": made,
        "readyReplicas": served,
        "availableReplicas": served,
        "conditions": _quota(new) if how == "quota" else [],
    }
    return [body, new, *pods, *old]


def _old(live: Body, course: Course, wanted: int) -> list[Body]:
    template = course.before or {}
    olds = replica_set(live, course.revision - 1, template, wanted, wanted)
    return [olds, *(pod_of(olds, template, number, "ready") for number in range(wanted))]


def _quota(new: Body) -> list[Body]:
    message = 'pods "web" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2'
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    new["status"]["conditions"] = [failure]
    return [failure]


def job(live: Body, age: int, rollout: Rollout) -> list[Body]:
    """A Job with its status and its pod."""
    body = copy.deepcopy(live)
    over = age >= rollout.after
    kind = "Complete" if rollout.how == "ready" else "Failed"
    condition = {"type": kind, "status": "True", "reason": "" if kind == "Complete" else "BackoffLimitExceeded"}
    body["status"] = {"conditions": [condition] if over else [], "succeeded": int(over and kind == "Complete")}
    if over and kind == "Failed":
        main = live["spec"]["template"]["spec"]["containers"][0]["name"]
        statuses = [container(main, state=ended(1))]
        return [body, pod(f"{live['metadata']['name']}-0", body, phase="Failed", containers=statuses)]
    return [body]


def stateful_set(live: Body, age: int, rollout: Rollout) -> list[Body]:
    """A StatefulSet with its status and its pods."""
    body, wanted = copy.deepcopy(live), live["spec"].get("replicas", 1)
    over = age >= rollout.after
    count = wanted if over and rollout.how == "ready" else 0
    revision = f"{live['metadata']['name']}-{live['metadata']['generation']}"
    body["status"] = {
        "observedGeneration": live["metadata"]["generation"],
        "replicas": wanted,
        "readyReplicas": count,
        "availableReplicas": count,
        "updatedReplicas": count,
        "updateRevision": revision,
        "currentRevision": revision,
    }
    body["metadata"]["_pod_labels"] = {"controller-revision-hash": revision}
    how: How = rollout.how if over else "never"
    pods = [pod_of(body, live["spec"]["template"], number, how) for number in range(wanted)]
    del body["metadata"]["_pod_labels"]
    return [body, *pods]
