"""Random patches: of parts of manifests, with nulls, directives and operations."""

from __future__ import annotations

from random import Random
from typing import Any

from fuzz.values import Json, some


def merge_patch(rng: Random, body: Json) -> Json:
    """A part of a manifest, annotations and finalizers taken away now and then."""
    said = {name: it for name, it in body.items() if name not in ("apiVersion", "kind")}
    metadata = {name: it for name, it in said["metadata"].items() if name != "name"}
    if rng.random() < 0.3:
        metadata["annotations"] = rng.choice([None, {"note": None, "sum": "x"}])
    if rng.random() < 0.15:
        metadata["finalizers"] = rng.choice([None, [], ["example.com/b"]])
    return {**said, "metadata": metadata}


def strategic_patch(rng: Random, body: Json) -> Json:
    """The same with directives for lists and maps."""
    said = merge_patch(rng, body)
    if rng.random() < 0.2 and "finalizers" not in said["metadata"]:  # with both the real server has no order
        said["metadata"]["$deleteFromPrimitiveList/finalizers"] = some(rng, ["example.com/a", "example.com/b"])
    if rng.random() < 0.1:
        said["metadata"]["labels"] = {"$patch": "replace", **said["metadata"].get("labels", {})}
    containers = _containers(said)
    if containers is not None:
        containers += rng.choice([[], [{"$patch": "delete", "name": rng.choice(["sidecar", "agent"])}]])
        if rng.random() < 0.3:
            containers[0]["env"] = [{"name": "LOG", "$patch": "delete"}, {"name": "MODE", "value": "patched"}]
    return said


def _containers(body: Json) -> list[Any] | None:
    found: Any = body.get("spec", {}).get("template", {}).get("spec", {}).get("containers")
    return found if isinstance(found, list) else None


def json_patch(rng: Random) -> list[Json]:
    """One or two operations."""
    known: list[Json] = [
        {"op": "add", "path": "/metadata/labels", "value": {"app": rng.choice("abc")}},
        {"op": "replace", "path": "/metadata/labels/app", "value": "z"},
        {"op": "remove", "path": "/metadata/annotations"},
        {"op": "add", "path": "/metadata/annotations/note", "value": "json"},
        {"op": "test", "path": "/metadata/labels/app", "value": "a"},
        {"op": "remove", "path": "/metadata/finalizers"},
        {"op": "remove", "path": "/data/a"},
        {"op": "add", "path": "/spec/ports/-", "value": {"name": "last", "port": 99}},
        {"op": "remove", "path": "/spec/template/spec/containers/1"},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/patched:3"},
        {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "LAST", "value": "1"}},
        {"op": "copy", "from": "/metadata/labels", "path": "/metadata/annotations"},
        {"op": "move", "from": "/metadata/labels/app", "path": "/metadata/labels/tier"},
    ]
    return rng.sample(known, rng.choice([1, 1, 2]))
