"""What pods are to others: EndpointSlices and Endpoints of Services, budgets, autoscalers, claims."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.controllers.desk import Desk
from paasctl.embedded.kube.controllers.making import is_over, is_ready
from paasctl.embedded.kube.controllers.shapes import is_going, labels, meta, number, owned_by, part, share
from paasctl.embedded.kube.model import Object, Place
from paasctl.embedded.kube.objects.selectors import matches

_SLICES, _PODS = ("discovery.k8s.io", "endpointslices"), ("", "pods")
MANAGER = "kube-controller-manager"
_SCALED = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}


def sync(desk: Desk, place: Place) -> None:
    """One look at one Service: its EndpointSlice and its Endpoints."""
    body = desk.seen.get(place)
    selector = part(body or {}, "spec").get("selector")
    if body is None or is_going(body) or not selector:
        return
    pods = [
        it
        for it in desk.seen.labelled(*_PODS, place.namespace, selector)
        if part(it, "status").get("podIP") and not is_over(it)
    ]
    ports = [_port(it, pods) for it in part(body, "spec").get("ports") or ()]
    _slice(desk, body, place, (pods, ports))
    _endpoints(desk, body, place, (pods, ports))


def _port(it: Any, pods: list[Object]) -> dict[str, Any]:
    target = it.get("targetPort", it["port"])
    if isinstance(target, str):
        every = (
            port for pod in pods for container in pod["spec"]["containers"] for port in container.get("ports") or ()
        )
        target = next((port["containerPort"] for port in every if port.get("name") == target), 0)
    return {"name": it.get("name", ""), "port": target, "protocol": it.get("protocol", "TCP")}


def _slice(desk: Desk, body: Object, place: Place, what: tuple[list[Object], list[Any]]) -> None:
    pods, ports = what
    name = f"{place.name}-sim"
    at = Place(*_SLICES, place.namespace, name)
    endpoints = [
        {
            "addresses": [it["status"]["podIP"]],
            "conditions": {"ready": is_ready(it), "serving": is_ready(it) or is_going(it), "terminating": is_going(it)},
            "nodeName": it["spec"].get("nodeName", ""),
            "targetRef": _target(it),
        }
        for it in pods
    ]
    made = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": name,
            "namespace": place.namespace,
            "labels": {
                **labels(body),
                "kubernetes.io/service-name": place.name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": owned_by(body),
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }
    _put(desk, at, made, ("endpoints", "ports"))


def _endpoints(desk: Desk, body: Object, place: Place, what: tuple[list[Object], list[Any]]) -> None:
    pods, ports = what
    named = [{name: it for name, it in port.items() if it != ""} for port in ports]
    groups = {
        "addresses": [it for it in pods if is_ready(it)],
        "notReadyAddresses": [it for it in pods if not is_ready(it) and not is_going(it)],
    }
    found = {
        name: [
            {"ip": it["status"]["podIP"], "nodeName": it["spec"].get("nodeName", ""), "targetRef": _target(it)}
            for it in its
        ]
        for name, its in groups.items()
        if its
    }
    made = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": place.name, "namespace": place.namespace, "labels": dict(labels(body))},
        "subsets": [{**found, "ports": named}] if found else [],
    }
    _put(desk, Place("", "endpoints", place.namespace, place.name), made, ("subsets",))


def _target(pod: Object) -> Object:
    return {"kind": "Pod", "namespace": meta(pod)["namespace"], "name": meta(pod)["name"], "uid": meta(pod)["uid"]}


def _put(desk: Desk, place: Place, made: Object, fields: tuple[str, ...]) -> None:
    live = desk.seen.get(place)
    if live is None:
        desk.create(place, made, MANAGER)
    elif any((live.get(name) or []) != made[name] for name in fields):
        desk.update(place, {**live, **{name: made[name] for name in fields}}, MANAGER)


def sync_budget(desk: Desk, place: Place) -> None:
    """One look at one PodDisruptionBudget."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    spec = part(body, "spec")
    pods = [
        it
        for it in desk.seen.of(*_PODS, place.namespace)
        if matches(spec.get("selector"), labels(it)) and not is_over(it) and not is_going(it)
    ]
    healthy, expected = sum(map(is_ready, pods)), len(pods)
    if "minAvailable" in spec:
        desired = share(spec["minAvailable"], expected, up=True)
    else:
        desired = max(0, expected - share(spec.get("maxUnavailable", 1), expected, up=True))
    allowed = max(0, healthy - desired) if expected else 0
    before: Object = next(iter(part(body, "status").get("conditions") or ()), {})
    holds = "True" if allowed else "False"
    condition = {
        "type": "DisruptionAllowed", "status": holds,
        "reason": "SufficientPods" if allowed else "InsufficientPods", "message": "",
        "lastTransitionTime": before.get("lastTransitionTime") if before.get("status") == holds else desk.stamp,
        "observedGeneration": meta(body).get("generation", 1),
    }  # fmt: skip
    said = {
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
        "expectedPods": expected, "observedGeneration": meta(body).get("generation", 1), "conditions": [condition],
    }  # fmt: skip
    desk.tell(place, body, said, MANAGER)


def sync_scaler(desk: Desk, place: Place) -> None:
    """One look at one HorizontalPodAutoscaler: it holds the count between its bounds; there are no metrics here."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    spec = part(body, "spec")
    target = part(spec, "scaleTargetRef")
    plural = _SCALED.get(str(target.get("kind")), "")
    at = Place("apps", plural, place.namespace, str(target.get("name")))
    found = desk.seen.get(at) if plural else None
    got = f"the HPA controller was {'able' if found else 'unable'} to get the target's current scale"
    able = ("True", "SucceededGetScale", got) if found else ("False", "FailedGetScale", got)
    conditions = [_condition(desk, body, "AbleToScale", able)]
    said: dict[str, Any] = {"currentMetrics": None, "desiredReplicas": 0}
    if found:
        now = number(part(found, "spec"), "replicas", 1)
        wanted = min(max(now, number(spec, "minReplicas", 1)), number(spec, "maxReplicas", 1)) if now else 0
        if wanted != now:
            desk.update(at, {**found, "spec": {**found["spec"], "replicas": wanted}}, MANAGER, "scale")
            reason = (
                "Current number of replicas below Spec.MinReplicas"
                if wanted > now
                else "Current number of replicas above Spec.MaxReplicas"
            )
            desk.event(body, "SuccessfulRescale", f"New size: {wanted}; reason: {reason}", "horizontal-pod-autoscaler")
        said |= {"currentReplicas": number(part(found, "status"), "replicas"), "desiredReplicas": wanted}
        message = "the HPA was unable to compute the replica count: no metrics are simulated"
        conditions.append(_condition(desk, body, "ScalingActive", ("False", "FailedGetResourceMetric", message)))
    said["conditions"] = conditions
    desk.tell(place, body, said, MANAGER)


def _condition(desk: Desk, body: Object, kind: str, said: tuple[str, str, str]) -> Object:
    status, reason, message = said
    before: Object = next((it for it in part(body, "status").get("conditions") or () if it["type"] == kind), {})
    turned = before.get("lastTransitionTime") if before.get("status") == status else desk.stamp
    return {"type": kind, "status": status, "lastTransitionTime": turned, "reason": reason, "message": message}


def sync_claim(desk: Desk, place: Place) -> None:
    """One look at one PersistentVolumeClaim: it is bound at once."""
    body = desk.seen.get(place)
    if body is None or is_going(body) or part(body, "status").get("phase") == "Bound":
        return
    storage = part(body, "spec", "resources", "requests").get("storage", "1Gi")
    said = {
        "phase": "Bound",
        "accessModes": part(body, "spec").get("accessModes", []),
        "capacity": {"storage": storage},
    }
    desk.tell(place, body, said, MANAGER)
