"""Random writes to one object, as values: who, how, and what."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from fuzz.manifests import Json, manifest

MANAGERS = ("alice", "bob", "carol", "kubectl")
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class Step:
    """One write. `how` is ``create``, ``replace``, ``scale``, or a patch's media type."""

    how: str
    manager: str
    body: Any
    force: bool = False
    subresource: str = ""

    def __str__(self) -> str:
        forced = " --force" if self.force else ""
        return f"{self.how} by {self.manager}{forced} {self.subresource}\n    {self.body}"


@dataclass(frozen=True)
class Sequence:
    """Writes to one object of one kind, in their order."""

    kind: tuple[str, str]
    steps: tuple[Step, ...]


def sequence(rng: Random, kind: tuple[str, str], name: str) -> Sequence:
    """A random one: whole manifests first, then parts, other managers, patches."""
    first = Step(rng.choice(["create", APPLY, APPLY]), rng.choice(MANAGERS), manifest(rng, kind, name))
    rest = [_step(rng, kind, name) for _ in range(rng.randint(2, 7))]
    return Sequence(kind, (first, *rest))


def _step(rng: Random, kind: tuple[str, str], name: str) -> Step:
    manager, whole = rng.choice(MANAGERS), manifest(rng, kind, name)
    choice = rng.random()
    if choice < 0.5:
        body = whole if rng.random() < 0.6 else part(rng, whole)
        return Step(APPLY, manager, body, force=rng.random() < 0.4)
    if choice < 0.6:
        return Step("replace", manager, whole)
    if choice < 0.7:
        return Step(MERGE, manager, _patch(rng, whole))
    if choice < 0.85 and kind[1] != "HTTPRoute":
        return Step(STRATEGIC, manager, _patch(rng, whole))
    if choice < 0.92 and kind[1] in ("Deployment", "StatefulSet"):
        return Step("scale", manager, {"spec": {"replicas": rng.choice([0, 1, 2, 5])}}, subresource="scale")
    if choice < 0.97 and kind[1] in ("Ingress", "Service"):
        status = {"loadBalancer": {"ingress": [{"ip": f"10.0.0.{rng.randint(1, 3)}", "ipMode": "VIP"}]}}
        if kind[1] == "Ingress":
            del status["loadBalancer"]["ingress"][0]["ipMode"]
        return Step(MERGE, manager, {"status": status, "metadata": {"labels": {"part": "s"}}}, subresource="status")
    return Step(JSON_PATCH, manager, _operations(rng))


def part(rng: Random, whole: Json) -> Json:
    """What a second manager applies: its own label, and little else."""
    said: Json = {name: whole[name] for name in ("apiVersion", "kind")}
    said["metadata"] = {"name": whole["metadata"]["name"], "labels": {rng.choice(["app", "tier"]): rng.choice("ab")}}
    spec = whole.get("spec")
    if spec is not None:
        names = [it for it in spec if it in ("paused", "suspend") or rng.random() < 0.3]
        return {**said, "spec": {name: spec[name] for name in names}} if names else said
    return {**said, **{name: it for name, it in whole.items() if name not in said and rng.random() < 0.5}}


def _patch(rng: Random, whole: Json) -> Json:
    body = part(rng, whole)
    del body["apiVersion"], body["kind"], body["metadata"]["name"]
    if rng.random() < 0.3:
        body["metadata"]["annotations"] = rng.choice([None, {"note": None, "sum": "x"}])
    return body


def _operations(rng: Random) -> list[Json]:
    known: list[Json] = [
        {"op": "add", "path": "/metadata/labels", "value": {"app": rng.choice("abc")}},
        {"op": "replace", "path": "/metadata/labels/app", "value": "z"},
        {"op": "remove", "path": "/metadata/annotations"},
        {"op": "add", "path": "/metadata/annotations/note", "value": "json"},
        {"op": "test", "path": "/metadata/labels/app", "value": "a"},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/patched:3"},
        {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "LAST", "value": "1"}},
    ]
    return rng.sample(known, rng.choice([1, 1, 2]))
