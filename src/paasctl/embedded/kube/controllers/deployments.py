"""Deployments: ReplicaSets by the hash of their template, rolled over step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.making import claim
from paasctl.embedded.kube.controllers.shapes import (
    canonical,
    condition,
    is_going,
    labels,
    meta,
    moment,
    notes,
    number,
    owned_by,
    part,
    share,
    short_hash,
)
from paasctl.embedded.kube.model import Object, Place

NAME = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
HASH = "pod-template-hash"
_NOT_COPIED = frozenset({REVISION, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration"})
_SETS = ("apps", "replicasets")


def sync(desk: Desk, place: Place) -> None:
    """One look at one Deployment."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    claim(desk, body, *_SETS)
    sets = _sets(desk, body)
    new = _of_today(body, sets)
    if body["spec"].get("paused"):
        _scale_only(desk, body, sets)
        _tell(desk, place, body, sets, new)
        return
    new = _revised(desk, body, sets, new)
    if new is None:
        desk.look(Key("deployments", place))
        return
    sets = _sets(desk, body)
    body = _mark_revision(desk, place, body, new)
    old = [it for it in sets if meta(it)["uid"] != meta(new)["uid"]]
    if part(body, "spec", "strategy").get("type") == "Recreate":
        _recreate(desk, body, new, old)
    else:
        _roll(desk, body, new, old)
    _tell(desk, place, body, _sets(desk, body), new)
    if _is_complete(body, _fresh(desk, new), _sets(desk, body)):
        _forget_old(desk, body, old)


def _sets(desk: Desk, body: Object) -> list[Object]:
    return sorted(desk.seen.owned(body, "replicasets"), key=lambda it: (revision(it), meta(it)["name"]))


def _of_today(body: Object, sets: list[Object]) -> Object | None:
    """The ReplicaSet of today's template; of several the oldest, or two of them would outdo each other for ever."""
    found = [it for it in sets if _template(it) == body["spec"]["template"]]
    return min(found, key=lambda it: (meta(it)["creationTimestamp"], meta(it)["name"]), default=None)


def _fresh(desk: Desk, it: Object) -> Object:
    return desk.seen.get(_place(it)) or it


def _place(it: Object) -> Place:
    return Place(*_SETS, meta(it)["namespace"], meta(it)["name"])


def revision(it: Mapping[str, Any]) -> int:
    """The revision that its annotation says; 0: none."""
    said = notes(it).get(REVISION, "0")
    return int(said) if said.isdecimal() else 0


def _template(it: Object) -> Object:
    """A ReplicaSet's template without the hash that was added."""
    template = it["spec"]["template"]
    kept = {name: value for name, value in template["metadata"].get("labels", {}).items() if name != HASH}
    return {**template, "metadata": {**template["metadata"], "labels": kept}}


def wanted(it: Mapping[str, Any]) -> int:
    """How many pods it is to have."""
    return number(part(it, "spec"), "replicas", 1)


def _surge(body: Object) -> tuple[int, int]:
    """How many pods more than wanted there may be, and how many fewer."""
    rolling = part(body, "spec", "strategy", "rollingUpdate")
    count = wanted(body)
    more, less = (
        share(rolling.get("maxSurge", "25%"), count, up=True),
        share(rolling.get("maxUnavailable", "25%"), count, up=False),
    )
    return more, less if more or less else 1


def _revised(desk: Desk, body: Object, sets: list[Object], new: Object | None) -> Object | None:
    """The ReplicaSet of today's template, with the newest revision; made where there is none."""
    newest = max((revision(it) for it in sets), default=0)
    if new is not None:
        number_ = newest if revision(new) == newest else newest + 1
        said = {**_copied(body), REVISION: str(number_), **_counts(body)}
        if {**notes(new), **said} != notes(new):
            changed = {**new, "metadata": {**meta(new), "annotations": {**notes(new), **said}}}
            return desk.update(_place(new), changed, "kube-controller-manager")
        return new
    return _make_set(desk, body, sets, newest + 1)


def _counts(body: Object) -> dict[str, str]:
    return {DESIRED: str(wanted(body)), MOST: str(wanted(body) + _surge(body)[0])}


def _copied(body: Object) -> dict[str, str]:
    return {name: it for name, it in notes(body).items() if name not in _NOT_COPIED}


def _make_set(desk: Desk, body: Object, sets: list[Object], newest: int) -> Object | None:
    template = body["spec"]["template"]
    count = number(part(body, "status"), "collisionCount")
    hashed = short_hash(canonical(template) + (str(count) if count else ""))
    name, namespace = f"{meta(body)['name']}-{hashed}", meta(body)["namespace"]
    named = {**labels(template), HASH: hashed}
    if any(meta(it)["name"] == name for it in sets):
        return None  # of this very template: it will be seen
    selector = body["spec"]["selector"]
    made = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": named,
            "annotations": {**_copied(body), REVISION: str(newest), **_counts(body)},
            "ownerReferences": owned_by(body),
        },
        "spec": {
            "replicas": _first_count(body, sets),
            "selector": {**selector, "matchLabels": {**selector.get("matchLabels", {}), HASH: hashed}},
            "template": {**template, "metadata": {**template.get("metadata", {}), "labels": named}},
            **({"minReadySeconds": it} if (it := number(part(body, "spec"), "minReadySeconds")) else {}),
        },
    }
    new = desk.create(Place(*_SETS, namespace, name), made, "kube-controller-manager")
    if new is not None and wanted(new):
        _scaling_event(desk, body, new, 0)
    return new


def _first_count(body: Object, sets: list[Object]) -> int:
    """How many a new ReplicaSet begins with: what the surge leaves room for."""
    if part(body, "spec", "strategy").get("type") == "Recreate":
        return (
            0 if any(map(wanted, sets)) or any(number(part(it, "status"), "replicas") for it in sets) else wanted(body)
        )
    room = wanted(body) + _surge(body)[0] - sum(map(wanted, sets))
    return max(0, min(room, wanted(body)))


def _mark_revision(desk: Desk, place: Place, body: Object, new: Object) -> Object:
    if notes(body).get(REVISION) == notes(new).get(REVISION):
        return body
    said = {**notes(body), REVISION: notes(new)[REVISION]}
    changed = {**body, "metadata": {**meta(body), "annotations": said}}
    return desk.update(place, changed, "kube-controller-manager", "status") or body


def _scale(desk: Desk, body: Object, it: Object, count: int) -> bool:
    it = _fresh(desk, it)
    before = wanted(it)
    if before == count:
        return False
    said = {**notes(it), **_counts(body)}
    changed = {**it, "metadata": {**meta(it), "annotations": said}, "spec": {**it["spec"], "replicas": count}}
    if desk.update(_place(it), changed, "kube-controller-manager") is None:
        return False
    _scaling_event(desk, body, changed, before)
    return True


def _scale_only(desk: Desk, body: Object, sets: list[Object]) -> None:
    """A paused Deployment rolls nothing, but is scaled: the one ReplicaSet that is active, or else the newest."""
    active = [it for it in sets if wanted(it)]
    if sets and len(active) <= 1:
        _scale(desk, body, (active or sets)[-1], wanted(body))


def _scaling_event(desk: Desk, body: Object, it: Object, before: int) -> None:
    count = wanted(it)
    way = "up" if count > before else "down"
    desk.event(body, "ScalingReplicaSet", f"Scaled {way} replica set {meta(it)['name']} from {before} to {count}", NAME)


def _available(it: Object) -> int:
    return number(part(it, "status"), "availableReplicas")


def _roll(desk: Desk, body: Object, new: Object, old: list[Object]) -> None:
    count, (more, less) = wanted(body), _surge(body)
    if not any(map(wanted, old)):
        _scale(desk, body, new, count)
        return
    every = [*old, new]
    if wanted(new) > count:
        _scale(desk, body, new, count)
        return
    room = count + more - sum(wanted(_fresh(desk, it)) for it in every)
    if room > 0 and wanted(new) < count and _scale(desk, body, new, min(count, wanted(new) + room)):
        return
    _shrink(desk, body, _fresh(desk, new), old, count - less)


def _shrink(desk: Desk, body: Object, new: Object, old: list[Object], least: int) -> None:
    """Take old pods away: those that were never ready first, then as many as may be missing."""
    total = sum(wanted(it) for it in [*old, new])
    most = total - least - (wanted(new) - _available(new))
    if most <= 0:
        return  # as many were sent away already as may be, though the statuses may not say so yet
    for it in old:
        idle = max(0, min(most, wanted(it) - _available(it)))
        if idle and _scale(desk, body, it, wanted(it) - idle):
            most -= idle
    spare = sum(_available(_fresh(desk, it)) for it in [*old, new]) - least
    for it in old:
        now = wanted(_fresh(desk, it))
        gone = min(now, max(0, spare))
        if gone and _scale(desk, body, it, now - gone):
            spare -= gone


def _recreate(desk: Desk, body: Object, new: Object, old: list[Object]) -> None:
    for it in old:
        _scale(desk, body, it, 0)
    if not any(number(part(_fresh(desk, it), "status"), "replicas") or desk.seen.owned(it, "pods") for it in old):
        _scale(desk, body, new, wanted(body))


def _is_complete(body: Object, new: Object, sets: list[Object]) -> bool:
    count, status = wanted(body), part(new, "status")
    others = sum(number(part(it, "status"), "replicas") for it in sets if meta(it)["uid"] != meta(new)["uid"])
    return number(status, "replicas") == count == number(status, "availableReplicas") and not others


def _forget_old(desk: Desk, body: Object, old: list[Object]) -> None:
    keep = number(part(body, "spec"), "revisionHistoryLimit", 10)
    idle = [it for it in old if not wanted(it) and not number(part(it, "status"), "replicas")]
    for it in idle[: max(0, len(idle) - keep)]:
        desk.delete(_place(it))


# --- status ---


def _tell(desk: Desk, place: Place, body: Object, sets: list[Object], new: Object | None) -> None:
    body = desk.seen.get(place) or body
    new = _fresh(desk, new) if new else None
    sums = {
        name: sum(number(part(it, "status"), name) for it in sets)
        for name in ("replicas", "readyReplicas", "availableReplicas")
    }
    updated = number(part(new, "status"), "replicas") if new else 0
    count = wanted(body)
    missing = max(0, max(count, sums["replicas"]) - sums["availableReplicas"]) if count or sums["replicas"] else 0
    said: dict[str, Any] = {"observedGeneration": meta(body).get("generation", 1)}
    counts = {**sums, "updatedReplicas": updated, "unavailableReplicas": missing}
    said |= {name: it for name, it in counts.items() if it}
    for kept in ("collisionCount", "terminatingReplicas"):
        if kept in part(body, "status"):
            said[kept] = body["status"][kept]
    found = _conditions(desk, place, body, counts, new)
    if found:
        said["conditions"] = found
    desk.tell(place, body, said, "kube-controller-manager")


def _conditions(desk: Desk, place: Place, body: Object, counts: Mapping[str, int], new: Object | None) -> list[Object]:
    less = _surge(body)[1] if part(body, "spec", "strategy").get("type") != "Recreate" else 0
    enough = counts["availableReplicas"] >= wanted(body) - less
    available = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    lacking = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    found = {it["type"]: it for it in part(body, "status").get("conditions") or ()}
    _set(desk, found, "Available", available if enough else lacking)
    failure = condition(new, "ReplicaFailure") if new else {}
    if failure.get("status") == "True":
        _set(desk, found, "ReplicaFailure", ("True", failure["reason"], failure["message"]))
    else:
        found.pop("ReplicaFailure", None)
    progress = _progress(desk, place, body, counts, new)
    if progress:
        _set(desk, found, "Progressing", progress[0], touch=progress[1])
    return list(found.values())


def _set(desk: Desk, found: dict[str, Any], kind: str, said: tuple[str, str, str], *, touch: bool = False) -> None:
    before = found.get(kind)
    status, reason, message = said
    same = before is not None and (before["status"], before["reason"]) == (status, reason)
    if same and not touch and before is not None and before["message"] == message:
        return
    turned = before["lastTransitionTime"] if before and before["status"] == status else desk.stamp
    touched = before["lastUpdateTime"] if same and not touch and before else desk.stamp
    found[kind] = {
        "type": kind, "status": status, "lastUpdateTime": touched, "lastTransitionTime": turned,
        "reason": reason, "message": message,
    }  # fmt: skip


def _progress(
    desk: Desk, place: Place, body: Object, counts: Mapping[str, int], new: Object | None
) -> tuple[tuple[str, str, str], bool] | None:
    """The Progressing condition, and whether its time is to be taken anew."""
    before, name = condition(body, "Progressing"), meta(new)["name"] if new else ""
    if body["spec"].get("paused"):
        return (("Unknown", "DeploymentPaused", "Deployment is paused"), False)
    status, count = part(body, "status"), wanted(body)
    is_done = counts["updatedReplicas"] == count == counts["replicas"] == counts["availableReplicas"]
    if is_done:
        return (("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'), False)
    if not before or before.get("reason") == "DeploymentPaused":
        said = ("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        return (said, True)
    if before.get("reason") == "NewReplicaSetAvailable" and counts["updatedReplicas"] == counts["replicas"]:
        return None  # it lost a pod, or was scaled: no rollout
    moved = any(counts[it] > number(status, it) for it in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    moved = moved or counts["replicas"] - counts["updatedReplicas"] < number(status, "replicas") - number(
        status, "updatedReplicas"
    )
    if moved or before.get("reason") == "NewReplicaSetAvailable":
        desk.later(desk.now + _deadline(body) + 1, Key("deployments", place))
        return (("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'), True)
    late = desk.now - moment(before.get("lastUpdateTime")) >= _deadline(body)
    if late or before.get("reason") == "ProgressDeadlineExceeded":
        return (("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.'), False)
    desk.later(moment(before.get("lastUpdateTime")) + _deadline(body) + 1, Key("deployments", place))
    return None


def _deadline(body: Object) -> int:
    return number(part(body, "spec"), "progressDeadlineSeconds", 600)
