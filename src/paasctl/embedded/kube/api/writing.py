"""Writing: create, replace, patch, apply, delete."""

from __future__ import annotations

import re
from typing import Any

from paasctl.embedded.kube.api import bodies
from paasctl.embedded.kube.api.answers import succeeded
from paasctl.embedded.kube.api.options import Sent, deletion, write_of
from paasctl.embedded.kube.api.reading import chosen
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Object, Place, Refusal
from paasctl.embedded.kube.objects import patch as patches
from paasctl.embedded.kube.objects.scale import scale_of, scaled
from paasctl.embedded.kube.objects.write import Write
from paasctl.embedded.kube.objects.writing import patched, replaced
from paasctl.embedded.kube.store.refusals import not_found, other_uid, without_version
from paasctl.embedded.kube.store.store import UPSERTS, Store

_PATCHES = (patches.JSON, patches.MERGE, patches.STRATEGIC)
_LASTING = ("default", "kube-system", "kube-public")
_HUGE = re.compile(r"[0-9]{19}")
_VERSIONED = (
    ("coordination.k8s.io", "leases"),
    ("policy", "poddisruptionbudgets"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
)
"""Kinds whose replacement must say of which version (`AllowUnconditionalUpdate` is false), as that of custom ones."""
_NAMESPACES, _PODS, _JOBS = ("", "namespaces"), ("", "pods"), ("batch", "jobs")


def create(store: Store, target: Target, sent: Sent) -> tuple[Object, Write]:
    """POST of a collection."""
    body, twice = bodies.whole(target, sent)
    write = write_of(store, target, sent, twice)
    return store.make(write, target.place, body), write


def replace(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    """PUT: the object, whether it was made, and the write."""
    if target.subresource == "scale":
        body, twice = bodies.parsed(sent)
        write = write_of(store, target, sent, twice)
        return _rescale(store, target, write, body), False, write
    wanted, twice = bodies.whole(target, sent)
    write = write_of(store, target, sent, twice)
    place = target.place
    if store.get(place) is None and place[:2] in UPSERTS and not target.subresource:
        metadata = {**wanted["metadata"], "name": place.name}
        if uid := metadata.get("uid"):
            raise other_uid(place, uid, "")
        return store.make(write, place, {**wanted, "metadata": metadata}), True, write
    if _needs_version(write) and wanted["metadata"].get("resourceVersion", "") in ("", "0"):
        raise without_version(place) if store.get(place) else not_found(place)
    return store.change(write, place, lambda it: replaced(write, it, wanted), wanted["metadata"]), False, write


def _needs_version(write: Write) -> bool:
    return write.is_custom or write.kind in _VERSIONED


def _rescale(store: Store, target: Target, write: Write, body: Any) -> Object:
    metadata = body.get("metadata") or {}
    made = store.change(write, target.place, lambda it: scaled(write, it, body), metadata)
    return scale_of(target.resource, made)


def patch(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    """PATCH by its content type. Raises 415 beside what the others do."""
    if sent.media == patches.APPLY:
        return _apply(store, target, sent)
    if sent.media not in _PATCHES:
        raise Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type")
    body, twice = bodies.parsed(sent)
    if sent.media == patches.JSON:
        _check_operations(body)
    write = write_of(store, target, sent, twice)
    if target.subresource == "scale":
        return _patch_scale(store, target, write, body, sent.media), False, write
    asked = body.get("metadata") if isinstance(body, dict) else None
    said = asked.get("resourceVersion") if isinstance(asked, dict) else None
    version = {"resourceVersion": said} if said else {}
    made = store.change(
        write, target.place, lambda it: bodies.checked(target, patched(write, it, body, sent.media)), version
    )
    return made, False, write


def _check_operations(body: Any) -> None:
    """Refuse with 400 operations whose places Go can't read."""
    operations = [it for it in body if isinstance(it, dict)] if isinstance(body, list) else ()
    places = [it[name] for it in operations for name in ("path", "from") if name in it]
    if not all(isinstance(it, str) and not _HUGE.search(it) for it in places):
        raise Refusal(400, "BadRequest", "error decoding patch: json: cannot unmarshal a path into Go type string")


def _patch_scale(store: Store, target: Target, write: Write, body: Any, media: str) -> Object:
    def decide(live: Object) -> Object:
        if media == patches.JSON:
            raise Refusal(501, "NotImplemented", "the simulated API server takes no JSON patch of a scale")
        before = scale_of(target.resource, live)
        spec = {**before["spec"], **(body.get("spec") or {})}
        return scaled(write, live, {**before, "spec": spec})

    return scale_of(target.resource, store.change(write, target.place, decide, {}))


def _apply(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    body, twice = bodies.applied(sent)
    write = write_of(store, target, sent, twice, applies=True)
    if target.subresource == "scale":
        raise Refusal(501, "NotImplemented", "the simulated API server does not apply a scale")
    wanted = bodies.of_apply(target, body)
    if target.subresource and store.get(target.place) is None:
        raise not_found(target.place)
    made, is_new = store.apply(write, target.place, wanted)
    return made, is_new, write


def delete(store: Store, target: Target, sent: Sent) -> Object:
    """DELETE: the object where it stays for a while, else a Status of success."""
    place, asked = target.place, deletion(sent)
    if place[:2] == _NAMESPACES and place.name in _LASTING:
        why = f'namespaces "{place.name}" is forbidden: this namespace may not be deleted'
        raise Refusal(403, "Forbidden", why, details={"name": place.name, "kind": "namespaces"})
    asked["propagation"] = asked["propagation"] or _usual(place)
    last = store.end(place, **asked)
    stays = store.is_there(place, last) and not asked["dry_run"]
    if stays or place[:2] in (_NAMESPACES, _PODS):
        return last
    details = {"name": place.name, "group": place.group, "kind": place.plural, "uid": last["metadata"]["uid"]}
    return succeeded(details)


def _usual(place: Place) -> str:
    """What is done where nothing is asked: a Job's pods stay, as they did before there were policies."""
    return "Orphan" if place[:2] == _JOBS else "Background"


def delete_all(store: Store, target: Target, sent: Sent) -> list[Object]:
    """DELETE of a collection, what the selectors choose of it: the objects as they were."""
    keep, asked = chosen(target, sent.query), deletion(sent)
    asked["propagation"] = asked["propagation"] or "Background"
    found = [(place, it) for place, it in store.shelf.of_kind(*target.place[:2], target.namespace) if keep(it)]
    for place, _ in found:
        if store.get(place) is not None:
            store.end(place, **asked)
    return [it for _, it in found]
