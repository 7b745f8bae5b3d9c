"""OpenAPI as far as clients ask for it: version 3 by group version, and version 2 as one document, in JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.schema import Schemas


def index(schemas: Schemas, served: Sequence[str]) -> Object:
    """``/openapi/v3``: where the document of each group version is."""
    stamp = hashlib.sha256(schemas.git_version.encode()).hexdigest()[:16].upper()
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={stamp}"} for path in map(_path, served)}}


def _path(group_version: str) -> str:
    return f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"


def document(schemas: Schemas, path: str, served: Sequence[str]) -> Object | None:
    """The document of one group version, by its path below ``/openapi/v3/``; None: there is none."""
    name = next((it for it in served if _path(it) == path), None)
    if name is None:
        return None
    components = schemas.components()
    kept = _reachable(components, [it for it, said in components.items() if _is_of(said, name)])
    paths = {f"/{path}/{it.plural}": _operation(it.kind, name) for it in schemas.resources if it.api_version == name}
    info = {"title": "Kubernetes", "version": schemas.git_version}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": kept}}


def _operation(kind: str, group_version: str) -> Object:
    """That `fieldValidation` and dry run are understood: kubectl looks for them here before it uses them."""
    group, _, version = group_version.rpartition("/")
    said = {"group": group, "version": version, "kind": kind}
    parameters = [
        {"name": it, "in": "query", "schema": {"type": "string"}}
        for it in ("dryRun", "fieldManager", "fieldValidation")
    ]
    of = {
        "x-kubernetes-group-version-kind": said,
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    }
    return {"post": {**of, "x-kubernetes-action": "post"}, "patch": {**of, "x-kubernetes-action": "patch"}}


def _is_of(said: Mapping[str, Any], group_version: str) -> bool:
    group, _, version = group_version.rpartition("/")
    kinds = said.get("x-kubernetes-group-version-kind", ())
    return any((it["group"], it["version"]) == (group, version) for it in kinds)


def _reachable(components: Mapping[str, Object], roots: Iterable[str]) -> dict[str, Object]:
    kept: dict[str, Object] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in kept and name in components:
            kept[name] = components[name]
            waiting += _references(components[name])
    return kept


def _references(said: Any) -> list[str]:
    if isinstance(said, list):
        return [name for it in said for name in _references(it)]
    if not isinstance(said, dict):
        return []
    here = [said["$ref"].rpartition("/")[2]] if isinstance(said.get("$ref"), str) else []
    return here + [name for it in said.values() for name in _references(it)]


def _with_plain_references(said: Any) -> Any:
    """Version 3 wraps a reference that stands beside a default into `allOf`; version 2 does not."""
    if isinstance(said, list):
        return [_with_plain_references(it) for it in said]
    if not isinstance(said, dict):
        return said
    rest = {name: _with_plain_references(it) for name, it in said.items() if name != "allOf"}
    chosen = said.get("allOf", ())
    if len(chosen) == 1 and "$ref" in chosen[0]:
        return {**rest, **chosen[0]}
    return {**rest, "allOf": _with_plain_references(chosen)} if chosen else rest


@cache
def whole(schemas: Schemas) -> bytes:
    """``/openapi/v2`` as JSON: definitions, and no paths but what names a kind's operations."""
    plain = _with_plain_references(dict(schemas.components()))
    text = json.dumps(plain, separators=(",", ":")).replace("#/components/schemas/", "#/definitions/")
    info = {"title": "Kubernetes", "version": schemas.git_version}
    paths: Object = {}
    for it in schemas.resources:
        root = f"/apis/{it.api_version}" if it.group else f"/api/{it.version}"
        paths[f"{root}/{it.plural}"] = {
            "patch": {
                "x-kubernetes-group-version-kind": {"group": it.group, "version": it.version, "kind": it.kind},
                "parameters": [{"name": "dryRun", "in": "query", "type": "string"}],
                "responses": {"200": {"description": "OK"}},
            }
        }
    return json.dumps({"swagger": "2.0", "info": info, "paths": paths, "definitions": json.loads(text)}).encode()
