"""Server-side apply, naively: sets of owned paths per manager, merged by name. Written apart from what it tests."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from paasctl.model.masked import revealed

Path = tuple[Any, ...]
_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
}


class Conflict(Exception):  # noqa: N818 - it is one
    """Fields that others own with another value: (manager, field)."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        super().__init__(str(fields))
        self.fields = fields


def applied(
    wanted: Mapping[str, Any],
    manager: str,
    *,
    uid: str = "",
    live: Mapping[str, Any] | None = None,
    operation: str = "Apply",
) -> dict[str, Any]:
    """The object after this manager applied `wanted` over `live`. Raises `Conflict`."""
    body = _stored(wanted)
    before: dict[str, Any] = (
        copy.deepcopy(dict(live)) if live else {"metadata": {"uid": uid, "resourceVersion": "0", "generation": 0}}
    )
    entries = {
        (it["manager"], it["operation"]): _paths(it["fieldsV1"]) for it in before["metadata"].pop("managedFields", [])
    }
    wants = {path: value for path, value in _leaves((), body) if path[0] not in ("apiVersion", "kind", "status")}
    given_up = entries.pop((manager, operation), set()) - wants.keys()
    _check(wants, before, entries)
    kept = [*wants, *(path for paths in entries.values() for path in paths)]
    after = _set_all(_without(copy.deepcopy(before), given_up, kept), body)
    entries[manager, operation] = set(wants) - {("metadata", "name"), ("metadata", "namespace")}
    after = _defaulted(after)
    _count(before, after)
    after["metadata"]["managedFields"] = [
        {
            "manager": who,
            "operation": how,
            "apiVersion": body["apiVersion"],
            "fieldsType": "FieldsV1",
            "fieldsV1": _fields_v1(paths),
        }
        for (who, how), paths in entries.items()
    ]
    return after


def touched(live: Mapping[str, Any], manager: str, path: Path, value: Any, subresource: str = "") -> dict[str, Any]:
    """The object after somebody else updated one field of it: it is theirs then, and no one else's."""
    body = copy.deepcopy(dict(live))
    changed = _get(body, path) != value
    for it in body["metadata"]["managedFields"]:
        if changed:
            it["fieldsV1"] = _fields_v1(_paths(it["fieldsV1"]) - {path})
    place = _get(body, path[:-1])
    place[path[-1]] = value
    entry = {"manager": manager, "operation": "Update", "fieldsV1": _fields_v1({path})}
    body["metadata"]["managedFields"].append(entry | ({"subresource": subresource} if subresource else {}))
    _count(live, body)
    return body


def _stored(wanted: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(revealed(wanted))
    if plain := body.pop("stringData", None):
        body["data"] = {**body.get("data", {}), **{k: base64.b64encode(v.encode()).decode() for k, v in plain.items()}}
    return body


def _defaulted(body: dict[str, Any]) -> dict[str, Any]:
    """A few of the defaults that the server fills in, so that a comparison has to cope with them."""
    spec = body.get("spec") or {}
    if body["kind"] == "Deployment":
        spec.setdefault("replicas", 1)
        spec.setdefault("progressDeadlineSeconds", 600)
        spec.setdefault("strategy", {"type": "RollingUpdate"})
    if body["kind"] == "Service":
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("clusterIP", "10.0.0.1")
    if "template" in spec:
        pod = spec["template"].setdefault("spec", {})
        pod.setdefault("restartPolicy", "Always")
        for it in pod.get("containers", []):
            it.setdefault("imagePullPolicy", "IfNotPresent")
            for name in [name for name, of in it.items() if of == []]:
                del it[name]  # omitempty
            for port in it.get("ports", []):
                port.setdefault("protocol", "TCP")
    for port in spec.get("ports", []):
        port.setdefault("protocol", "TCP")
    return body


def _count(before: Mapping[str, Any], after: dict[str, Any]) -> None:
    def plain(body: Mapping[str, Any]) -> dict[str, Any]:
        meta = {
            k: v for k, v in body["metadata"].items() if k not in ("managedFields", "resourceVersion", "generation")
        }
        return {**body, "metadata": meta}

    def inner(body: Mapping[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in body.items() if k not in ("metadata", "status")}

    meta = after["metadata"]
    if plain(before) != plain(after):
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)
    if inner(before) != inner(after):
        meta["generation"] = int(meta["generation"]) + 1


def _identity(name: str, element: Mapping[str, Any]) -> tuple[tuple[str, Any], ...] | None:
    if name == "ports":
        port = "containerPort" if "containerPort" in element else "port"
        return ((port, element.get(port)), ("protocol", element.get("protocol", "TCP")))
    keys = _KEYS.get(name)
    return tuple((it, element[it]) for it in keys) if keys else None


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for name, of in value.items():
            yield from _leaves((*path, name), of)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and _identity(str(path[-1]), value[0]):
        for it in value:
            for inner, leaf in _leaves((), it):
                yield (*path, _identity(str(path[-1]), it), *inner), leaf
    elif value is not None:
        yield path, value


def _find(place: Any, segment: Any) -> Any:
    if isinstance(segment, tuple):
        return next((it for it in place or [] if all(it.get(k, "TCP") == v for k, v in segment)), None)
    return place.get(segment) if isinstance(place, dict) else None


def _get(body: Any, path: Path) -> Any:
    for segment in path:
        body = _find(body, segment)
    return body


def _set_all(body: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    for name, value in wanted.items():
        there = body.get(name)
        if isinstance(value, dict) and value:
            body[name] = _set_all(there if isinstance(there, dict) else {}, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and _identity(name, value[0]):
            body[name] = _merged(name, there if isinstance(there, list) else [], value)
        elif value is not None:
            body[name] = value
    return body


def _merged(name: str, there: list[Any], wanted: list[Any]) -> list[Any]:
    found = [_set_all(_find(there, _identity(name, it)) or {}, it) for it in wanted]
    wanted_ones = [_identity(name, it) for it in wanted]
    return found + [it for it in there if _identity(name, it) not in wanted_ones]


def _without(body: dict[str, Any], gone: set[Path], kept: Iterable[Path]) -> dict[str, Any]:
    """Without what we owned and give up, whole branches where nobody else keeps a leaf on them."""
    stems = {path[:end] for path in kept for end in range(1, len(path) + 1)}
    for path in gone:
        stem = next((path[:end] for end in range(1, len(path) + 1) if path[:end] not in stems), None)
        place = _get(body, stem[:-1]) if stem else None
        if stem and isinstance(place, dict):
            place.pop(stem[-1], None)
        elif stem and isinstance(place, list):
            place[:] = [it for it in place if it is not _find(place, stem[-1])]
    return body


def _check(wants: Mapping[Path, Any], before: Mapping[str, Any], entries: Mapping[Any, set[Path]]) -> None:
    found = [
        (who, _words(path))
        for path, value in wants.items()
        for (who, _), paths in entries.items()
        if path in paths and _get(before, path) != value
    ]
    if found:
        raise Conflict(tuple(found))


def _words(path: Path) -> str:
    return "".join(
        f"[{','.join(f'{k}={json.dumps(v)}' for k, v in it)}]" if isinstance(it, tuple) else f".{it}" for it in path
    )


def _fields_v1(paths: set[Path]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path in paths:
        node = root
        for it in path:
            name = f"k:{json.dumps(dict(it), separators=(',', ':'))}" if isinstance(it, tuple) else f"f:{it}"
            node = node.setdefault(name, {})
    return root


def _paths(node: Mapping[str, Any], path: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for name, below in node.items():
        segment: Any = name[2:] if name.startswith("f:") else tuple(json.loads(name[2:]).items())
        found |= _paths(below, (*path, segment)) if below else {(*path, segment)}
    return found
