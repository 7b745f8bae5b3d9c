"""What a writing request carries: JSON, YAML for an apply, and whether it is of the kind that the path is about."""

from __future__ import annotations

import json
from typing import Any

from paasctl.embedded.kube.api.options import Sent
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects.unknown import decoded

_OFFERED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
_TEXTS = ("name", "generateName", "namespace", "uid", "resourceVersion")
_SCHEME = 'in scheme "pkg/runtime/scheme.go:110"'


def parsed(sent: Sent) -> tuple[Any, tuple[str, ...]]:
    """A JSON body, and its repeated fields. Raises 400."""
    found = decoded(sent.body)
    return found.body, found.twice


def applied(sent: Sent) -> tuple[Any, tuple[str, ...]]:
    """The same of an apply, which may be YAML."""
    try:
        return parsed(sent)
    except Refusal:
        from paasctl.embedded.kube.api import yamlbody  # noqa: PLC0415 - nobody else needs its library

        return yamlbody.read(sent.body), ()


def whole(target: Target, sent: Sent) -> tuple[Object, tuple[str, ...]]:
    """The object of a POST or PUT. Raises 400, 415."""
    if sent.media not in ("", "application/json"):
        said = "the body of the request was in an unknown format - accepted media types include:"
        raise Refusal(415, "UnsupportedMediaType", f"{said} {_OFFERED}")
    kind = target.resource.kind
    try:
        body, twice = parsed(sent)
    except Refusal as error:
        said = f"the object provided is unrecognized (must be of type {kind})"
        raise Refusal(400, "BadRequest", f"{said}: {error.message}") from error
    if not isinstance(body, dict):
        said = f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind"
        raise Refusal(400, "BadRequest", f"{said}; json parse error: it is no object")
    _check_head(body)
    return checked(target, _of_kind(target, body)), twice


def _check_head(body: Object) -> None:
    """Refuse with 400 a head that Go can't read: what is asked of it comes before the schema is."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Refusal(400, "BadRequest", "json: cannot unmarshal the metadata into Go value of type v1.ObjectMeta")
    texts = (body.get("kind"), body.get("apiVersion"), *(metadata.get(it) for it in _TEXTS))
    if not all(isinstance(it, str) for it in texts if it is not None):
        raise Refusal(400, "BadRequest", "json: cannot unmarshal what names the object into Go value of type string")


def _of_kind(target: Target, body: Object) -> Object:
    resource = target.resource
    kind, version = body.get("kind") or resource.kind, body.get("apiVersion") or resource.api_version
    if (kind, version) == (resource.kind, resource.api_version):
        return {**body, "kind": kind, "apiVersion": version}
    said = f"{kind} in version {json.dumps(resource.api_version)} cannot be handled as a {resource.kind}"
    if version == resource.api_version:
        short = resource.group.partition(".")[0]
        why = f"converting ({short or 'v1'}.{kind}) to ({short or 'core'}.{resource.kind}): unknown conversion"
    else:
        why = f"no kind {json.dumps(kind)} is registered for version {json.dumps(version)} {_SCHEME}"
    raise Refusal(400, "BadRequest", f"{said}: {why}")


def of_apply(target: Target, body: Any) -> Object:
    """The object of an apply, which says itself what it is. Raises 400."""
    resource = target.resource
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "error decoding YAML: it is no object")
    _check_head(body)
    kind, version = body.get("kind") or "", body.get("apiVersion") or ""
    if (kind, version) != (resource.kind, resource.api_version):
        group, _, number = version.rpartition("/")
        raise Refusal(400, "BadRequest", f"invalid object type: {group}/{number}, Kind={kind}")
    return checked(target, body)


def checked(target: Target, body: Object) -> Object:
    """An object whose name and namespace are those of the path. Raises 400."""
    metadata = body.get("metadata") or {}
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if target.name and name and name != target.name:
        said = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise Refusal(400, "BadRequest", said)
    if namespace and namespace != target.namespace:
        said = "the namespace of the provided object does not match the namespace sent on the request"
        raise Refusal(400, "BadRequest", said)
    return body if body.get("metadata") is not None else {**body, "metadata": metadata}
