"""Defaults that can't be said as data: named rules for types (`TYPES`) and for whole objects (`OBJECTS`)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from paasctl.embedded.kube.model import Object

_CORE = "io.k8s.api.core.v1."


def _container(value: dict[str, Any]) -> dict[str, Any]:
    """`:latest` and images without a tag are pulled always, the others (and none at all) when they are missing."""
    if not value.get("imagePullPolicy"):
        value["imagePullPolicy"] = "Always" if _is_latest(value.get("image", "")) else "IfNotPresent"
    return value


def _is_latest(image: str) -> bool:
    if not image or "@" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest"


def _pod_spec(value: dict[str, Any]) -> dict[str, Any]:
    """`serviceAccount` is the old name of `serviceAccountName`; on the host's network ports are the host's."""
    account = value.get("serviceAccountName") or value.get("serviceAccount")
    if account:
        value["serviceAccountName"] = value["serviceAccount"] = account
    if value.get("hostNetwork"):
        for group in ("containers", "initContainers"):
            if group in value:
                value[group] = [_on_host(it) for it in value[group]]
    return value


def _on_host(container: dict[str, Any]) -> dict[str, Any]:
    if "ports" not in container:
        return container
    ports = [it if it.get("hostPort") else {**it, "hostPort": it["containerPort"]} for it in container["ports"]]
    return {**container, "ports": ports}


def _service_port(value: dict[str, Any]) -> dict[str, Any]:
    if not value.get("targetPort") and "port" in value:
        value["targetPort"] = value["port"]
    return value


def _volume(value: dict[str, Any]) -> dict[str, Any]:
    """A volume of nothing is an empty folder."""
    if value.keys() == {"name"}:
        value["emptyDir"] = {}
    return value


def _limit(value: dict[str, Any]) -> dict[str, Any]:
    """A container's default limit is its maximum, its default request its default limit or its minimum."""
    if value.get("type") != "Container":
        return value
    limits = {**(value.get("max") or {}), **(value.get("default") or {})}
    requests = {**(value.get("min") or {}), **limits, **(value.get("defaultRequest") or {})}
    return {**value, **({"default": limits} if limits else {}), **({"defaultRequest": requests} if requests else {})}


def _subject(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("kind") in ("User", "Group") and not value.get("apiGroup"):
        value["apiGroup"] = "rbac.authorization.k8s.io"
    return value


def _without_empty(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Lists that Go leaves out when empty, which nobody learns from a server that mostly refuses them so."""
    return lambda value: {name: it for name, it in value.items() if it != [] or name not in names}


TYPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    f"{_CORE}Container": _container,
    f"{_CORE}EphemeralContainer": _container,
    f"{_CORE}LimitRangeItem": _limit,
    f"{_CORE}PodSpec": _pod_spec,
    f"{_CORE}ServicePort": _service_port,
    f"{_CORE}Volume": _volume,
    f"{_CORE}ServiceSpec": _without_empty("ports"),
    "io.k8s.api.rbac.v1.PolicyRule": _without_empty("apiGroups", "resources"),
    "io.k8s.api.rbac.v1.Subject": _subject,
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": _without_empty("values"),
}


def _secret(body: Object, live: Object | None) -> Object:
    del live
    if not body.get("stringData"):
        return body
    given = {name: base64.b64encode(text.encode()).decode() for name, text in body["stringData"].items()}
    kept = {name: it for name, it in body.items() if name != "stringData"}
    return {**kept, "data": {**(body.get("data") or {}), **given}}


def _replica_set(body: Object, live: Object | None) -> Object:
    del live
    return labelled_by_template(body)


def labelled_by_template(body: Object) -> Object:
    """Jobs and ReplicaSets without labels get those of their template."""
    labels = ((body.get("spec") or {}).get("template") or {}).get("metadata", {}).get("labels")
    if body["metadata"].get("labels") or not labels:
        return body
    return {**body, "metadata": {**body["metadata"], "labels": dict(labels)}}  # a patch of one changes not the other


def _pod(body: Object, live: Object | None) -> Object:
    """What a container may use at most is also what it asks for."""
    del live
    spec = body.get("spec")
    if not spec:
        return body
    made = {name: [_asking(it) for it in spec[name]] for name in ("containers", "initContainers") if name in spec}
    return {**body, "spec": {**spec, **made}}


def _asking(container: dict[str, Any]) -> dict[str, Any]:
    resources = container.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    if not limits or limits.keys() <= requests.keys():
        return container
    return {**container, "resources": {**resources, "requests": {**limits, **requests}}}


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def _daemon_set(body: Object, live: Object | None) -> Object:
    """An older version's field is an annotation that is always there."""
    del live
    annotations = body["metadata"].get("annotations") or {}
    return {**body, "metadata": {**body["metadata"], "annotations": {TEMPLATE_GENERATION: "0", **annotations}}}


def _namespace(body: Object, live: Object | None) -> Object:
    del live
    name, labels = body["metadata"].get("name"), body["metadata"].get("labels") or {}
    if not name or labels.get("kubernetes.io/metadata.name") == name:
        return body
    return {**body, "metadata": {**body["metadata"], "labels": {**labels, "kubernetes.io/metadata.name": name}}}


def _job(body: Object, live: Object | None) -> Object:
    """One pod that completes, unless something is said of either number."""
    del live
    spec = dict(body.get("spec") or {})
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    return labelled_by_template({**body, "spec": spec})


def is_reached_from_outside(spec: Object) -> bool:
    """Whether a service has an external traffic policy."""
    kind = spec.get("type")
    return kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _service(body: Object, live: Object | None) -> Object:
    """What traffic policies a service has follows from its type."""
    del live
    spec = dict(body.get("spec") or {})
    kind = spec.get("type")
    if is_reached_from_outside(spec):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec.get("sessionAffinity") == "None":
        spec.pop("sessionAffinityConfig", None)
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    return {**body, "spec": spec}


def _autoscaler(body: Object, live: Object | None) -> Object:
    """Without metrics it looks at the CPU."""
    del live
    spec = body.get("spec") or {}
    if spec.get("metrics") or not body["apiVersion"].endswith("/v2"):
        return body
    target = {"type": "Utilization", "averageUtilization": 80}
    return {**body, "spec": {**spec, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]}}


OBJECTS: dict[tuple[str, str], Callable[[Object, Object | None], Object]] = {
    ("", "secrets"): _secret,
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("batch", "jobs"): _job,
    ("apps", "daemonsets"): _daemon_set,
    ("apps", "replicasets"): _replica_set,
    ("autoscaling", "horizontalpodautoscalers"): _autoscaler,
}
