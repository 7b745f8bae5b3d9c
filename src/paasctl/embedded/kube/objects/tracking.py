"""What a write does to the owners of fields: the server's field manager around structured-merge-diff."""

from __future__ import annotations

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.empty import empty
from paasctl.embedded.kube.objects.fieldset import Fields, difference, intersection, union, without_trees
from paasctl.embedded.kube.objects.merge import Compared, compared
from paasctl.embedded.kube.objects.owners import Held, Owner, Owners, capped, decoded, encoded, is_reset, owner
from paasctl.embedded.kube.objects.write import Write, bare, with_owners

_NEVER: Fields = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        **{
            f"f:{name}": {}
            for name in (
                *("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName"),
                *("generation", "managedFields", "resourceVersion"),
            )
        },
    },
}
"""Paths that nobody owns."""
_SPEC: Fields = {"f:spec": {}}
_STATUS: Fields = {"f:status": {}}
_STATUS_RESETS: dict[tuple[str, str], Fields] = {
    ("apps", "deployments"): {"f:spec": {}, "f:metadata": {"f:labels": {}}},
    ("", "pods"): {"f:spec": {}, "f:metadata": {"f:deletionTimestamp": {}, "f:ownerReferences": {}}},
}


def ignored(write: Write) -> Fields:
    """What this way of writing leaves as it is, and so nobody comes to own by it."""
    if "status" not in write.resource.subresources:
        return {}
    if write.by.subresource == "status":
        return _STATUS_RESETS.get(write.kind, _SPEC)
    return _STATUS


def stripped(fields: Fields) -> Fields:
    """The set without what nobody owns."""
    return difference(fields, _NEVER)


def filtered(difference_: Compared, write: Write) -> Compared:
    """The comparison without what this write leaves as it is."""
    left_out = ignored(write)
    return Compared(*(without_trees(it, left_out) for it in difference_)) if left_out else difference_


def conflicts(owners: Owners, changes: Compared, doer: Owner | None) -> dict[Owner, Fields]:
    """What each of the others would lose: fields of theirs that get another value."""
    touched = union(changes.modified, changes.added)
    if not touched:
        return {}
    lost = {who: intersection(held.fields, touched) for who, held in owners.items() if who != doer}
    return {who: fields for who, fields in lost.items() if fields}


def taken(owners: Owners, changes: Compared, lost: dict[Owner, Fields], doer: Owner | None) -> Owners:
    """The owners after these changes: others lose what was changed, and all of them what is gone."""
    left: Owners = {}
    for who, held in owners.items():
        fields = held.fields
        if who != doer:
            fields = difference(difference(fields, lost.get(who, {})), changes.removed)
        if fields:
            left[who] = held if fields is held.fields else held._replace(fields=fields)
    return left


def updated(write: Write, live: Object | None, wanted: Object) -> Object:
    """`wanted` with the managedFields after create, update or a patch other than apply.

    `wanted` is as it will be stored but for what this write leaves as it is; `live` None: it is being made.
    """
    before = decoded(live) if live is not None else {}
    if not write.by.subresource:
        before = {} if is_reset(wanted) else (decoded(wanted) or before)
    if not before and live is not None:
        return bare(wanted)  # nobody is tracked: this object was stored without
    start = bare(live) if live is not None else empty(write)
    after = capped(after_update(write, before, start, bare(wanted)))
    return with_owners(wanted, encoded(after))


def after_update(write: Write, owners: Owners, live: Object, wanted: Object, manager: str = "") -> Owners:
    """The owners after `manager` (else the write's own) changed `live` into `wanted` without applying."""
    changes = filtered(compared(write.type, live, wanted), write)
    left = taken(owners, changes, conflicts(owners, changes, None), None)
    gained = stripped(union(changes.modified, changes.added))
    if gained:
        version, sub = write.resource.api_version, write.by.subresource
        who = owner(manager or write.by.manager, "Update", version, sub)
        before = left.get(who)
        left[who] = Held(union(gained, before.fields) if before else gained, version, write.time)
    return left
