"""A simulated cluster that begins as a copy of a live one: its objects as they were, its ill pods as ill as they were.

Filled before the controllers look for the first time, so that they never see half of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from paasctl.embedded.kube.controllers.scripts import Script
from paasctl.embedded.kube.controllers.shapes import condition, holds, labels, meta, moment, part
from paasctl.embedded.kube.model import Object, Place
from paasctl.embedded.kube.store.store import Store

_CUSTOM = ("apiextensions.k8s.io", "customresourcedefinitions")
_SETTLED = 30.0
"""Seconds after which a container that runs and does not serve is taken for one that never will."""
_BY_ORDINAL = frozenset({"apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name"})


def fill(store: Store, bodies: Iterable[Object], serves: Collection[tuple[str, str]]) -> None:
    """Put these objects where they were, uids and versions and all, instead of what is there.

    `serves`: (group, kind) of all that the live cluster serves; definitions of custom kinds beside those go.
    """
    with store.shelf.lock:
        for place, body in store.shelf.of_kind(*_CUSTOM):
            if (body["spec"]["group"], body["spec"]["names"]["kind"]) not in serves:
                store.shelf.remove(place)
    for body in sorted(bodies, key=lambda it: int(meta(it)["resourceVersion"])):
        store.shelf.restore(_place(store, body), body)


def _place(store: Store, body: Object) -> Place:
    group, _, version = str(body["apiVersion"]).rpartition("/")
    resource = store.schemas.of_kind(group, version, str(body["kind"]))
    if resource is None:
        raise AssertionError(f"{body['kind']} of {body['apiVersion']} was never to be copied")
    return Place(group, resource.plural, str(meta(body).get("namespace", "")), str(meta(body)["name"]))


def scripts_of(bodies: Iterable[Object], now: float) -> tuple[Script, ...]:
    """Scripts by which pods that are ill there are ill here, and those that are made in their place.

    A pod that has healthy twins is let recover: what ails it is not in its template. `now` in seconds since the epoch.
    """
    pods = [it for it in bodies if it["kind"] == "Pod"]
    healthy = [_twin(it) for it in pods if holds(it, "Ready")]
    found: list[Script] = []
    for pod in pods:
        if _twin(pod) not in healthy:
            found += [it for it in _scripts(pod, now) if it not in found]
    return tuple(found)


def _twin(pod: Object) -> tuple[str, Mapping[str, str]]:
    kept = {name: it for name, it in labels(pod).items() if name not in _BY_ORDINAL}
    return str(meta(pod).get("namespace", "")), kept


def _scripts(pod: Object, now: float) -> list[Script]:
    namespace, kept = _twin(pod)
    match = {"namespace": namespace, "labels": kept}
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("reason") == "Unschedulable":
        return [Script(match, {"unschedulable": str(scheduled.get("message", ""))})]
    statuses: Iterable[Mapping[str, Any]] = part(pod, "status").get("containerStatuses") or ()
    return [Script({**match, "container": it["name"]}, does) for it in statuses if (does := _ails(it, now)) is not None]


def _ails(status: Mapping[str, Any], now: float) -> Mapping[str, Any] | None:
    """What a container does that does not serve; None: it does, or the simulation will find out by itself."""
    if status.get("ready"):
        return None
    waiting, running = part(status, "state", "waiting"), part(status, "state", "running")
    ended = part(status, "state", "terminated") or part(status, "lastState", "terminated")
    if ended and (waiting.get("reason") == "CrashLoopBackOff" or "terminated" in part(status, "state")):
        return _ending(ended)
    if running and now - moment(running.get("startedAt")) > _SETTLED:
        return {"never-ready": "it does not serve in the live cluster either"}
    return None


def _ending(ended: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if ended.get("reason") == "OOMKilled":
        return {"oom": True}
    if ended.get("reason") == "StartError":
        return {"start-error": str(ended.get("message", ""))}
    return {"crash": {"exit": int(ended.get("exitCode", 1))}} if ended.get("exitCode") else None
