"""What the server refuses of ConfigMaps, Secrets, claims, autoscalers, disruption budgets and roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects import names
from paasctl.embedded.kube.objects.causes import Causes
from paasctl.embedded.kube.objects.workloads import at_most_all, bound, claim_spec

Json = Mapping[str, Any]
_MOST = 1024 * 1024
_TYPE_NEEDS = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _frozen(told: Causes, made: Object, live: Object | None, fields: tuple[str, ...]) -> None:
    if live is None or not live.get("immutable"):
        return
    said = "field is immutable when `immutable` is set"
    if not made.get("immutable"):
        told.forbidden("immutable", said)
    for name in fields:
        if (made.get(name) or {}) != (live.get(name) or {}):
            told.forbidden(name, said)


def config_map(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a ConfigMap."""
    _frozen(told, made, live, ("data", "binaryData"))
    data, binary = made.get("data") or {}, made.get("binaryData") or {}
    for name in sorted(data):
        told.each_invalid(f"data[{name}]", name, names.key(name))
        if name in binary:
            told.invalid(f"data[{name}]", name, "duplicate of key present in binaryData")
    for name in sorted(binary):
        told.each_invalid(f"binaryData[{name}]", name, names.key(name))
    if sum(map(len, data.values())) + sum(len(it) * 3 // 4 for it in binary.values()) > _MOST:
        told.too_long("", _MOST)


def secret(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a Secret."""
    if live is not None:
        told.immutable("type", made.get("type"), live.get("type"))
    _frozen(told, made, live, ("data",))
    data = made.get("data") or {}
    for name in sorted(data):
        told.each_invalid(f"data[{name}]", name, names.key(name))
    if sum(len(it) * 3 // 4 for it in data.values()) > _MOST:
        told.too_long("data", _MOST)
    for name in _TYPE_NEEDS.get(made.get("type", ""), ()):
        if name not in data:
            told.required(f"data[{name}]")


def claim(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a PersistentVolumeClaim."""
    spec = made.get("spec") or {}
    claim_spec(told, "spec", spec)
    if live is not None and _fixed(spec) != _fixed(live.get("spec") or {}):
        said = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        told.forbidden("spec", said)


def _fixed(spec: Json) -> Object:
    open_ = ("resources", "volumeAttributesClassName", "volumeName", "storageClassName")
    return {name: it for name, it in spec.items() if name not in open_}


def _group(live: Object | None) -> str | None:
    """The API group that a stored autoscaler already scales in; None: it isn't stored."""
    version = live["spec"].get("scaleTargetRef", {}).get("apiVersion", "") if live is not None else None
    return version if version is None else version.rpartition("/")[0]


def autoscaler(told: Causes, made: Object, live: Object | None) -> None:  # noqa: C901 - check after check
    """Add what is wrong with a HorizontalPodAutoscaler."""
    spec = made.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and least < 1:
        told.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        told.invalid("spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        told.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for name in ("kind", "name"):
        if not target.get(name):
            told.required(f"spec.scaleTargetRef.{name}")
    if "/" not in target.get("apiVersion", "") and _group(live) != "":
        told.invalid(
            "spec.scaleTargetRef.apiVersion", target.get("apiVersion", ""), "apiVersion must specify API group"
        )
    for index, it in enumerate(spec.get("metrics") or []):
        _metric(told, f"spec.metrics[{index}]", it)
    for name, rules in (spec.get("behavior") or {}).items():
        _scaling(told, f"spec.behavior.{name}", rules)


_METRICS = ("ContainerResource", "External", "Object", "Pods", "Resource")


def _metric(told: Causes, field: str, it: Json) -> None:
    kind = it.get("type", "")
    if not kind:
        told.required(f"{field}.type", "must specify a metric source type")
    elif kind not in _METRICS:
        told.unsupported(f"{field}.type", kind, _METRICS)
    else:
        name = kind[0].lower() + kind[1:]
        if name not in it:
            told.required(f"{field}.{name}", "must populate information for the given metric source")
        elif name in _TARGETS:
            _target(told, f"{field}.{name}", name, it[name])


_TARGETS = {
    "resource": ("averageUtilization", "must set either a target raw value or a target utilization"),
    "external": ("averageValue", "must set either a target value for metric or a per-pod target"),
}
"""What is named as missing where a target has no number, and how."""


def _target(told: Causes, field: str, name: str, source: Json) -> None:
    if name == "resource" and not source.get("name"):
        told.required(f"{field}.name", "must specify a resource name")
    if name == "external" and not (source.get("metric") or {}).get("name"):
        told.required(f"{field}.metric.name", "must specify a metric name")
    target = source.get("target") or {}
    if not (kind := target.get("type", "")):
        told.required(f"{field}.target.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        told.invalid(f"{field}.target.type", kind, "must be either Utilization, Value, or AverageValue")
    missing, said = _TARGETS[name]
    if not target.keys() & {"averageValue", "averageUtilization" if name == "resource" else "value"}:
        told.required(f"{field}.target.{missing}", said)


def _scaling(told: Causes, field: str, rules: Json) -> None:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        told.invalid(f"{field}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > 3600:
        told.invalid(f"{field}.stabilizationWindowSeconds", window, "must be less than or equal to 3600")
    known = ("Disabled", "Max", "Min")
    if (policy := rules.get("selectPolicy", "Max")) not in known:
        told.unsupported(f"{field}.selectPolicy", policy, known)
    if not rules.get("policies"):
        told.required(f"{field}.policies", "must specify at least one Policy")


def budget(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a PodDisruptionBudget."""
    del live
    spec = made.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:
        told.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        bound(told, f"spec.{name}", spec.get(name))
        at_most_all(told, f"spec.{name}", spec.get(name))
    names.check_selector(told, "spec.selector", spec.get("selector"))
    known = ("AlwaysAllow", "IfHealthyBudget")
    if (policy := spec.get("unhealthyPodEvictionPolicy")) not in (None, *known):
        told.unsupported("spec.unhealthyPodEvictionPolicy", policy, known)


def role(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a Role or a ClusterRole."""
    _rules(told, made)
    if live is not None:
        _rules(told, made)  # the real server's check of an update has that of a creation in it once more


def _rules(told: Causes, made: Object) -> None:
    for index, it in enumerate(made.get("rules") or []):
        field = f"rules[{index}]"
        if not it.get("verbs"):
            told.required(f"{field}.verbs", "verbs must contain at least one value")
        if it.get("nonResourceURLs"):
            continue
        if not it.get("apiGroups"):
            told.required(f"{field}.apiGroups", "resource rules must supply at least one api group")
        if not it.get("resources"):
            told.required(f"{field}.resources", "resource rules must supply at least one resource")


def binding(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a RoleBinding or a ClusterRoleBinding."""
    _role_ref(told, made)
    if live is not None:
        _role_ref(told, made)  # as for roles
        if made.get("roleRef") != live.get("roleRef"):
            told.invalid("roleRef", made.get("roleRef"), "cannot change roleRef")


def _role_ref(told: Causes, made: Object) -> None:
    ref = made.get("roleRef") or {}
    known = ("Role", "ClusterRole") if made.get("kind") == "RoleBinding" else ("ClusterRole",)
    if (kind := ref.get("kind", "")) not in known:
        told.unsupported("roleRef.kind", kind, known)
    if not ref.get("name"):
        told.required("roleRef.name")
