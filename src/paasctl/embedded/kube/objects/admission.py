"""What admission adds to a new pod: its service account and the token, a priority, tolerations of a lost node."""

from __future__ import annotations

import hashlib
from typing import Any

from paasctl.embedded.kube.model import Object

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_LOST = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def admitted(body: Object) -> Object:
    """The pod as it is stored."""
    spec: Object = {"serviceAccountName": "default", **(body.get("spec") or {})}
    spec["serviceAccount"] = spec["serviceAccountName"]
    if spec.get("automountServiceAccountToken", True):
        spec = _with_token(spec, _name(body["metadata"].get("uid", "")))
    if not spec.get("priorityClassName"):
        spec = {"priority": 0, "preemptionPolicy": "PreemptLowerPriority", **spec}
    return {**body, "spec": {**spec, "tolerations": _tolerations(spec.get("tolerations") or [])}}


def _name(uid: str) -> str:
    """A name that looks random, and is of this pod."""
    digest = hashlib.sha256(uid.encode()).digest()
    return "kube-api-access-" + "".join(_LETTERS[it % len(_LETTERS)] for it in digest[:5])


def _with_token(spec: Object, name: str) -> Object:
    mount = {"name": name, "readOnly": True, "mountPath": _PATH}
    made, is_used = dict(spec), False
    for field in ("initContainers", "containers"):
        if field in spec:
            made[field] = [_mounted(it, mount) for it in spec[field]]
            is_used |= made[field] != spec[field]
    return {**made, "volumes": [*(spec.get("volumes") or []), _volume(name)]} if is_used else spec


def _mounted(container: Object, mount: Object) -> Object:
    mounts = container.get("volumeMounts") or []
    if any(it.get("mountPath") == _PATH for it in mounts):
        return container
    return {**container, "volumeMounts": [*mounts, mount]}


def _volume(name: str) -> Object:
    about = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [about]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}


def _tolerations(said: list[Any]) -> list[Any]:
    """A node that is lost is tolerated for five minutes, where nothing else is said of it."""
    known = {it.get("key") for it in said if it.get("effect") in (None, "", "NoExecute")}
    if None in known or "" in known:
        return said
    kept = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    return [*said, *({"key": it, **kept} for it in _LOST if it not in known)]
