"""What everybody writes through: the API for its clients, controllers for themselves. One write at a time."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from paasctl.embedded.kube.model import By, Change, Clock, Object, Place, Refusal, Resource
from paasctl.embedded.kube.objects.apply import applied
from paasctl.embedded.kube.objects.schema import Schemas
from paasctl.embedded.kube.objects.write import Write
from paasctl.embedded.kube.objects.writing import created, replaced
from paasctl.embedded.kube.store.deleting import collect_orphan, finalize, mark_or_remove
from paasctl.embedded.kube.store.furniture import established, furnish_namespace
from paasctl.embedded.kube.store.refusals import conflict, exists, invalid, kind_of, not_found, other_uid
from paasctl.embedded.kube.store.shelf import Shelf

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names (`apimachinery/pkg/util/rand`): no vowels, nothing that is mistaken for another."""
UPSERTS = frozenset({("coordination.k8s.io", "leases"), ("", "endpoints"), ("", "events"), ("", "services")})
"""Kinds that a PUT makes where they are missing (`AllowCreateOnUpdate`)."""
Decide = Callable[[Object], Object]


class Store:
    """Objects with the API's meaning: `model.Objects`, and what the API needs beside it."""

    def __init__(self, schemas: Schemas, clock: Clock, shelf: Shelf | None = None, authority: str = "") -> None:
        """Begin with an empty shelf, or with one that was kept. `authority`: PEM that namespaces tell their pods."""
        self.schemas = schemas
        self.clock = clock
        self.shelf = shelf or Shelf()
        self.authority = authority
        self._preferred = {(it.group, it.plural): it for it in reversed(schemas.resources)}

    # What controllers do.

    def get(self, place: Place) -> Object | None:
        """The object; None: there is none."""
        return self.shelf.get(place)

    def list(
        self, group: str, plural: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All of a kind, in the order of namespaces and names; `labels` must all be equal."""
        wanted = (labels or {}).items()
        return [
            body
            for _, body in self.shelf.of_kind(group, plural, namespace)
            if not wanted or wanted <= (body["metadata"].get("labels") or {}).items()
        ]

    def create(self, place: Place, body: Object, by: By) -> Object:
        """As in `model.Objects`."""
        return self.make(self.write(place, by), place, body)

    def update(self, place: Place, body: Object, by: By) -> Object:
        """As in `model.Objects`."""
        write = self.write(place, by)
        return self.change(write, place, lambda live: replaced(write, live, body), body.get("metadata") or {})

    def delete(self, place: Place, *, propagation: str = "Background", uid: str = "", grace: int | None = None) -> None:
        """As in `model.Objects`."""
        self.end(place, propagation=propagation, uid=uid, grace=grace)

    def version(self) -> int:
        """The resource version of the newest change."""
        return self.shelf.version

    def changes(self, since: int | None = None) -> AbstractContextManager[Iterator[Change | None]]:
        """As in `model.Objects`."""
        return self.shelf.changes(since)

    # What the API does.

    def write(self, place: Place, by: By, resource: Resource | None = None, validation: str = "Ignore") -> Write:
        """A write to this kind, now."""
        kind = resource or self._preferred[place.group, place.plural]
        return Write(self.schemas, kind, by, self.clock.utc(), validation=validation)

    def stamp(self) -> str:
        """The cluster's time, as objects say it."""
        return self.write(Place("", "nodes", "", ""), By("")).time

    def make(self, write: Write, place: Place, wanted: Object) -> Object:
        """Create. Raises 409 AlreadyExists, 404 and 403 for its namespace, 422, 400."""
        with self.shelf.lock:
            named = self._named(place, wanted)
            self._check_namespace(write, named)
            if (live := self.shelf.get(named)) is not None:
                raise exists(named, is_going="deletionTimestamp" in live["metadata"])
            return self._put_new(write, named, created(write, _at(named, _born(write, wanted))))

    def apply(self, write: Write, place: Place, wanted: Object) -> tuple[Object, bool]:
        """Server-side apply: the object, and whether it was made. Raises 409 conflicts, 404, 403, 422, 400."""
        with self.shelf.lock:
            metadata = wanted.get("metadata") or {}
            live = self.shelf.get(place)
            if live is not None:
                return self.change(write, place, lambda it: applied(write, it, wanted), {**metadata, "uid": ""}), False
            self._check_namespace(write, place)
            if said := metadata.get("uid"):
                raise conflict(
                    place, f"uid mismatch: the provided object specified uid {said}, and no existing object was found"
                )
            body = {**wanted, "metadata": {name: it for name, it in metadata.items() if name != "resourceVersion"}}
            return self._put_new(write, place, applied(write, None, _at(place, _born(write, body)))), True

    def change(self, write: Write, place: Place, decide: Decide, asked: Mapping[str, Any] | None = None) -> Object:
        """Change what is there as `decide` says; `asked` may name its version and uid. Raises 404, 409."""
        with self.shelf.lock:
            live = self.shelf.get(place)
            if live is None:
                raise not_found(place)
            _check_asked(place, live, asked or {})
            made = decide(live)
            _check_uid(write.resource, live, made)
            if made is live or write.by.dry_run:
                return made
            if "deletionTimestamp" in made["metadata"]:
                return finalize(self.shelf, place, made, write.time)
            return self.shelf.put(place, made)

    def end(  # noqa: PLR0913 - DeleteOptions, each by name
        self,
        place: Place,
        *,
        propagation: str = "Background",
        uid: str = "",
        version: str = "",
        grace: int | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete; the object as it is then (marked), or as it last was. Raises 404, 409 for preconditions."""
        with self.shelf.lock:
            live = self.shelf.get(place)
            if live is None:
                raise not_found(place)
            _check_preconditions(place._replace(plural=live["kind"]), live, uid, version)
            if dry_run:
                return live
            return mark_or_remove(self.shelf, place, self.stamp(), propagation, grace)

    def is_there(self, place: Place, body: Object) -> bool:
        """Whether that very object is still stored."""
        live = self.shelf.get(place)
        return live is not None and live["metadata"]["uid"] == body["metadata"]["uid"]

    def _put_new(self, write: Write, place: Place, body: Object) -> Object:
        if write.kind == ("apiextensions.k8s.io", "customresourcedefinitions"):
            body = established(self.schemas, body, write.time)
        if write.by.dry_run:
            return body
        made = self.shelf.put(place, body)
        if write.kind == ("", "namespaces"):
            furnish_namespace(self, place.name, self.authority)
        collect_orphan(self.shelf, place, write.time)
        return made

    def _named(self, place: Place, wanted: Object) -> Place:
        if place.name:
            return place
        metadata = wanted.get("metadata") or {}
        if metadata.get("name"):
            return place._replace(name=metadata["name"])
        if head := metadata.get("generateName"):
            return place._replace(name=head + "".join(secrets.choice(_SUFFIX) for _ in range(5)))
        said = "Required value: name or generateName is required"
        raise invalid(self._preferred[place.group, place.plural], "", "metadata.name", "FieldValueRequired", said)

    def _check_namespace(self, write: Write, place: Place) -> None:
        if not write.resource.namespaced:
            return
        there = self.shelf.get(Place("", "namespaces", "", place.namespace))
        if there is None:
            raise not_found(Place("", "namespaces", "", place.namespace))
        if "deletionTimestamp" in there["metadata"]:
            why = f"unable to create new content in namespace {place.namespace} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {place.namespace} is being terminated",
                "field": "metadata.namespace",
            }
            details = {"name": place.name, "kind": place.plural, "causes": [cause]}
            details |= {"group": place.group} if place.group else {}
            raise Refusal(403, "Forbidden", f'{kind_of(place)} "{place.name}" is forbidden: {why}', details=details)


def _born(write: Write, body: Object) -> Object:
    metadata = {name: it for name, it in (body.get("metadata") or {}).items() if name != "resourceVersion"}
    return {**body, "metadata": {**metadata, "uid": str(uuid.uuid4()), "creationTimestamp": write.time}}


def _at(place: Place, body: Object) -> Object:
    named = {"name": place.name, **({"namespace": place.namespace} if place.namespace else {})}
    return {**body, "metadata": {**(body.get("metadata") or {}), **named}}


def _check_asked(place: Place, live: Object, asked: Mapping[str, Any]) -> None:
    version, uid = asked.get("resourceVersion"), asked.get("uid")
    if uid and uid != live["metadata"]["uid"]:
        raise other_uid(place, uid, live["metadata"]["uid"])
    if version not in (None, "", "0", live["metadata"]["resourceVersion"]):
        raise conflict(
            place, "the object has been modified; please apply your changes to the latest version and try again"
        )


def _check_preconditions(place: Place, live: Object, uid: str, version: str) -> None:
    there = live["metadata"]
    if uid and uid != there["uid"]:
        said = f"the UID in the precondition ({uid}) does not match the UID in record ({there['uid']})"
        raise conflict(place, f"{said}. The object might have been deleted and then recreated")
    if version and version != there["resourceVersion"]:
        said = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record"
        raise conflict(place, f"{said} ({there['resourceVersion']}). The object might have been modified")


def _check_uid(resource: Resource, live: Object, made: Object) -> None:
    uid = made["metadata"].get("uid")
    if uid and uid != live["metadata"]["uid"]:
        said = f'Invalid value: "{uid}": field is immutable'
        raise invalid(resource, live["metadata"]["name"], "metadata.uid", "FieldValueInvalid", said)
