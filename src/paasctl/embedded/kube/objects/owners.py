"""Who manages which fields: `metadata.managedFields`, decoded, changed as the server's field manager does, encoded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.fieldset import Fields, union

MOST_UPDATERS = 10
"""Entries of Update operations that are kept apart; the oldest beyond go into one."""
_ANCIENT = "ancient-changes"


class Owner(NamedTuple):
    """What makes an entry of its own. An Apply keeps its entry over versions: its `version` is empty here."""

    manager: str
    operation: str
    version: str
    subresource: str


class Held(NamedTuple):
    """What an owner manages, in which version, and since when (RFC 3339; empty: it never changed a value)."""

    fields: Fields
    version: str
    time: str


Owners = dict[Owner, Held]


def owner(manager: str, operation: str, version: str, subresource: str) -> Owner:
    """The owner of this name; without a name it is ``unknown``."""
    return Owner(manager or "unknown", operation, "" if operation == "Apply" else version, subresource)


def decoded(body: Object) -> Owners:
    """The owners that an object's managedFields name; none where they are malformed, as the server has it."""
    found: Owners = {}
    for entry in body.get("metadata", {}).get("managedFields") or ():
        operation, version = entry.get("operation"), entry.get("apiVersion")
        if operation not in ("Apply", "Update") or not version or entry.get("fieldsType") != "FieldsV1":
            return {}
        who = Owner(
            entry.get("manager", ""), operation, "" if operation == "Apply" else version, entry.get("subresource", "")
        )
        found[who] = Held(entry.get("fieldsV1") or {}, version, entry.get("time") or "")
    return found


def is_reset(body: Object) -> bool:
    """Whether a client asks to forget all owners: an empty list, or one with a single empty entry."""
    entries = body.get("metadata", {}).get("managedFields")
    return entries is not None and (not entries or entries == [{}])


def encoded(owners: Owners, apart: Owners | None = None) -> list[dict[str, Any]]:
    """As objects carry it: Apply before Update, then by time, manager, version, subresource.

    `apart`: entries beside those that the same owners have.
    """
    made = [_entry(who, held) for each in (owners, apart or {}) for who, held in each.items()]
    made.sort(key=lambda it: (it["operation"], it.get("time", ""), it.get("manager", ""), it["apiVersion"], _sub(it)))
    return made


def _sub(entry: dict[str, Any]) -> str:
    return str(entry.get("subresource", ""))


def _entry(who: Owner, held: Held) -> dict[str, Any]:
    entry: dict[str, Any] = {"manager": who.manager, "operation": who.operation, "apiVersion": held.version}
    if held.time:
        entry["time"] = held.time
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": held.fields}
    if who.subresource:
        entry["subresource"] = who.subresource
    return entry


def identifier(who: Owner) -> str:
    """What the server sorts owners by."""
    said = {
        "manager": who.manager,
        "operation": who.operation,
        "apiVersion": who.version,
        "subresource": who.subresource,
    }
    return json.dumps({name: it for name, it in said.items() if it}, separators=(",", ":"))


def shown(who: Owner) -> str:
    """As conflicts name it: ``"kubectl" using apps/v1``."""
    named = f'"{who.manager}"'
    if who.subresource:
        named = f'{named} with subresource "{who.subresource}"'
    return f"{named} using {who.version}" if who.operation == "Update" else named


def capped(owners: Owners) -> Owners:
    """The owners with the oldest updaters put together until at most `MOST_UPDATERS` are left."""
    updaters = [who for who in owners if who.operation == "Update"]
    if len(updaters) <= MOST_UPDATERS:
        return owners
    return _bucketed(dict(owners), sorted(updaters, key=lambda who: (owners[who].time, identifier(who))))


def _bucketed(owners: Owners, oldest: Iterable[Owner]) -> Owners:
    first: dict[str, Owner] = {}
    left = sum(who.operation == "Update" for who in owners)
    for who in oldest:
        if left <= MOST_UPDATERS:
            break
        held = owners[who]
        if held.version not in first:
            first[held.version] = who
            continue
        bucket = Owner(_ANCIENT, "Update", held.version, "")
        if bucket not in owners:
            owners[bucket] = owners.pop(first[held.version])
        before = owners.pop(who) if who != bucket else held
        owners[bucket] = Held(union(before.fields, owners[bucket].fields), held.version, held.time)
        left -= 1
    return owners
