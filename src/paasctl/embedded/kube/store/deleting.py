"""Deletion: finalizers, grace, what depends on what is gone, namespaces. The garbage collector does it in one breath.

A real cluster's collector works a moment later; what is left in the end is the same.
"""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object, Place
from paasctl.embedded.kube.store import namespaces
from paasctl.embedded.kube.store.refusals import not_found
from paasctl.embedded.kube.store.shelf import Shelf

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
_NAMESPACES = ("", "namespaces")
_PODS = ("", "pods")


def mark_or_remove(shelf: Shelf, place: Place, now: str, propagation: str, grace: int | None) -> Object:
    """Delete an object that is there: gives it as it is then, or as it last was."""
    live = shelf.get(place)
    if live is None:
        raise not_found(place)
    if propagation == "Orphan":
        _orphan(shelf, live)
    seconds = _grace(place, live, grace)
    finalizers = list(live["metadata"].get("finalizers") or ())
    if propagation == "Foreground" and FOREGROUND not in finalizers and shelf.dependents(live["metadata"]["uid"]):
        finalizers.append(FOREGROUND)
    if place[:2] == _NAMESPACES:
        return namespaces.end(shelf, place, live, now, mark_or_remove)
    if not finalizers and not seconds:
        return removed(shelf, place, now)
    marked = _marked(live, now, seconds, finalizers)
    made = live if marked == live else shelf.put(place, marked)
    if FOREGROUND in finalizers:
        for it in shelf.dependents(live["metadata"]["uid"]):
            mark_or_remove(shelf, it, now, "Foreground", None)
        _settle_foreground(shelf, place, now)
    return shelf.get(place) or made


def _grace(place: Place, live: Object, asked: int | None) -> int:
    """Seconds that a pod on a node has left; others have none."""
    spec = live.get("spec") or {}
    if (
        place[:2] != _PODS
        or not spec.get("nodeName")
        or (live.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    ):
        return 0
    given = spec.get("terminationGracePeriodSeconds", 30) if asked is None else asked
    return int(given)


def _marked(live: Object, now: str, grace: int, finalizers: list[str]) -> Object:
    metadata: dict[str, Any] = {**live["metadata"]}
    if finalizers:
        metadata["finalizers"] = finalizers
    before = metadata.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" not in metadata or (before is not None and grace < before):
        metadata |= {"deletionTimestamp": metadata.get("deletionTimestamp", now), "deletionGracePeriodSeconds": grace}
        if "generation" in metadata:
            metadata["generation"] += 1
    return {**live, "metadata": metadata}


def removed(shelf: Shelf, place: Place, now: str) -> Object:
    """Take an object away, and what only it owned."""
    last = shelf.remove(place)
    uid = last["metadata"]["uid"]
    for it in shelf.dependents(uid):
        _collect(shelf, it, uid, now)
    for owner in last["metadata"].get("ownerReferences") or ():
        _settle_owner(shelf, place.namespace, owner, now)
    if place.namespace:
        namespaces.settle(shelf, place.namespace, now)
    return last


def collect_orphan(shelf: Shelf, place: Place, now: str) -> None:
    """Take a new object away again if all the owners that it names are gone."""
    body = shelf.get(place)
    owners = body["metadata"].get("ownerReferences") if body else None
    if owners and not any(_is_there(shelf, place.namespace, it) for it in owners):
        mark_or_remove(shelf, place, now, "Background", None)


def _collect(shelf: Shelf, place: Place, gone: str, now: str) -> None:
    """A dependent of what is gone: deleted, unless another owner is still there."""
    body = shelf.get(place)
    if body is None:
        return
    owners = body["metadata"].get("ownerReferences") or []
    left = [it for it in owners if it["uid"] != gone and _is_there(shelf, place.namespace, it)]
    if left:
        shelf.put(place, {**body, "metadata": {**body["metadata"], "ownerReferences": left}})
    else:
        mark_or_remove(shelf, place, now, "Background", None)


def _owner_place(shelf: Shelf, namespace: str, owner: Object) -> Place | None:
    group = owner["apiVersion"].rpartition("/")[0]
    found = [it for where in (namespace, "") for it in shelf.named(group, where, owner["name"])]
    return next((place for place, body in found if body["metadata"]["uid"] == owner["uid"]), None)


def _is_there(shelf: Shelf, namespace: str, owner: Object) -> bool:
    return _owner_place(shelf, namespace, owner) is not None


def _settle_owner(shelf: Shelf, namespace: str, owner: Object, now: str) -> None:
    place = _owner_place(shelf, namespace, owner)
    if place is not None:
        _settle_foreground(shelf, place, now)


def _settle_foreground(shelf: Shelf, place: Place, now: str) -> None:
    """An owner that waited for its dependents goes when the last of them has gone."""
    body = shelf.get(place)
    finalizers = list(body["metadata"].get("finalizers") or ()) if body else []
    if body is None or FOREGROUND not in finalizers or _is_blocked(shelf, body["metadata"]["uid"]):
        return
    finalize(
        shelf,
        place,
        {**body, "metadata": {**body["metadata"], "finalizers": [it for it in finalizers if it != FOREGROUND]}},
        now,
    )


def _is_blocked(shelf: Shelf, uid: str) -> bool:
    """Whether a dependent is left that says it blocks its owner."""
    bodies = [body for it in shelf.dependents(uid) if (body := shelf.get(it)) is not None]
    owners = (owner for body in bodies for owner in body["metadata"].get("ownerReferences") or ())
    return any(it["uid"] == uid and it.get("blockOwnerDeletion") for it in owners)


def finalize(shelf: Shelf, place: Place, body: Object, now: str) -> Object:
    """Store an object that is going away; it goes where no finalizer is left."""
    if place[:2] == _NAMESPACES:
        return namespaces.changed(shelf, place, body, now)
    if body["metadata"].get("finalizers") or body["metadata"].get("deletionGracePeriodSeconds"):
        return shelf.put(place, body)
    shelf.put(place, {**body, "metadata": {name: it for name, it in body["metadata"].items() if name != "finalizers"}})
    return removed(shelf, place, now)


def _orphan(shelf: Shelf, owner: Object) -> None:
    uid = owner["metadata"]["uid"]
    for place in shelf.dependents(uid):
        body = shelf.get(place)
        if body is not None:
            metadata = {**body["metadata"]}
            left = [it for it in metadata.pop("ownerReferences") if it["uid"] != uid]
            shelf.put(place, {**body, "metadata": {**metadata, **({"ownerReferences": left} if left else {})}})
