"""Writing: create, replace, patch, apply, delete, with the options of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paasctl.embedded.kube.api.reading import Query, chosen
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import By, Object, Refusal
from paasctl.embedded.kube.objects import patch as patches
from paasctl.embedded.kube.objects.scale import scale_of, scaled
from paasctl.embedded.kube.objects.unknown import decoded
from paasctl.embedded.kube.objects.write import Write
from paasctl.embedded.kube.objects.writing import patched, replaced
from paasctl.embedded.kube.store.deleting import not_found
from paasctl.embedded.kube.store.store import UPSERTS, Store


@dataclass(frozen=True)
class Sent:
    """What a writing request carries."""

    query: Query
    body: bytes
    media: str
    """The content type, without parameters."""
    agent: str
    """The User-Agent: who writes where no `fieldManager` is given."""


def write_of(store: Store, target: Target, sent: Sent, *, applies: bool = False) -> Write:
    """The write that a request asks for. Raises 400 for options that it doesn't understand."""
    query = sent.query
    if query.get("dryRun", "") not in ("", "All"):
        raise _bad_option("dryRun", query["dryRun"], ["All"])
    validation = query.get("fieldValidation", "") or "Warn"
    if validation not in ("Ignore", "Warn", "Strict"):
        raise _bad_option("fieldValidation", validation, ["Ignore", "Strict", "Warn"])
    manager = query.get("fieldManager", "") or ("" if applies else sent.agent.partition("/")[0][:128])
    if applies and not manager:
        text = "fieldManager: Required value: is required for apply patch"
        raise Refusal(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {text}')
    by = By(
        manager,
        "Apply" if applies else "Update",
        subresource=target.subresource,
        force=query.get("force") == "true",
        dry_run=query.get("dryRun") == "All",
    )
    return store.write(target.place, by, target.resource, validation)


def _bad_option(name: str, value: str, known: list[str]) -> Refusal:
    listed = ", ".join(json.dumps(it) for it in known)
    said = f"{name}: Unsupported value: {json.dumps(value)}: supported values: {listed}"
    return Refusal(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {said}')


def parsed(sent: Sent, *, is_yaml: bool = False) -> tuple[Any, tuple[str, ...]]:
    """The body, and its repeated fields. An apply is YAML by name; known clients send JSON, which is YAML, too."""
    if not is_yaml and sent.media not in ("", "application/json") and not sent.media.endswith("+json"):
        known = "application/json, application/yaml"
        message = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise Refusal(415, "UnsupportedMediaType", message)
    try:
        found = decoded(sent.body)
    except Refusal as error:
        if not is_yaml:
            raise
        message = "the simulated API server takes an apply as JSON, which is YAML, too"
        raise Refusal(501, "NotImplemented", message) from error
    return found.body, found.twice


def _object(target: Target, body: Any) -> Object:
    resource = target.resource
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "the body is no object")
    kind, version = body.get("kind", resource.kind), body.get("apiVersion", resource.api_version)
    if (kind, version) != (resource.kind, resource.api_version):
        said, number = json.dumps(kind), json.dumps(version)
        text = f"{kind} in version {number} cannot be handled as a {resource.kind}"
        raise Refusal(400, "BadRequest", f"{text}: no kind {said} is registered for version {number}")
    metadata = body.get("metadata") or {}
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if target.name and name and name != target.name:
        text = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise Refusal(400, "BadRequest", text)
    if namespace and namespace != target.namespace:
        text = "the namespace of the provided object does not match the namespace sent on the request"
        raise Refusal(400, "BadRequest", text)
    return {**body, "kind": kind, "apiVersion": version, "metadata": metadata}


def create(store: Store, target: Target, sent: Sent) -> tuple[Object, Write]:
    """POST of a collection."""
    body, twice = parsed(sent)
    write = _with_twice(write_of(store, target, sent), twice)
    return store.make(write, target.place, _object(target, body)), write


def replace(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    """PUT: the object, whether it was made, and the write."""
    body, twice = parsed(sent)
    write = _with_twice(write_of(store, target, sent), twice)
    if target.subresource == "scale":
        return _rescale(store, target, write, body), False, write
    wanted = _object(target, body)
    place = target.place
    if store.get(place) is None and place[:2] in UPSERTS and not target.subresource:
        metadata = {**wanted["metadata"], "name": place.name}
        return store.make(write, place, {**wanted, "metadata": metadata}), True, write
    return store.change(write, place, lambda it: replaced(write, it, wanted), wanted["metadata"]), False, write


def _rescale(store: Store, target: Target, write: Write, body: Any) -> Object:
    metadata = body.get("metadata") or {}
    made = store.change(write, target.place, lambda it: scaled(write, it, body), metadata)
    return scale_of(target.resource, made)


def patch(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    """PATCH by its content type."""
    if sent.media == patches.APPLY:
        return _apply(store, target, sent)
    body, twice = parsed(sent)
    write = _with_twice(write_of(store, target, sent), twice)
    if target.subresource == "scale":
        return _patch_scale(store, target, write, body, sent.media), False, write
    asked = (body.get("metadata") or {}) if isinstance(body, dict) else {}
    version = {"resourceVersion": asked["resourceVersion"]} if asked.get("resourceVersion") else {}
    made = store.change(write, target.place, lambda it: patched(write, it, body, sent.media), version)
    return made, False, write


def _patch_scale(store: Store, target: Target, write: Write, body: Any, media: str) -> Object:
    def decide(live: Object) -> Object:
        if media == patches.JSON:
            raise Refusal(501, "NotImplemented", "the simulated API server takes no JSON patch of a scale")
        before = scale_of(target.resource, live)
        spec = {**before["spec"], **(body.get("spec") or {})}
        return scaled(write, live, {**before, "spec": spec})

    return scale_of(target.resource, store.change(write, target.place, decide, {}))


def _apply(store: Store, target: Target, sent: Sent) -> tuple[Object, bool, Write]:
    body, twice = parsed(sent, is_yaml=True)
    write = _with_twice(write_of(store, target, sent, applies=True), twice)
    if target.subresource == "scale":
        raise Refusal(501, "NotImplemented", "the simulated API server does not apply a scale")
    wanted = _object(target, body)
    if target.subresource and store.get(target.place) is None:
        raise not_found(target.place)
    made, is_new = store.apply(write, target.place, wanted)
    return made, is_new, write


def _with_twice(write: Write, twice: tuple[str, ...]) -> Write:
    if not twice:
        return write
    return Write(write.schemas, write.resource, write.by, write.now, write.validation, twice, write.warnings)


def options(sent: Sent) -> dict[str, Any]:
    """DeleteOptions out of body and query."""
    body: Mapping[str, Any] = {}
    if sent.body:
        found = decoded(sent.body).body
        body = found if isinstance(found, dict) else {}
    preconditions = body.get("preconditions") or {}
    grace = body.get("gracePeriodSeconds", sent.query.get("gracePeriodSeconds"))
    orphans = body.get("orphanDependents", sent.query.get("orphanDependents") == "true")
    propagation = body.get("propagationPolicy") or sent.query.get("propagationPolicy") or ("Orphan" if orphans else "")
    if propagation not in ("", "Background", "Foreground", "Orphan"):
        raise _bad_option("propagationPolicy", propagation, ["Background", "Foreground", "Orphan"])
    return {
        "propagation": propagation,
        "uid": preconditions.get("uid", ""),
        "version": preconditions.get("resourceVersion", ""),
        "grace": None if grace is None else int(grace),
        "dry_run": "All" in (body.get("dryRun") or ()) or sent.query.get("dryRun") == "All",
    }


def delete(store: Store, target: Target, sent: Sent) -> Object:
    """DELETE: the object where it stays for a while, else a Status of success."""
    place, asked = target.place, options(sent)
    asked["propagation"] = asked["propagation"] or (
        "Orphan" if place[:2] == ("batch", "jobs") and not sent.body else "Background"
    )
    last = store.end(place, **asked)
    if asked["dry_run"] or store.is_there(place, last) or place[:2] == ("", "pods"):
        return last
    details = {"name": place.name, "group": place.group, "kind": place.plural, "uid": last["metadata"]["uid"]}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {name: it for name, it in details.items() if it},
    }


def delete_all(store: Store, target: Target, sent: Sent) -> list[Object]:
    """DELETE of a collection, what the selectors choose of it: the objects as they were."""
    keep, asked = chosen(target, sent.query), options(sent)
    asked["propagation"] = asked["propagation"] or "Background"
    found = [(place, it) for place, it in store.shelf.of_kind(*target.place[:2], target.namespace) if keep(it)]
    for place, _ in found:
        if store.get(place) is not None:
            store.end(place, **asked)
    return [it for _, it in found]
