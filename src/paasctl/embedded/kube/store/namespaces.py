"""The end of namespaces: first what is in them, then the namespace, where no finalizer of somebody else holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasctl.embedded.kube.model import Object, Place
from paasctl.embedded.kube.store.shelf import Shelf

_CONDITIONS = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)
_LEFT = {
    "NamespaceContentRemaining": ("SomeResourcesRemain", "Some resources are remaining"),
    "NamespaceFinalizersRemaining": ("SomeFinalizersRemain", "Some content in the namespace has finalizers remaining"),
}
Remove = Callable[[Shelf, Place, str, str, int | None], Object]


def end(shelf: Shelf, place: Place, live: Object, now: str, remove: Remove) -> Object:
    """Delete a namespace and all that is in it; gives it as it was marked, gone or not."""
    if "deletionTimestamp" in live["metadata"]:
        return live
    marked = {**live, "metadata": {**live["metadata"], "deletionTimestamp": now}, "status": {"phase": "Terminating"}}
    made = shelf.put(place, marked)
    for it in shelf.in_namespace(place.name):
        if shelf.get(it) is not None:
            remove(shelf, it, now, "Background", None)
    settle(shelf, place.name, now)
    return made


def settle(shelf: Shelf, name: str, now: str) -> None:
    """A namespace that is going away goes when nothing is left in it and nobody holds it."""
    place = Place("", "namespaces", "", name)
    body = shelf.get(place)
    if body is None or "deletionTimestamp" not in body["metadata"]:
        return
    is_empty = not shelf.in_namespace(name)
    if is_empty and not body["metadata"].get("finalizers"):
        shelf.remove(place)
        return
    made = {**body, "spec": {} if is_empty else body["spec"], "status": _status(is_empty=is_empty, now=now)}
    if made["spec"] != body["spec"] or _kinds(made) != _kinds(body):
        shelf.put(place, made)


def _status(*, is_empty: bool, now: str) -> Object:
    told: list[Any] = []
    for kind, reason, message in _CONDITIONS:
        left = None if is_empty else _LEFT.get(kind)
        why, text = left or (reason, message)
        status = "True" if left else "False"
        told.append({"type": kind, "status": status, "lastTransitionTime": now, "reason": why, "message": text})
    return {"phase": "Terminating", "conditions": told}


def _kinds(body: Object) -> list[tuple[str, str]]:
    return [(it["type"], it["status"]) for it in (body.get("status") or {}).get("conditions") or ()]


def changed(shelf: Shelf, place: Place, body: Object, now: str) -> Object:
    """Store a namespace that is going away; perhaps nothing holds it any more."""
    made = shelf.put(place, body)
    settle(shelf, place.name, now)
    return made
