"""Pods out of templates, and which of them go first: what ReplicaSets, Jobs and StatefulSets share."""

from __future__ import annotations

from paasctl.embedded.kube.controllers.desk import Desk
from paasctl.embedded.kube.controllers.shapes import (
    generated,
    holds,
    is_going,
    labels,
    meta,
    moment,
    owned_by,
    part,
)
from paasctl.embedded.kube.model import Object, Place, Refusal
from paasctl.embedded.kube.objects.selectors import matches

PODS = ("", "pods")


def place_of(pod: Object) -> Place:
    """Where a pod lies."""
    return Place(*PODS, meta(pod)["namespace"], meta(pod)["name"])


def claim(desk: Desk, owner: Object, group: str, plural: str) -> None:
    """Let go of what its selector no longer chooses; take up what is nobody's and it does."""
    selector, namespace = part(owner, "spec", "selector"), meta(owner)["namespace"]
    for it in desk.seen.owned(owner, plural):
        if not matches(selector, labels(it)):
            others = [at for at in meta(it)["ownerReferences"] if at["uid"] != meta(owner)["uid"]]
            _owned_by(desk, Place(group, plural, namespace, meta(it)["name"]), it, others)
    for it in desk.seen.orphans(plural, namespace):
        if matches(selector, labels(it)) and not is_going(it) and not is_over(it):
            others = list(meta(it).get("ownerReferences") or ())
            _owned_by(desk, Place(group, plural, namespace, meta(it)["name"]), it, [*others, *owned_by(owner)])


def _owned_by(desk: Desk, place: Place, it: Object, owners: list[Object]) -> None:
    kept = {name: value for name, value in meta(it).items() if name != "ownerReferences"}
    said = {"ownerReferences": owners} if owners else {}
    desk.update(place, {**it, "metadata": {**kept, **said}}, "kube-controller-manager")


def make_pod(desk: Desk, owner: Object, template: Object, source: str, name: str = "") -> Object | Refusal | None:
    """A pod of this owner; the refusal where a quota or a webhook forbids it, with its event; None: not now."""
    namespace = meta(owner)["namespace"]
    head = f"{meta(owner)['name']}-"
    named = name or head + generated(desk.random.randrange)
    described = part(template, "metadata")
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **described,
            "name": named,
            "namespace": namespace,
            **({} if name else {"generateName": head}),
            "ownerReferences": owned_by(owner),
        },
        "spec": {**template["spec"]},
    }
    try:
        made = desk.create(Place(*PODS, namespace, named), body, "kube-controller-manager")
    except Refusal as error:
        desk.event(owner, "FailedCreate", f"Error creating: {error.message}", source, "Warning")
        return error
    if made is not None:
        desk.event(owner, "SuccessfulCreate", f"Created pod: {named}", source)
    return made


def end_pod(desk: Desk, owner: Object, pod: Object, source: str) -> None:
    """Delete one of an owner's pods."""
    desk.delete(place_of(pod))
    desk.event(owner, "SuccessfulDelete", f"Deleted pod: {meta(pod)['name']}", source)


def is_ready(pod: Object) -> bool:
    """Whether it serves."""
    return holds(pod, "Ready") and not is_going(pod)


def ready_since(pod: Object) -> float:
    """Since when, in seconds since the epoch."""
    conditions = part(pod, "status").get("conditions") or ()
    return next((moment(it.get("lastTransitionTime")) for it in conditions if it.get("type") == "Ready"), 0.0)


def is_over(pod: Object) -> bool:
    """Whether it has run to its end."""
    return part(pod, "status").get("phase") in ("Succeeded", "Failed")


def worth(pod: Object) -> tuple[bool, bool, bool, float]:
    """By which pods are kept: bound before unbound, running before pending, ready before not, older before newer."""
    return (
        bool(part(pod, "spec").get("nodeName")),
        part(pod, "status").get("phase") == "Running",
        is_ready(pod),
        -moment(meta(pod).get("creationTimestamp")),
    )
