"""ReplicaSets: so many pods of one template."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.making import claim, end_pod, is_over, is_ready, make_pod, ready_since, worth
from paasctl.embedded.kube.controllers.shapes import condition, controller_of, is_going, meta, number, part
from paasctl.embedded.kube.model import Object, Place, Refusal

NAME = "replicaset-controller"
_RETRY = 5.0
"""Seconds until a create that was refused is tried again; the real one waits longer each time."""


def sync(desk: Desk, place: Place) -> None:
    """One look at one ReplicaSet."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    claim(desk, body, "", "pods")
    pods = [it for it in desk.seen.owned(body, "pods") if not is_over(it)]
    alive = [it for it in pods if not is_going(it)]
    refused = _scale(desk, body, alive, place)
    alive = [it for it in desk.seen.owned(body, "pods") if not is_over(it) and not is_going(it)]
    _tell(desk, place, desk.seen.get(place) or body, alive, refused)
    owner = controller_of(body)
    if owner.get("kind") == "Deployment":
        desk.look(Key("deployments", Place("apps", "deployments", place.namespace, owner["name"])))


def _scale(desk: Desk, body: Object, alive: list[Object], place: Place) -> Refusal | None:
    count = number(part(body, "spec"), "replicas", 1)
    for it in sorted(alive, key=worth)[: max(0, len(alive) - count)]:
        end_pod(desk, body, it, NAME)
    for _ in range(count - len(alive)):
        made = make_pod(desk, body, body["spec"]["template"], NAME)
        if isinstance(made, Refusal):
            desk.later(desk.now + _RETRY, Key("replicasets", place))
            return made
    return None


def _tell(desk: Desk, place: Place, body: Object, alive: list[Object], refused: Refusal | None) -> None:
    ready = [it for it in alive if is_ready(it)]
    wait = number(part(body, "spec"), "minReadySeconds")
    available = [it for it in ready if not wait or ready_since(it) + wait <= desk.now]
    for it in ready:
        if it not in available:
            desk.later(ready_since(it) + wait, Key("replicasets", place))
    said: dict[str, Any] = {"replicas": len(alive), "observedGeneration": meta(body).get("generation", 1)}
    counts = {"fullyLabeledReplicas": len(alive), "readyReplicas": len(ready), "availableReplicas": len(available)}
    said |= {name: it for name, it in counts.items() if it}
    if refused:
        before = condition(body, "ReplicaFailure")
        said["conditions"] = [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": before.get("lastTransitionTime", desk.stamp),
                "reason": "FailedCreate",
                "message": refused.message,
            }
        ]
    desk.tell(place, body, said, "kube-controller-manager")
