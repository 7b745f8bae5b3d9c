"""From the real API server's OpenAPI v3 and discovery to what the data file keeps: served kinds, no descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schema.served import GROUPS, SUBRESOURCES

Json = dict[str, Any]
_REF = "#/components/schemas/"
_DROPPED = {"description", "x-kubernetes-validations", "x-kubernetes-unions", "x-kubernetes-selectable-fields"}
_ALSO = ("io.k8s.api.autoscaling.v1.Scale", "io.k8s.api.policy.v1.Eviction")


def groups(discovered: Mapping[str, Json]) -> dict[str, list[Json]]:
    """Group version -> its served APIResources, from their APIResourceLists."""
    return {
        name: [it for it in whole["resources"] if _is_served(name, it["name"])] for name, whole in discovered.items()
    }


def _is_served(group_version: str, name: str) -> bool:
    plural, _, sub = name.partition("/")
    return plural in GROUPS[group_version] and (not sub or sub in SUBRESOURCES)


def kinds(components: Mapping[str, Json], served: Mapping[str, list[Json]]) -> dict[str, str]:
    """``group/version/kind`` -> the name of its type, of everything served and of what their subresources speak."""
    wanted = {_key(name, it["kind"]) for name, listed in served.items() for it in listed if "/" not in it["name"]}
    found = {}
    for name, schema in components.items():
        for it in schema.get("x-kubernetes-group-version-kind", ()):
            key = f"{it['group']}/{it['version']}/{it['kind']}"
            if key in wanted or name in _ALSO:
                found[key] = name
    return found


def _key(group_version: str, kind: str) -> str:
    group, _, version = group_version.rpartition("/")
    return f"{group}/{version}/{kind}"


def components(whole: Mapping[str, Json], roots: Iterable[str]) -> dict[str, Json]:
    """The schemas that the roots lead to, without descriptions."""
    kept: dict[str, Json] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = _trimmed(whole[name])
            waiting += _references(kept[name])
    return dict(sorted(kept.items()))


def _trimmed(schema: Any) -> Any:
    match schema:
        case {"properties": properties}:
            rest = {name: it for name, it in schema.items() if name != "properties"}
            return {**_trimmed(rest), "properties": {name: _trimmed(it) for name, it in sorted(properties.items())}}
        case dict():
            return {name: _trimmed(it) for name, it in schema.items() if name not in _DROPPED}
        case list():
            return [_trimmed(it) for it in schema]
        case _:
            return schema


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for it in schema for name in _references(it)]
    if not isinstance(schema, dict):
        return []
    here = [schema["$ref"].removeprefix(_REF)] if isinstance(schema.get("$ref"), str) else []
    return here + [name for it in schema.values() for name in _references(it)]
