"""What must not be seen: values of Secrets, and whatever is `Masked`. Every view shows objects through here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from paasctl.model.answer import ObjectDiff
from paasctl.model.masked import Masked
from paasctl.model.plan import Apply, FieldChange

MASK = "***"
_ENCODED = "Kioq"
"""The same in base64, as `data` of a Secret must be: what `render` prints is what an API server takes."""
_COPY = "last-applied-configuration"
"""`kubectl apply` leaves a copy of the whole object in this annotation, values of Secrets included."""


def shown(value: Any) -> Any:
    """A copy in plain containers, with every `Masked` in it, at any depth, as `***`."""
    match value:
        case Masked():
            return MASK
        case Mapping():
            return {str(name): shown(of) for name, of in value.items()}
        case list() | tuple():
            return [shown(of) for of in value]
        case _:
            return value


def masked_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object as it may be shown: values of Secrets hidden, their keys kept; the same inside of a `List`."""
    whole: dict[str, Any] = shown(body)
    if isinstance(items := whole.get("items"), list):
        whole["items"] = [masked_body(it) if isinstance(it, dict) else it for it in items]
    if whole.get("kind") != "Secret":
        return whole
    for name, mask in (("data", _ENCODED), ("stringData", MASK)):
        if name in whole:
            whole[name] = dict.fromkeys(whole[name] or {}, mask)
    if isinstance(notes := (whole.get("metadata") or {}).get("annotations"), dict):
        whole["metadata"]["annotations"] = {key: MASK if _COPY in key else of for key, of in notes.items()}
    return whole


def fields_of(change: Apply | ObjectDiff) -> tuple[FieldChange, ...]:
    """The changed fields of an object as they may be shown."""
    kind = change.manifest.key.kind if isinstance(change, Apply) else change.key.partition("/")[0]
    return tuple(_masked_fields(change.fields)) if kind == "Secret" else change.fields


def _masked_fields(fields: Iterable[FieldChange]) -> Iterable[FieldChange]:
    for it in fields:
        if it.path.lstrip(".").startswith(("data", "stringData")) or _COPY in it.path:
            before, after = (None if of is None else MASK for of in (it.before, it.after))
            yield replace(it, before=before, after=after)
        else:
            yield it
