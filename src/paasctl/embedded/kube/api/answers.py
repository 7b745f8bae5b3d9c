"""Bodies of answers: JSON, Status, lists, and the forms that clients may ask for (Table, PartialObjectMetadata)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.embedded.http.message import Response
from paasctl.embedded.kube.model import Object, Refusal

_PARTIAL = "PartialObjectMetadata"


def answer(status: int, body: Any, warnings: Sequence[str] = ()) -> Response:
    """JSON, with a Warning header for each warning (RFC 7234 5.5, as kubectl shows them)."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
    if warnings:
        headers["Warning"] = ", ".join(f"299 - {json.dumps(it, ensure_ascii=False)}" for it in warnings)
    return Response(status, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() + b"\n", headers)


def refused(error: Refusal) -> Response:
    """A failure as `metav1.Status`."""
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
    return {name: it for name, it in body.items() if it != "" and (name != "details" or it)}


def form_of(accept: str) -> str:
    """``Table``, ``PartialObjectMetadata``, ``PartialObjectMetadataList``, or empty for the objects themselves.

    Raises 406 where nothing that the `Accept` header takes is offered.
    """
    choices = [it.strip() for it in accept.split(",") if it.strip()] or ["*/*"]
    for choice in choices:
        media, *parameters = [it.strip() for it in choice.split(";")]
        said = dict(it.partition("=")[::2] for it in parameters)
        if media in ("application/json", "application/*", "*/*"):
            wanted = said.get("as", "")
            if wanted in ("", "Table", _PARTIAL, f"{_PARTIAL}List"):
                return wanted
    raise Refusal(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, "
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    )


def partial(body: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": _PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def listed(kind: str, api_version: str, items: Sequence[Object], metadata: Mapping[str, Any]) -> Object:
    """A list; its items say neither kind nor version, as the real server leaves them out of built-in kinds."""
    return {
        "kind": f"{kind}List",
        "apiVersion": api_version,
        "metadata": dict(metadata),
        "items": list(items),
    }


def bare(item: Object) -> Object:
    """A list's item."""
    return {name: it for name, it in item.items() if name not in ("kind", "apiVersion")}
