"""Where sequences go, and what must be equal: bodies and refusals with uids, times, versions and addresses masked."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fuzz.manifests import OWNERS
from fuzz.statuses import STATUSES
from fuzz.steps import APPLY, Kind, Sequence, Step
from fuzz.values import Json
from paasctl.adapters.kube.request import Answer
from schema.ask import Server

_OTHERS = {"kube-controller-manager", "traefik", "kube-scheduler", "job-controller", "deployment-controller"}
_PLURALS = {
    "Ingress": "ingresses",
    "NetworkPolicy": "networkpolicies",
}
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"\b10\.(?:96|65|43)\.\d+\.\d+\b")
_STRUCT = re.compile(r"Invalid value: (?:\{.*?\}|null|\[.*?\]): (?=[a-z`])")
"""A message shows Go's own JSON of a struct, unexported names and all."""
_TIMES = ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "namespace")


@dataclass
class World:
    """One API server, and our namespace of it."""

    server: Server
    namespace: str
    uids: dict[str, str] = field(default_factory=dict)
    """Of the owners, by what stands for them."""

    def path(self, kind: Kind, name: str = "") -> str:
        version, which = kind
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural = _PLURALS.get(which, which.lower() + "s")
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}".rstrip("/")

    def run(self, sequence: Sequence, name: str) -> list[Any]:
        """What each step comes to, and at last what is stored."""
        try:
            told = [self._step(sequence.kind, step, name) for step in sequence.steps]
            return [*told, self._told(self.server.ask("GET", self.path(sequence.kind, name)), name)]
        finally:
            self._clear(self.path(sequence.kind, name))

    def _clear(self, path: str) -> None:
        gone = self.server.ask("DELETE", path, propagationPolicy="Background")
        if gone.is_good and gone.body["kind"] != "Status":
            freed = {"metadata": {"finalizers": None}}
            self.server.ask("PATCH", path, freed, media="application/merge-patch+json")

    def _step(self, kind: Kind, step: Step, name: str) -> Any:
        path = self.path(kind, name)
        if step.subresource:
            live = self.server.ask("GET", path)
            if not live.is_good:  # the real server would make a Service of a status that is applied
                return self._told(live, name)
        answer = self._answer(kind, step, name)
        stays = answer.is_good and not step.dry_run and "deletionTimestamp" in answer.body["metadata"]
        if step.how == "delete" and answer.is_good and not stays:
            return {"kind": "gone"}  # some kinds say what they were
        return self._told(answer, name)

    def _answer(self, kind: Kind, step: Step, name: str) -> Answer:
        path = self.path(kind, name) + (f"/{step.subresource}" if step.subresource else "")
        asked = {} if step.how == "delete" else {"fieldManager": step.manager}
        asked |= {"dryRun": "All"} if step.dry_run else {}
        asked |= {"force": "true"} if step.force else {}
        body = self._meant(step.body)
        match step.how:
            case "create":
                return self.server.ask("POST", self.path(kind), _named(body, name), **asked)
            case "replace":
                return self._replace(path, _named(body, name), asked)
            case "delete":
                return self.server.ask("DELETE", path, propagationPolicy="Background", **asked)
            case "scale":
                return self.server.ask("PATCH", path, body, media="application/merge-patch+json", **asked)
            case _ if step.how == APPLY:
                return self.server.ask("PATCH", path, _named(body, name), media=APPLY, **asked)
            case _:
                return self.server.ask("PATCH", path, body, media=step.how, **asked)

    def _replace(self, path: str, body: Json, asked: dict[str, str]) -> Answer:
        for _ in range(4):  # a controller may write in between
            answer = self._replace_once(path, body, asked)
            if "the object has been modified" not in answer.message:
                return answer
        return self._replace_once(path, body, asked)

    def _replace_once(self, path: str, body: Json, asked: dict[str, str]) -> Answer:
        live = self.server.ask("GET", path)
        if not live.is_good:
            return live
        metadata = {**body["metadata"], "resourceVersion": live.body["metadata"]["resourceVersion"]}
        return self.server.ask("PUT", path, {**body, "metadata": metadata}, **asked)

    def _meant(self, body: Any) -> Any:
        """The body with this world's uids."""
        text = json.dumps(body)
        for shown, uid in self.uids.items():
            text = text.replace(shown, uid)
        return json.loads(text)

    def _told(self, answer: Answer, name: str) -> Any:
        text = json.dumps(answer.body).replace(f"({self.namespace}/", "(/")  # only some refusals of an apply say it
        for shown, uid in self.uids.items():
            text = text.replace(uid, shown)
        body = json.loads(text)
        return masked(body, name) if answer.is_good else _refusal(answer.status, body, name)


def _named(body: Json, name: str) -> Json:
    return {**body, "metadata": {**body["metadata"], "name": name}}


def _refusal(status: int, body: Json, name: str) -> Json:
    details = body.get("details") or {}
    causes = sorted((_scrubbed(it, name) for it in details.get("causes") or []), key=str)
    text = str(body.get("message")).replace(name, "NAME")
    lines = sorted(text.split("\n")) if status == 409 else text
    said = {"status": status, "reason": body.get("reason"), "message": lines, "causes": causes}
    told: Json = _scrubbed(said, name)
    return told


def masked(body: Json, name: str) -> Json:
    """The object without what no two servers agree about."""
    body = dict(body)
    metadata = dict(body["metadata"])
    for said in _TIMES:
        if said in metadata:
            metadata[said] = "masked"
    entries = [it for it in metadata.pop("managedFields", []) if it["manager"] not in _OTHERS]
    metadata["managedFields"] = sorted(
        ({**it, "time": "masked"} if "time" in it else it for it in entries),
        key=lambda it: (it["manager"], it["operation"], it["apiVersion"], it.get("subresource", "")),
    )
    if body["kind"] not in STATUSES:
        body.pop("status", None)
    if body["kind"] == "Service":
        body["spec"] = _without_ports(body["spec"])
    told: Json = _scrubbed({**body, "metadata": metadata}, name)
    return told


def _without_ports(spec: Json) -> Json:
    ports = [{**it, "nodePort": "masked"} if "nodePort" in it else it for it in spec.get("ports", [])]
    return {**spec, "ports": ports}


def _scrubbed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {_text(key, name): _scrubbed(it, name) for key, it in value.items()}
    if isinstance(value, list):
        return [_scrubbed(it, name) for it in value]
    return _text(value, name) if isinstance(value, str) else value


def _text(value: str, name: str) -> str:
    value = _STRUCT.sub("Invalid value: STRUCT: ", _ADDRESS.sub("ADDRESS", _UID.sub("UID", value)))
    return value.replace(name, "NAME")


@contextmanager
def paired(one: Server, other: Server) -> Iterator[tuple[World, World]]:
    """A namespace of the same name on each, where no pod can run; gone at the end."""
    name = f"objects-fuzz-{secrets.token_hex(3)}"
    try:
        yield _furnished(one, name), _furnished(other, name)
    finally:
        for server in (one, other):
            server.ask("DELETE", f"/api/v1/namespaces/{name}")


def _furnished(server: Server, namespace: str) -> World:
    root = "/api/v1/namespaces"
    made = server.ask("POST", root, _plain("Namespace", namespace))
    assert made.is_good, made.message
    quota = {**_plain("ResourceQuota", "none"), "spec": {"hard": {"pods": "0"}}}
    server.ask("POST", f"{root}/{namespace}/resourcequotas", quota)
    uids = {}
    for shown, owner in OWNERS.items():
        made = server.ask("POST", f"{root}/{namespace}/configmaps", _plain("ConfigMap", owner))
        assert made.is_good, made.message
        uids[shown] = made.body["metadata"]["uid"]
    return World(server, namespace, uids)


def _plain(kind: str, name: str) -> Json:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
