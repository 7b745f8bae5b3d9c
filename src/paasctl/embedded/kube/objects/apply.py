"""Server-side apply, with the semantics of structured-merge-diff."""

from __future__ import annotations

import json
from typing import Any

from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects import owners as owning
from paasctl.embedded.kube.objects.empty import empty
from paasctl.embedded.kube.objects.fieldset import (
    Fields,
    Path,
    difference,
    intersection,
    members,
    shown,
    union,
    without_trees,
)
from paasctl.embedded.kube.objects.fit import misfits
from paasctl.embedded.kube.objects.merge import compared, owned, with_structs, without
from paasctl.embedded.kube.objects.owners import Held, Owner, Owners
from paasctl.embedded.kube.objects.tracking import (
    after_update,
    conflicts,
    filtered,
    ignored,
    stripped,
    taken,
)
from paasctl.embedded.kube.objects.union import merged
from paasctl.embedded.kube.objects.write import Write, bare, with_owners
from paasctl.embedded.kube.objects.writing import finished

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Conflicts = list[tuple[Owner, Path]]


def applied(write: Write, live: Object | None, wanted: Object) -> Object:
    """What the object becomes when `write.by` applies `wanted`; `live` itself where that changes nothing.

    Raises 409 with a cause per field that somebody else manages unless `by.force`, 422 for what is invalid, 400, 500
    for a field that isn't in the schema.
    """
    _check(write, wanted)
    if write.twice:
        _say_twice(write)
    start = bare(live) if live is not None else empty(write)
    before = owning.decoded(live) if live is not None else {}
    if not before and live is not None:
        before = after_update(write, {}, empty(write), start, "before-first-apply")
    doer = owning.owner(write.by.manager, "Apply", write.resource.api_version, write.by.subresource)
    made, after = _applied_over(write, doer, before, start, wanted)
    if doer.manager == "kubectl":
        made = _with_last_applied(made, wanted)
    return finished(write, live, with_owners(made, owning.encoded(after)))


def _check(write: Write, wanted: Object) -> None:
    if wanted.get("apiVersion") != write.resource.api_version or wanted.get("kind") != write.resource.kind:
        group, _, version = str(wanted.get("apiVersion", "")).rpartition("/")
        said = f"{group}/{version}, Kind={wanted.get('kind', '')}"
        raise Refusal(400, "BadRequest", f"invalid object type: {said}")
    metadata = wanted.get("metadata") or {}
    if metadata.get("managedFields") is not None:
        raise Refusal(400, "BadRequest", "metadata.managedFields must be nil")
    if wrong := misfits(write.type, wanted):
        what = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {write.resource.api_version}"
        message = f"failed to create typed patch object ({what}, Kind={write.resource.kind}): {_listed(wrong)}"
        raise Refusal(500, "", message)


def _listed(wrong: list[str]) -> str:
    if len(wrong) == 1:
        return wrong[0]
    return "errors:\n" + "\n".join(f"  {it}" for it in wrong)


def _say_twice(write: Write) -> None:
    lines = "\n".join(f"  {it}" for it in write.twice)
    if write.validation == "Strict":
        raise Refusal(400, "BadRequest", f"error strict decoding YAML: yaml: unmarshal errors:\n{lines}")
    if write.validation == "Warn":
        write.warnings.extend(write.twice)


def _applied_over(write: Write, doer: Owner, before: Owners, start: Object, wanted: Object) -> tuple[Object, Owners]:
    """The merged object (`start` itself: nothing changes) and the owners. Raises 409."""
    claimed = owned(write.type, wanted)
    if left_out := ignored(write):
        claimed = without_trees(claimed, left_out)
    last = before.get(doer)
    claims = {**before, doer: Held(claimed, write.resource.api_version, last.time if last else "")}
    new = merged(write.type, start, wanted)
    if last is not None:
        new = _pruned(write, new, claims, last.fields)
    changes = filtered(compared(write.type, start, new), write)
    lost = conflicts(before, changes, doer)
    if lost and not write.by.force:
        _refuse(
            write, start, [(who, path) for who in sorted(lost, key=owning.identifier) for path in members(lost[who])]
        )
    after = taken(claims, changes, lost, doer)
    changed = new != start
    if doer in after:
        fields = stripped(after[doer].fields)
        after[doer] = Held(fields, write.resource.api_version, write.time if changed else after[doer].time)
        if not fields:
            del after[doer]
    return (new if changed else start), after


def _pruned(write: Write, new: Object, claims: Owners, last: Fields) -> Object:
    """Without what this manager gave up and nobody else holds."""
    kind = write.type
    held: Fields = {}
    for it in claims.values():
        held = union(held, it.fields)
    if not difference(last, held):
        return new
    named = with_structs(kind, last)
    all_of_it = with_structs(kind, owned(kind, new))
    once = without(kind, new, named) or {}
    kept = union(with_structs(kind, owned(kind, once)), with_structs(kind, held))
    twice = without(kind, new, difference(all_of_it, kept)) or {}
    gone = difference(all_of_it, with_structs(kind, owned(kind, twice)))
    result: Object = without(kind, new, intersection(gone, named))
    return result


def _refuse(write: Write, start: Object, found: Conflicts) -> None:
    """Raise 409, but for what `kubectl` had applied by its annotation before it applied on the server."""
    if write.by.manager == "kubectl" and (allowed := _from_last_applied(write, start)):
        found = [(who, path) for who, path in found if not _has(allowed, path)]
    if found:
        causes = [
            {"reason": "FieldManagerConflict", "message": f"conflict with {owning.shown(who)}", "field": shown(path)}
            for who, path in found
        ]
        raise Refusal(409, "Conflict", _message(found), details={"causes": causes})


def _message(found: Conflicts) -> str:
    if len(found) == 1:
        who, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {owning.shown(who)}: {shown(path)}"
    lines: list[str] = []
    for who in dict.fromkeys(it for it, _ in found):
        lines.append(f"conflicts with {owning.shown(who)}:")
        lines += [f"- {shown(path)}" for it, path in found if it == who]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def _from_last_applied(write: Write, start: Object) -> Fields:
    """The fields that client-side apply last wrote and that still have those values."""
    said = (start.get("metadata", {}).get("annotations") or {}).get(_LAST_APPLIED)
    try:
        last: Any = json.loads(said) if said else None
    except ValueError:
        return {}
    if not isinstance(last, dict) or last.get("apiVersion") != write.resource.api_version or misfits(write.type, last):
        return {}
    changes = compared(write.type, last, start)
    fields = owned(write.type, last)
    for side in changes:
        fields = difference(fields, side)
    return fields


def _has(fields: Fields, path: Path) -> bool:
    for step in path[:-1]:
        fields = fields.get(step) or {}
    node = fields.get(path[-1])
    return node is not None and (not node or "." in node)


def _with_last_applied(made: Object, wanted: Object) -> Object:
    """The object with kubectl's annotation kept in step, where it has one."""
    annotations = made.get("metadata", {}).get("annotations") or {}
    if not annotations.get(_LAST_APPLIED):
        return made
    metadata = wanted.get("metadata", {})
    left = {name: it for name, it in (metadata.get("annotations") or {}).items() if name != _LAST_APPLIED}
    said = {**wanted, "metadata": {**metadata, "annotations": left}} if "annotations" in metadata else wanted
    text = json.dumps(said, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    return {**made, "metadata": {**made["metadata"], "annotations": {**annotations, _LAST_APPLIED: text}}}
