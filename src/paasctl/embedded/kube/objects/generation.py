"""When `metadata.generation` grows: where the part of an object that somebody wants has changed."""

from __future__ import annotations

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.write import Write

_BY_SPEC = {
    ("", "pods"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "ingresses"),
    ("networking.k8s.io", "ingressclasses"),
    ("networking.k8s.io", "networkpolicies"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
}
_SLICES = ("discovery.k8s.io", "endpointslices")
_POLICIES = ("networking.k8s.io", "networkpolicies")
_HOLLOW = ("ingress", "egress", "from", "to", "ports", "except", "matchLabels", "matchExpressions", "values")
_DEPLOYMENTS = ("apps", "deployments")


def counts(write: Write) -> bool:
    """Whether objects of this kind have a generation at all."""
    return write.is_custom or write.kind in _BY_SPEC or write.kind == _SLICES


def next_generation(write: Write, live: Object, wanted: Object, said: Object) -> int:
    """The generation of what is about to be stored; `said` is `wanted` before what is empty was left out."""
    now = int(live["metadata"].get("generation", 0))
    if not counts(write) or write.by.subresource in ("status", "binding"):
        return now
    if write.kind == _POLICIES and _hollow(said.get("spec")):
        return now + 1  # for network policies alone, an empty list isn't none
    return now + 1 if _is_new(write, live, wanted) else now


def _hollow(value: object) -> bool:
    if isinstance(value, dict):
        return any((it in ([], {}) and name in _HOLLOW) or _hollow(it) for name, it in value.items())
    return isinstance(value, list) and any(_hollow(it) for it in value)


def _is_new(write: Write, live: Object, wanted: Object) -> bool:
    if write.is_custom:
        return _rest(live) != _rest(wanted)
    if write.kind == _SLICES:
        return _rest(live) != _rest(wanted) or _labels(live) != _labels(wanted)
    if live.get("spec") != wanted.get("spec"):
        return True
    return write.kind == _DEPLOYMENTS and _annotations(live) != _annotations(wanted)


def _rest(body: Object) -> Object:
    return {name: it for name, it in body.items() if name != "metadata"}


def _labels(body: Object) -> Object:
    return body["metadata"].get("labels") or {}


def _annotations(body: Object) -> Object:
    return body["metadata"].get("annotations") or {}
