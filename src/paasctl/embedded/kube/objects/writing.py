"""One call per write: what the object becomes, or the refusal. Apply is in `apply.py`."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects import patch as patches
from paasctl.embedded.kube.objects import prepare, unknown, validate
from paasctl.embedded.kube.objects.causes import Cause
from paasctl.embedded.kube.objects.defaults import defaulted
from paasctl.embedded.kube.objects.tracking import updated
from paasctl.embedded.kube.objects.write import Write, bare


def created(write: Write, wanted: Object) -> Object:
    """The object as it is stored first, without uid, creation time and version, which the store adds.

    Raises 400 for fields that it shouldn't have (by `write.validation`), 422.
    """
    unknown.check(write, wanted)
    whole = defaulted(write, wanted, None)
    return finished(write, None, updated(write, None, whole), wanted)


def replaced(write: Write, live: Object, wanted: Object) -> Object:
    """What a PUT leaves behind, of the whole object or of ``by.subresource`` `status`; `live` if it changes nothing.

    Resource versions are the store's business. Raises 400 and 422, also for what may not change.
    """
    unknown.check(write, wanted)
    whole = defaulted(write, wanted, live)
    return finished(write, live, updated(write, live, whole), wanted)


def patched(write: Write, live: Object, patch: Any, media: str) -> Object:
    """The same for a patch, by its media type: JSON patch, merge patch, strategic merge patch.

    Raises 400, 415 and 422 as the real server.
    """
    wanted = patches.patched(write, live, patch, media)
    unknown.check_patched(write, wanted, patch, is_strategic=media == patches.STRATEGIC)
    whole = defaulted(write, wanted, live)
    return finished(write, live, updated(write, live, whole), wanted)


def finished(write: Write, live: Object | None, body: Object, said: Object | None = None) -> Object:
    """What is stored of an object that has its owners: prepared and checked; `live` itself where nothing is new.

    `said` is what was sent where `body` has its defaults already.
    """
    whole = defaulted(write, body, live)
    if live is None:
        made = prepare.for_create(write, whole, said or body)
        _refuse(write, made, validate.causes(write, made, None))
        return made
    made = prepare.for_update(write, live, whole, said or body)
    if is_same(live, made):
        return live
    _refuse(write, made, validate.causes(write, made, live))
    return made


def is_same(live: Object, made: Object) -> bool:
    """Whether nothing differs but the times in managedFields."""
    if bare(live) != bare(made):
        return False
    ours = made["metadata"].get("managedFields") or []
    theirs = live["metadata"].get("managedFields") or []
    return len(ours) == len(theirs) and all(_timeless(a) == _timeless(b) for a, b in zip(ours, theirs, strict=True))


def _timeless(entry: Object) -> Object:
    return {name: it for name, it in entry.items() if name != "time"}


def _refuse(write: Write, made: Object, causes: list[Cause]) -> None:
    if not causes:
        return
    resource, name = write.resource, made["metadata"].get("name", "")
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    told = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": [it.said() for it in causes]}
    raise Refusal(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', details=details)
