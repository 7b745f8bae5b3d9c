"""Bodies of answers: JSON, Status, lists, and the forms that clients may ask for (Table, PartialObjectMetadata)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.embedded.http.message import Response
from paasctl.embedded.kube.model import Object, Refusal

_PARTIAL = "PartialObjectMetadata"
_ROUTING = ("the server could not find", "the server does not allow", "406: ", "415: ")
"""What is refused before any storage is asked; such a Status has empty details."""
_OFFERED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
_FORMS = f"{_OFFERED}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"


def succeeded(details: Mapping[str, str]) -> Object:
    """A Status of success."""
    kept = {name: it for name, it in details.items() if it}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": kept}


def answer(status: int, body: Any, warnings: Sequence[str] = ()) -> Response:
    """JSON, with a Warning header for each warning (RFC 7234 5.5, as kubectl shows them)."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
    if warnings:
        headers["Warning"] = ", ".join(f"299 - {json.dumps(it, ensure_ascii=False)}" for it in warnings)
    return Response(status, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() + b"\n", headers)


def refused(error: Refusal) -> Response:
    """A failure as `metav1.Status`, or in plain text where no API is behind the path."""
    if not error.reason and error.status == 404:
        return Response(404, f"{error.message}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
    headers = {"Content-Type": "application/json", **error.headers}
    return Response(error.status, json.dumps(status_of(error), separators=(",", ":")).encode() + b"\n", headers)


def status_of(error: Refusal) -> Object:
    """The Status itself."""
    body: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "details": error.details,
        "code": error.status,
    }
    is_routing = error.message.startswith(_ROUTING)
    return {name: it for name, it in body.items() if it != "" and (name != "details" or it or is_routing)}


def form_of(accept: str) -> str:
    """``Table``, ``PartialObjectMetadata``, ``PartialObjectMetadataList``, or empty for the objects themselves.

    Raises 406 where nothing that the `Accept` header takes is offered.
    """
    is_json = False
    choices = [it.strip() for it in accept.split(",") if it.strip()] or ["*/*"]
    for choice in choices:
        media, *parameters = [it.strip() for it in choice.split(";")]
        said = dict(it.partition("=")[::2] for it in parameters)
        if media in ("application/json", "application/*", "*/*"):
            is_json, wanted = True, said.get("as", "")
            if wanted in ("", "Table", _PARTIAL, f"{_PARTIAL}List"):
                return wanted
    if is_json:
        raise Refusal(406, "NotAcceptable", f"only the following media types are accepted: {_OFFERED}")
    raise Refusal(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {_FORMS}")


def partial(body: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": _PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def listed(kind: str, api_version: str, items: Sequence[Object], metadata: Mapping[str, Any]) -> Object:
    """A list of these items, as they are."""
    return {
        "kind": f"{kind}List",
        "apiVersion": api_version,
        "metadata": dict(metadata),
        "items": list(items),
    }


def bare(item: Object) -> Object:
    """A list's item: it says neither kind nor version, as the real server leaves them out of built-in kinds."""
    return {name: it for name, it in item.items() if name not in ("kind", "apiVersion")}
