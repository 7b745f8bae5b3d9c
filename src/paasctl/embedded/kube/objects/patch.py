"""Patches by their media types, applied to the object as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonpatch  # type: ignore[import-untyped, unused-ignore]

from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects import strategic
from paasctl.embedded.kube.objects.write import Write

JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
_MOST_OPERATIONS = 10_000
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


def patched(write: Write, live: Object, patch: Any, media: str) -> Object:
    """The object with the patch in it, before defaults and checks. Raises 400, 413, 415 and 422."""
    match media:
        case _ if media == JSON:
            return _by_json_patch(live, patch)
        case _ if media == MERGE:
            merged: Object = _by_merge_patch(live, _mapping(patch))
            return merged
        case _ if media == STRATEGIC and not write.is_custom:
            return strategic.merged(write.type, live, _mapping(patch))
        case _:
            return _unsupported(write)


def _unsupported(write: Write) -> Object:
    known = [JSON, MERGE, *([] if write.is_custom else [STRATEGIC]), APPLY, "application/apply-patch+cbor"]
    said = "the body of the request was in an unknown format - accepted media types include: "
    raise Refusal(415, "UnsupportedMediaType", said + ", ".join(known))


def _mapping(patch: Any) -> Mapping[str, Any]:
    if not isinstance(patch, dict):
        raise Refusal(400, "BadRequest", f"error decoding patch: cannot unmarshal {_named(patch)} into a map")
    return patch


def _named(value: Any) -> str:
    return {list: "array", str: "string", bool: "bool", type(None): "null"}.get(type(value), "number")


def _by_json_patch(live: Object, patch: Any) -> Object:
    if not isinstance(patch, list) or not all(isinstance(it, dict) for it in patch):
        said = f"json: cannot unmarshal {'object' if isinstance(patch, dict) else _named(patch)}"
        raise Refusal(400, "BadRequest", f"error decoding patch: {said} into Go value of type []handlers.jsonPatchOp")
    if len(patch) > _MOST_OPERATIONS:
        said = f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(patch)}"
        raise Refusal(413, "RequestEntityTooLarge", f"Request entity too large: {said}")
    body: Any = live
    for operation in patch:
        body = _operated(body, operation)
    if not isinstance(body, dict):
        raise _unprocessable()
    return body


def _operated(body: Any, operation: Mapping[str, Any]) -> Any:
    if operation.get("op") not in _OPERATIONS:
        raise _unprocessable()
    if operation["op"] == "copy" and _is_copy_of_nothing(body, str(operation.get("from", ""))):
        operation = {"op": "add", "path": operation.get("path", "")}
    if operation["op"] == "replace" and not operation.get("path", "").rpartition("/")[2].isdecimal():
        operation = {**operation, "op": "add"}  # the real one replaces what isn't there, but for items of lists
    try:
        return jsonpatch.apply_patch(body, [{"value": None, **operation}])  # the real one takes null where none is
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, KeyError, TypeError) as error:
        raise _unprocessable() from error


def _is_copy_of_nothing(body: Any, source: str) -> bool:
    """Whether it names a field that an object doesn't have: the real one copies a null then."""
    try:
        holder, name = jsonpatch.JsonPointer(source).to_last(body)
    except jsonpatch.JsonPointerException:
        return False
    return isinstance(holder, dict) and name is not None and name not in holder


def _unprocessable() -> Refusal:
    """The real server knows which operation fails, and doesn't say it."""
    return Refusal(422, "Invalid", "the server rejected our request due to an error in our request")


def _by_merge_patch(body: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    out = dict(body) if isinstance(body, dict) else {}
    for name, it in patch.items():
        if it is None:
            out.pop(name, None)
        else:
            out[name] = _by_merge_patch(out.get(name), it)
    return out
