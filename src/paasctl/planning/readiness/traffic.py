"""Services and routes: whether traffic arrives (D30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Cause
from paasctl.planning.readiness.look import Look, number, part, selects
from paasctl.planning.readiness.opinion import Opinion, ready, suspect, waiting, wrong
from paasctl.planning.readiness.pods import is_ready

_SERVICE_NAME: Final = "kubernetes.io/service-name"
_UNANSWERED: Final = 5.0
"""Seconds that a route waits for a router to say anything at all."""
_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet")


def service(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when it has an endpoint, where it selects pods that ought to be there."""
    spec = part(live.body, "spec")
    selector = part(spec, "selector")
    if spec.get("type") == "ExternalName" or not selector:
        return ready(key, "selects no pods")
    count = sum(1 for it in _slices(key, look) for end in _ready_ends(it, spec))
    if count:
        return ready(key, f"{count} endpoint{'s' if count != 1 else ''}")
    templates = [it for it in _workloads(look) if selects(selector, _template_labels(it))]
    pods = [it for it in look.by_kind.get("Pod", ()) if selects(selector, part(it.body, "metadata", "labels"))]
    if templates and not any(_asks_for_pods(it) for it in templates):
        return ready(key, "no pods wanted")
    if not templates and not pods:
        chosen = ", ".join(f"{name}={value}" for name, value in selector.items())
        return wrong(key, "selects-nothing", f"{key} selects {chosen}, and no pod of this app has these labels")
    if any(is_ready(it) for it in pods):
        message = f"{key} has no endpoint although its pods are ready: do its ports exist in the pods?"
        return suspect(waiting(key, "no endpoint yet"), Cause(code="no-endpoints", message=message))
    return waiting(key, "none of its pods is ready yet")


def _slices(key: Key, look: Look) -> Iterable[Live]:
    for it in look.by_kind.get("EndpointSlice", ()):
        if part(it.body, "metadata", "labels").get(_SERVICE_NAME) == key.name:
            yield it


def _ready_ends(piece: Live, spec: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if spec.get("ports") and not piece.body.get("ports"):
        return  # none of the Service's named ports exists in these pods
    for end in piece.body.get("endpoints") or ():
        if part(end, "conditions").get("ready", True) is not False:  # discovery/v1: nil is to be taken for true
            yield end


def _workloads(look: Look) -> Iterable[Live]:
    return (it for kind in _WORKLOADS for it in look.by_kind.get(kind, ()))


def _template_labels(live: Live) -> Mapping[str, Any]:
    return part(live.body, "spec", "template", "metadata", "labels")


def _asks_for_pods(live: Live) -> bool:
    if live.key.kind == "DaemonSet":
        return number(part(live.body, "status"), "desiredNumberScheduled") > 0
    return number(part(live.body, "spec"), "replicas", 1) > 0


def ingress(key: Key, live: Live, look: Look) -> Opinion:
    """Ready: an Ingress has no condition; its address is shown where a controller publishes one."""
    del look
    found = part(live.body, "status", "loadBalancer").get("ingress") or ()
    where = ", ".join(str(it.get("hostname") or it.get("ip")) for it in found)
    return ready(key, f"at {where}" if where else "no controller has published an address")


def http_route(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when every parent that answered accepts this generation and finds its backends (Gateway API v1)."""
    parents = part(live.body, "status").get("parents") or ()
    answers = [it for parent in parents for it in parent.get("conditions") or () if _is_news(it, live)]
    for it in answers:
        if it.get("type") in ("Accepted", "ResolvedRefs") and it.get("status") == "False":
            return wrong(key, "route-not-accepted", f"{key} is refused: {it.get('message') or it.get('reason')}")
    if any(it.get("type") == "Accepted" and it.get("status") == "True" for it in answers):
        return ready(key, "accepted")
    if look.elapsed >= _UNANSWERED:  # not every router publishes a status
        return ready(key, "no router answers for it")
    return waiting(key, "no router has answered yet")


def _is_news(it: Mapping[str, Any], live: Live) -> bool:
    return number(it, "observedGeneration", live.generation) >= live.generation
