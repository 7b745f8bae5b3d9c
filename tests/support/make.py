"""Tiny notations for the domain: `want("Deployment/web@v2")`, `have("ConfigMap/env@c1")`."""

from __future__ import annotations

import hashlib
from typing import Any

from paasctl.model.image import Pinned, Repository
from paasctl.model.kube import MANAGER, OWNER_LABEL, Holder, Key, Live, Manifest, Target
from support.apply import applied

TARGET = Target("testbed", "shop-dev", "shop")
HOLDER = Holder(person="ann", host="desk", boot="b", pid_namespace="p", pid=1, started=1, verb="deploy")
REPOSITORY = Repository("127.0.0.1:5000", "shop")
_VERSIONS = {
    "": "v1",
    "apps": "apps/v1",
    "batch": "batch/v1",
    "autoscaling": "autoscaling/v2",
    "policy": "policy/v1",
    "networking.k8s.io": "networking.k8s.io/v1",
    "gateway.networking.k8s.io": "gateway.networking.k8s.io/v1",
    "discovery.k8s.io": "discovery.k8s.io/v1",
}
_GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
    "HorizontalPodAutoscaler": "autoscaling",
    "PodDisruptionBudget": "policy",
    "Ingress": "networking.k8s.io",
    "HTTPRoute": "gateway.networking.k8s.io",
    "EndpointSlice": "discovery.k8s.io",
}


def key(text: str, namespace: str = TARGET.namespace) -> Key:
    """`Deployment/web` -> its key in the target's namespace."""
    kind, _, name = text.partition("/")
    return Key(_GROUPS.get(kind, ""), kind, namespace, name)


def digest(text: str) -> str:
    """A digest that stands for a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def pinned(name: str, version: str) -> Pinned:
    """The image of a service at a version."""
    return REPOSITORY.child(name).pinned(digest(f"{name}@{version}"))


def want(text: str, *, target: Target = TARGET, **spec: Any) -> Manifest:
    """`Deployment/web@v2`: a manifest whose content is told by `v2`; `spec` adds to its spec."""
    name, _, content = text.partition("@")
    of = key(name, target.namespace)
    body: dict[str, Any] = {
        "apiVersion": _VERSIONS[of.group],
        "kind": of.kind,
        "metadata": {"name": of.name, "namespace": of.namespace, "labels": {OWNER_LABEL: target.app}},
        **_content(of, content or "v1", target),
    }
    if spec:
        body["spec"] = {**body.get("spec", {}), **spec}
    return Manifest(of, body)


def have(text: str, *, target: Target = TARGET, **spec: Any) -> Live:
    """`Deployment/web@v1`: the same, as it is in the cluster after we applied it."""
    wanted = want(text, target=target, **spec)
    return Live(wanted.key, applied(wanted.body, MANAGER, uid=f"uid-{wanted.key}"))


def foreign(text: str, manager: str = "kubectl-client-side-apply", app: str = "") -> Live:
    """`Deployment/web`: an object that somebody else made; `app` is the owner label it carries."""
    body = dict(want(text).body)
    body["metadata"] = {**body["metadata"], "labels": {OWNER_LABEL: app} if app else {"team": "red"}}
    return Live(key(text.partition("@")[0]), applied(body, manager, uid=f"uid-theirs-{text}", operation="Update"))


def pod_template(name: str, content: str, app: str) -> dict[str, Any]:
    """A pod template with one container, named like its service."""
    container = {
        "name": name,
        "image": str(pinned(name, content)),
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
    }
    labels = {"app.kubernetes.io/name": name, OWNER_LABEL: app}
    return {"metadata": {"labels": labels}, "spec": {"containers": [container]}}


def _content(of: Key, content: str, target: Target) -> dict[str, Any]:
    selector = {"app.kubernetes.io/name": of.name}
    template = pod_template(of.name, content, target.app)
    matched = {"selector": {"matchLabels": selector}, "template": template}
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": of.name}
    known: dict[str, dict[str, Any]] = {
        "Deployment": {"spec": {"replicas": 2, **matched}},
        "StatefulSet": {"spec": {"replicas": 2, **matched}},
        "DaemonSet": {"spec": matched},
        "Job": {"spec": {"backoffLimit": 3, "template": template}},
        "CronJob": {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}},
        "Service": {"spec": {"selector": selector, "ports": [{"name": content, "port": 80, "targetPort": 8080}]}},
        "HorizontalPodAutoscaler": {"spec": {"scaleTargetRef": ref, "minReplicas": 3, "maxReplicas": 9}},
        "Secret": {"stringData": {"key": content}},
        "ConfigMap": {"data": {"key": content}},
    }
    return known.get(of.kind, {"spec": {"for": content}})
