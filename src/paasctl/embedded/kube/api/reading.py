"""Reading: one object, a collection with selectors and pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paasctl.embedded.kube.api.answers import bare, listed, partial
from paasctl.embedded.kube.api.options import is_whole
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Object, Place, Refusal
from paasctl.embedded.kube.objects import printing, selectors
from paasctl.embedded.kube.objects.scale import scale_of
from paasctl.embedded.kube.store.refusals import not_found
from paasctl.embedded.kube.store.store import Store

Query = Mapping[str, str]
Chosen = Callable[[Object], bool]


def one(store: Store, target: Target) -> Object:
    """The object. Raises 404."""
    found = store.get(target.place)
    if found is None:
        raise not_found(target.place)
    return found


def chosen(target: Target, query: Query) -> Chosen:
    """What the selectors of a query let through. Raises 400."""
    by_labels = selectors.labels(query.get("labelSelector", ""))
    by_fields = selectors.fields(target.resource, query.get("fieldSelector", ""))
    return lambda it: by_labels(it["metadata"].get("labels") or {}) and by_fields(it)


@dataclass(frozen=True)
class Page:
    """A part of a collection, as it was at `version`."""

    items: tuple[Object, ...]
    version: int
    token: str = ""
    left: int | None = None

    @property
    def metadata(self) -> Object:
        """The list's own."""
        said: Object = {"resourceVersion": str(self.version)}
        if self.token:
            said["continue"] = self.token
        if self.left is not None:
            said["remainingItemCount"] = self.left
        return said


def page(store: Store, target: Target, query: Query) -> Page:
    """The collection, or the part of it that `limit` and `continue` ask for. Raises 400, 410."""
    keep = chosen(target, query)
    version, after = _asked(store, query)
    group, plural = target.place[:2]
    with store.shelf.lock:
        version = store.version() if version is None else version
        if version > store.version():
            raise _too_large(version, store.version())
        is_now = version == store.version()
        found = (
            store.shelf.of_kind(group, plural, target.namespace)
            if is_now
            else store.shelf.at(version, group, plural, target.namespace)
        )
    rest = [(place, it) for place, it in found if place[2:] > after and keep(it)]
    limit = _limit(query)
    if not limit or len(rest) <= limit:
        return Page(tuple(it for _, it in rest), version)
    part = rest[:limit]
    selects = query.get("labelSelector") or query.get("fieldSelector")
    left = None if selects else len(rest) - limit
    return Page(tuple(it for _, it in part), version, _token(version, part[-1][0]), left)


def _limit(query: Query) -> int:
    said = query.get("limit", "") or "0"
    if not is_whole(said):
        raise Refusal(400, "BadRequest", f'strconv.ParseInt: parsing "{said}": invalid syntax')
    return int(said)


def _asked(store: Store, query: Query) -> tuple[int | None, tuple[str, str]]:
    """The version that is asked for (None: whatever is now) and the place behind which to begin."""
    if token := query.get("continue", ""):
        try:
            said = json.loads(base64.urlsafe_b64decode(token.encode()))
            return int(said["rv"]), (said["ns"], said["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal(
                400, "BadRequest", "invalid continue token: continue key is not valid: it is no token"
            ) from error
    version = query.get("resourceVersion", "")
    if query.get("resourceVersionMatch") == "Exact" and version:
        return _number(version), ("", "")
    if version not in ("", "0") and _number(version) > store.version():
        raise _too_large(int(version), store.version())
    return None, ("", "")


def not_a_version(text: str) -> str:
    """Why a text is no resource version."""
    said = json.dumps(text)
    return f"resourceVersion: Invalid value: {said}: strconv.ParseUint: parsing {said}: invalid syntax"


def _number(version: str) -> int:
    if not is_whole(version):
        raise Refusal(400, "BadRequest", f"invalid resource version: {not_a_version(version)}")
    return int(version)


def _token(version: int, last: Place) -> str:
    said = {"v": "meta.k8s.io/v1", "rv": version, "ns": last.namespace, "name": last.name}
    return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def _too_large(version: int, now: int) -> Refusal:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return Refusal(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {version}, current: {now}",
        details={"causes": [cause], "retryAfterSeconds": 1},
    )


def as_list(store: Store, target: Target, found: Page, form: str) -> Any:
    """The page in the form that was asked for."""
    match form:
        case "Table":
            return {**table(store, target, found.items), "metadata": found.metadata}
        case "PartialObjectMetadataList" | "PartialObjectMetadata":
            items = [partial(it) for it in found.items]
            return listed("PartialObjectMetadata", "meta.k8s.io/v1", items, found.metadata)
        case _:
            return _whole_list(store, target, found)


def _whole_list(store: Store, target: Target, found: Page) -> Object:
    resource = target.resource
    items = list(found.items) if store.schemas.is_custom(resource) else [bare(it) for it in found.items]
    return listed(resource.kind, resource.api_version, items, found.metadata)


def as_one(store: Store, target: Target, found: Object, form: str) -> Any:
    """An object in the form that was asked for."""
    match form:
        case "Table":
            return {
                **table(store, target, [found]),
                "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
            }
        case "PartialObjectMetadata":
            return partial(found)
        case _:
            return in_version(target, found)


def as_scale(target: Target, live: Object, form: str, now: float) -> Object:
    """An object's Scale in the form that was asked for."""
    said = scale_of(target.resource, live)
    if form != "Table":
        return partial(said) if form == "PartialObjectMetadata" else said
    return {**printing.scale_table(said, now), "metadata": {"resourceVersion": said["metadata"]["resourceVersion"]}}


def in_version(target: Target, found: Object) -> Object:
    """An object as the version that was asked for has it: the kinds of two versions differ in nothing we render."""
    return (
        found
        if found.get("apiVersion") == target.resource.api_version
        else {**found, "apiVersion": target.resource.api_version}
    )


def table(store: Store, target: Target, items: Sequence[Object]) -> Object:
    """A Table of these objects."""
    return printing.table(store.schemas, target.resource, items, store.clock.utc())
