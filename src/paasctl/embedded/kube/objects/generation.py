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
_DEPLOYMENTS = ("apps", "deployments")


def counts(write: Write) -> bool:
    """Whether objects of this kind have a generation at all."""
    return write.is_custom or write.kind in _BY_SPEC or write.kind == _SLICES


def next_generation(write: Write, live: Object, wanted: Object) -> int:
    """The generation of what is about to be stored."""
    now = int(live["metadata"].get("generation", 0))
    return now + 1 if counts(write) and write.by.subresource != "status" and _is_new(write, live, wanted) else now


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
