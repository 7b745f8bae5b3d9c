"""Objects of the small API server: create, replace, server-side apply, delete, with the preconditions of the real one.

What a field manager applied is kept as a set of leaf paths (lists are leaves); defaulting, validation and controllers
are not here.
"""

from __future__ import annotations

import copy
import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
Place = tuple[str, str, str, str]
"""(group, plural, namespace, name)."""
Leaf = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind the server serves; the first version is the preferred one."""

    group: str
    versions: tuple[str, ...]
    plural: str
    kind: str
    namespaced: bool = True
    upserts: bool = False

    @property
    def resource(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Refusal(Exception):  # noqa: N818
    """A Status to answer with."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details


@dataclass(frozen=True)
class By:
    """Who writes, and how."""

    manager: str
    operation: str
    force: bool = False
    dry_run: bool = False


@dataclass
class Entry:
    body: Body
    managers: dict[tuple[str, str], tuple[set[Leaf], str]] = field(default_factory=dict)


class Store:
    def __init__(self) -> None:
        self.entries: dict[Place, Entry] = {}
        self.lock = threading.RLock()
        self._versions = itertools.count(100)

    def get(self, place: Place) -> Body:
        entry = self.entries.get(place)
        if entry is None:
            raise not_found(place)
        return shown(entry)

    def listed(self, kind: Kind, namespace: str, selector: str) -> Iterator[Body]:
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        for place in sorted(self.entries):
            body = self.entries[place].body
            labels = body["metadata"].get("labels") or {}
            here = place[:2] == (kind.group, kind.plural) and namespace in ("", place[2])
            if here and wanted.items() <= labels.items():
                yield {
                    name: of for name, of in shown(self.entries[place]).items() if name not in ("kind", "apiVersion")
                }

    def create(self, kind: Kind, place: Place, body: Body, by: By) -> Body:
        if place in self.entries:
            message = f'{kind.resource} "{place[3]}" already exists'
            raise Refusal(409, "AlreadyExists", message, name=place[3], kind=kind.plural)
        return self._keep(kind, place, Entry(self._born(body)), by, set(dict(leaves(body))))

    def replace(self, kind: Kind, place: Place, body: Body, by: By) -> tuple[Body, bool]:
        asked = body.get("metadata") or {}
        entry = self.entries.get(place)
        if entry is None and not kind.upserts:
            raise not_found(place)
        if asked.get("uid") and (entry is None or entry.body["metadata"]["uid"] != asked["uid"]):
            raise conflict(kind, place, "Precondition failed: UID in precondition")
        if entry is None:
            return self.create(kind, place, body, by), True
        if asked.get("resourceVersion") not in (None, entry.body["metadata"]["resourceVersion"]):
            raise conflict(kind, place, "the object has been modified; please apply your changes to the latest version")
        fresh = Entry({**copy.deepcopy(body)}, dict(entry.managers))
        fresh.body["metadata"] = {**entry.body["metadata"], "labels": {}, "annotations": {}, **asked}
        return self._keep(kind, place, fresh, by, set(dict(leaves(body)))), False

    def apply(self, kind: Kind, place: Place, body: Body, by: By) -> tuple[Body, bool]:
        asked, mine = body.get("metadata") or {}, dict(leaves(body))
        entry = self.entries.get(place)
        if entry is None:
            if asked.get("uid"):
                raise conflict(kind, place, f"uid mismatch: the provided object specified uid {asked['uid']}")
            return self.create(kind, place, body, by), True
        self._check_conflicts(entry, mine, by)
        if asked.get("uid") not in (None, "", entry.body["metadata"]["uid"]):
            cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": "metadata.uid"}
            raise Refusal(422, "Invalid", f"{place[3]} is invalid: metadata.uid: field is immutable", causes=[cause])
        if asked.get("resourceVersion") not in (None, "0", entry.body["metadata"]["resourceVersion"]):
            raise conflict(kind, place, "the object has been modified; please apply your changes to the latest version")
        return self._keep(kind, place, self._merged(entry, mine, by), by, set(mine)), False

    def delete(self, kind: Kind, place: Place, uid: str) -> Body:
        body = self.get(place)
        if uid and uid != body["metadata"]["uid"]:
            raise conflict(kind, place, "the UID in the precondition does not match the UID in record")
        if body["metadata"].get("finalizers"):
            self.entries[place].body["metadata"]["deletionTimestamp"] = _now()
            self.entries[place].body["status"] = {"phase": "Terminating"}
            return self.get(place)
        del self.entries[place]
        if kind.plural == "namespaces":
            for inner in [inner for inner in self.entries if inner[2] == place[3]]:
                del self.entries[inner]
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def _check_conflicts(self, entry: Entry, mine: dict[Leaf, Any], by: By) -> None:
        causes = []
        for (manager, _), (owned, _) in entry.managers.items():
            for path in sorted(owned & set(mine)):
                if manager != by.manager and value_at(entry.body, path) != mine[path] and not by.force:
                    field_path = "." + ".".join(path)
                    message = f'conflict with "{manager}"'
                    causes.append({"reason": "FieldManagerConflict", "message": message, "field": field_path})
        if causes:
            raise Refusal(409, "Conflict", f"Apply failed with {len(causes)} conflicts", causes=causes)

    def _merged(self, entry: Entry, mine: dict[Leaf, Any], by: By) -> Entry:
        """What we set now over what is there, without what only we had set before."""
        fresh = copy.deepcopy(entry)
        before = fresh.managers.get((by.manager, by.operation), (set(), ""))[0]
        others = {path for who, (paths, _) in fresh.managers.items() if who[0] != by.manager for path in paths}
        for path in before - set(mine) - others:
            remove_at(fresh.body, path)
        for path, value in mine.items():
            set_at(fresh.body, path, value)
        return fresh

    def _born(self, body: Body) -> Body:
        metadata = {name: of for name, of in (body.get("metadata") or {}).items() if name != "resourceVersion"}
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": _now()}
        return {**copy.deepcopy(body), "metadata": metadata}

    def _keep(self, kind: Kind, place: Place, entry: Entry, by: By, paths: set[Leaf]) -> Body:
        meta = entry.body["metadata"]
        before = self.entries.get(place)
        meta.update(name=place[3], **({"namespace": place[2]} if kind.namespaced else {}))
        entry.body.update(kind=kind.kind)
        entry.managers[by.manager, by.operation] = (paths, _now())
        if "spec" in entry.body and kind.group in ("apps", "batch"):
            same = before is not None and before.body.get("spec") == entry.body["spec"]
            meta["generation"] = (before.body["metadata"]["generation"] if before else 0) + (0 if same else 1)
        if kind.plural == "namespaces":
            entry.body.setdefault("status", {"phase": "Active"})
        if by.dry_run:
            return shown(entry)
        if before is None or shown(before) != shown(entry):
            meta["resourceVersion"] = str(next(self._versions))
        self.entries[place] = entry
        return shown(entry)


def shown(entry: Entry) -> Body:
    body = copy.deepcopy(entry.body)
    body["metadata"]["managedFields"] = [
        {"manager": manager, "operation": operation, "time": when, "fieldsType": "FieldsV1", "fieldsV1": {}}
        for (manager, operation), (_, when) in entry.managers.items()
    ]
    for name in ("labels", "annotations"):
        if not body["metadata"].get(name):
            body["metadata"].pop(name, None)
    return body


_NOT_APPLIED = frozenset({"apiVersion", "kind"})
_SERVER = frozenset({"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"})


def leaves(body: Body) -> Iterator[tuple[Leaf, Any]]:
    """Every field that an object sets, as (path, value)."""
    for name, of in body.items():
        if name == "metadata":
            yield from _leaves({key: value for key, value in of.items() if key not in _SERVER}, ("metadata",))
        elif name not in _NOT_APPLIED:
            yield from _leaves(of, (name,))


def _leaves(value: Any, path: Leaf) -> Iterator[tuple[Leaf, Any]]:
    if isinstance(value, dict) and value:
        for name, of in value.items():
            yield from _leaves(of, (*path, name))
    else:
        yield path, value


def value_at(body: Body, path: Leaf) -> Any:
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def set_at(body: Body, path: Leaf, value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value


def remove_at(body: Body, path: Leaf) -> None:
    for name in path[:-1]:
        body = body.get(name) or {}
    body.pop(path[-1], None)


def not_found(place: Place) -> Refusal:
    return Refusal(404, "NotFound", f'{place[1]} "{place[3]}" not found', name=place[3], kind=place[1])


def conflict(kind: Kind, place: Place, why: str) -> Refusal:
    message = f'Operation cannot be fulfilled on {kind.resource} "{place[3]}": {why}'
    return Refusal(409, "Conflict", message, name=place[3], kind=kind.plural)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
