"""StatefulSets and DaemonSets: pods with names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.making import end_pod, is_ready, make_pod, ready_since
from paasctl.embedded.kube.controllers.shapes import (
    canonical,
    is_going,
    labels,
    meta,
    number,
    owned_by,
    part,
    short_hash,
)
from paasctl.embedded.kube.model import Object, Place

NAME, DAEMONS = "statefulset-controller", "daemonset-controller"
_REVISION = "controller-revision-hash"
_CLAIMS = ("", "persistentvolumeclaims")
_REVISIONS = ("apps", "controllerrevisions")


def sync(desk: Desk, place: Place) -> None:
    """One look at one StatefulSet: one pod after another, the newest template from the last to the first."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    count, revision = number(part(body, "spec"), "replicas", 1), _revision(desk, body)
    pods = {_ordinal(it): it for it in desk.seen.owned(body, "pods")}
    together = part(body, "spec").get("podManagementPolicy") == "Parallel"
    _step(desk, body, pods, (count, revision), together=together)
    _tell(desk, place, desk.seen.get(place) or body, (count, revision))
    _forget_old(desk, body, revision, part(desk.seen.get(place) or body, "status").get("currentRevision", ""))


def _revision(desk: Desk, body: Object) -> str:
    """The name of this template's revision: the one that it was given, or a new one."""
    template = body["spec"]["template"]
    return _given(desk, body, template) or _record(desk, body, template)


def _record(desk: Desk, body: Object, template: Object) -> str:
    """Keep a template as a ControllerRevision, for pods that are still to be made of it; its name."""
    hashed, namespace = short_hash(canonical(template)), meta(body)["namespace"]
    name, held = f"{meta(body)['name']}-{hashed}", desk.seen.owned(body, "controllerrevisions")
    made = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**labels(template), "controller.kubernetes.io/hash": hashed},
            "ownerReferences": owned_by(body),
        },
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": max((number(it, "revision") for it in held), default=0) + 1,
    }
    desk.create(Place(*_REVISIONS, namespace, name), made, "kube-controller-manager")
    return name


def _forget_old(desk: Desk, body: Object, *used: str) -> None:
    """Templates that no pod is of are kept to the limit."""
    of_pods = {labels(it).get(_REVISION, "").rpartition("-")[2] for it in desk.seen.owned(body, "pods")}
    every = sorted(desk.seen.owned(body, "controllerrevisions"), key=lambda it: number(it, "revision"))
    names = [str(meta(it)["name"]) for it in every]
    idle = [it for it in names if it not in used and it.rpartition("-")[2] not in of_pods]
    keep = number(part(body, "spec"), "revisionHistoryLimit", 10)
    for name in idle[: max(0, len(idle) - keep)]:
        desk.delete(Place(*_REVISIONS, meta(body)["namespace"], name))


def _given(desk: Desk, body: Object, template: Object) -> str:
    """The name of the ControllerRevision that holds this template; empty: there is none."""
    for it in desk.seen.owned(body, "controllerrevisions"):
        if _held(it) == template:
            return str(meta(it)["name"])
    return ""


def _held(revision: Object) -> Object:
    """The template that a ControllerRevision keeps."""
    return {name: value for name, value in part(revision, "data", "spec", "template").items() if name != "$patch"}


def _template_of(desk: Desk, body: Object, ordinal: int, revision: str) -> tuple[Object, str]:
    """What a pod is made of, and its revision: below the partition what is current, from there what is new."""
    current = str(part(body, "status").get("currentRevision") or revision)
    partition = number(part(body, "spec", "updateStrategy", "rollingUpdate"), "partition")
    kept = desk.seen.get(Place(*_REVISIONS, meta(body)["namespace"], current))
    if ordinal < partition and kept is not None:
        return _held(kept), current
    return body["spec"]["template"], revision


def _ordinal(pod: Object) -> int:
    return int(meta(pod)["name"].rpartition("-")[2])


def _step(desk: Desk, body: Object, pods: dict[int, Object], wanted: tuple[int, str], *, together: bool) -> None:
    if _grow(desk, body, pods, wanted, together=together) or _shrink(desk, body, pods, wanted[0]):
        return
    strategy = part(body, "spec", "updateStrategy")
    if strategy.get("type") != "OnDelete":
        _update(desk, body, pods, (number(part(strategy, "rollingUpdate"), "partition"), wanted[1]))


def _grow(desk: Desk, body: Object, pods: dict[int, Object], wanted: tuple[int, str], *, together: bool) -> bool:
    """Make what is missing; True: the next has to wait."""
    count, revision = wanted
    for ordinal in range(count):
        it = pods.get(ordinal)
        if it is None:
            _make(desk, body, ordinal, revision)
            if not together:
                return True
        elif not together and not _is_available(desk, body, it):
            return True  # whatever its template: the documentation's "forced rollback" needs somebody's hand
    return False


def _shrink(desk: Desk, body: Object, pods: dict[int, Object], count: int) -> bool:
    """Take the last one too many away; True: there was one."""
    last = max(pods, default=-1)
    if last < count:
        return False
    if not is_going(pods[last]):
        end_pod(desk, body, pods[last], NAME)
    return True


def _update(desk: Desk, body: Object, pods: dict[int, Object], wanted: tuple[int, str]) -> None:
    """The last pod of an old template goes; not before those behind it serve."""
    partition, revision = wanted
    for ordinal in sorted((it for it in pods if it >= partition), reverse=True):
        it = pods[ordinal]
        if labels(it).get(_REVISION) != revision:
            if not is_going(it):
                end_pod(desk, body, it, NAME)
            return
        if not _is_available(desk, body, it):
            return


def _is_available(desk: Desk, body: Object, pod: Object) -> bool:
    if not is_ready(pod):
        return False
    wait = number(part(body, "spec"), "minReadySeconds")
    until = ready_since(pod) + wait
    if wait and until > desk.now:
        desk.later(
            until, Key("statefulsets", Place("apps", "statefulsets", meta(body)["namespace"], meta(body)["name"]))
        )
        return False
    return True


def _make(desk: Desk, body: Object, ordinal: int, revision: str) -> None:
    name = f"{meta(body)['name']}-{ordinal}"
    template, revision = _template_of(desk, body, ordinal, revision)
    volumes = []
    for it in part(body, "spec").get("volumeClaimTemplates") or ():
        claim = f"{meta(it)['name']}-{name}"
        place = Place(*_CLAIMS, meta(body)["namespace"], claim)
        if desk.seen.get(place) is None:
            claimed = {
                **meta(it),
                "name": claim,
                "namespace": place.namespace,
                "labels": dict(part(body, "spec", "selector").get("matchLabels", {})),
            }
            made = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": claimed, "spec": it["spec"]}
            desk.create(place, made, "kube-controller-manager")
            text = f"create Claim {claim} Pod {name} in StatefulSet {meta(body)['name']} success"
            desk.event(body, "SuccessfulCreate", text, NAME)
        volumes.append({"name": meta(it)["name"], "persistentVolumeClaim": {"claimName": claim}})
    described = dict(part(template, "metadata"))
    named = {
        **described.get("labels", {}), _REVISION: revision, "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(ordinal),
    }  # fmt: skip
    others = [it for it in template["spec"].get("volumes") or () if it["name"] not in {at["name"] for at in volumes}]
    spec = {**template["spec"], "hostname": name, **({"volumes": [*volumes, *others]} if volumes or others else {})}
    make_pod(desk, body, {"metadata": {**described, "labels": named}, "spec": spec}, NAME, name)


def _tell(desk: Desk, place: Place, body: Object, wanted: tuple[int, str]) -> None:
    count, revision = wanted
    pods = [it for it in desk.seen.owned(body, "pods") if not is_going(it)]
    updated = [it for it in pods if labels(it).get(_REVISION) == revision]
    ready = sum(map(is_ready, pods))
    available = sum(_is_available(desk, body, it) for it in pods)
    before = part(body, "status").get("currentRevision") or revision
    done = len(updated) == count == len(pods) and ready == count
    said: dict[str, Any] = {
        "observedGeneration": meta(body).get("generation", 1),
        "replicas": len(pods),
        "availableReplicas": available,
        "currentRevision": revision if done else before,
        "updateRevision": revision,
        "collisionCount": 0,
    }
    current = [it for it in pods if labels(it).get(_REVISION) == said["currentRevision"]]
    counts = {"readyReplicas": ready, "updatedReplicas": len(updated), "currentReplicas": len(current)}
    said |= {name: it for name, it in counts.items() if it}
    desk.tell(place, body, said, "kube-controller-manager")


def _wanted_daemons(status: Mapping[str, Any]) -> int:
    return number(status, "desiredNumberScheduled", 1) if status.get("observedGeneration") else 1


def sync_daemon(desk: Desk, place: Place) -> None:
    """One look at one DaemonSet: one pod, on the one node; as many as a live cluster's nodes had, of one from there."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    template, count = body["spec"]["template"], _wanted_daemons(part(body, "status"))
    name = _revision(desk, body)
    revision = name.removeprefix(f"{meta(body)['name']}-")
    pods = [it for it in desk.seen.owned(body, "pods") if not is_going(it)]
    old = [it for it in pods if labels(it).get(_REVISION) != revision]
    for it in old[:1] if part(body, "spec", "updateStrategy").get("type") != "OnDelete" else ():
        end_pod(desk, body, it, DAEMONS)
    for _ in range(count - len(desk.seen.owned(body, "pods"))):
        described = part(body, "spec", "template", "metadata")
        named = {**described.get("labels", {}), _REVISION: revision, "pod-template-generation": "1"}
        make_pod(desk, body, {**template, "metadata": {**described, "labels": named}}, DAEMONS)
    pods = [it for it in desk.seen.owned(body, "pods") if not is_going(it)]
    ready = sum(map(is_ready, pods))
    said = {
        "currentNumberScheduled": len(pods), "desiredNumberScheduled": count, "numberMisscheduled": 0,
        "numberReady": ready, "observedGeneration": meta(body).get("generation", 1),
    }  # fmt: skip
    updated = sum(labels(it).get(_REVISION) == revision for it in pods)
    counts = {"numberAvailable": ready, "numberUnavailable": count - ready, "updatedNumberScheduled": updated}
    said |= {name: it for name, it in counts.items() if it}
    desk.tell(place, desk.seen.get(place) or body, said, "kube-controller-manager")
    _forget_old(desk, body, name)
