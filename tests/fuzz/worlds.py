"""Where sequences go, and what must be equal: bodies and refusals with uids, times, versions and addresses masked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fuzz.manifests import Json
from fuzz.steps import APPLY, Sequence, Step
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
_STATUS_IS_OURS = ("Service", "Ingress")


@dataclass
class World:
    """One API server, and our namespace of it."""

    server: Server
    namespace: str

    def path(self, kind: tuple[str, str], name: str = "") -> str:
        version, which = kind
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural = _PLURALS.get(which, which.lower() + "s")
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}".rstrip("/")

    def run(self, sequence: Sequence, name: str) -> list[Any]:
        """What each step comes to."""
        return [self._step(sequence.kind, step, name) for step in sequence.steps]

    def _step(self, kind: tuple[str, str], step: Step, name: str) -> Any:
        path, asked = self.path(kind, name), {"fieldManager": step.manager}
        if step.subresource:
            path += f"/{step.subresource}"
        match step.how:
            case "create":
                answer = self.server.ask("POST", self.path(kind), _named(step.body, name), **asked)
            case "replace":
                answer = self._replace(path, _named(step.body, name), asked)
            case "scale":
                answer = self.server.ask("PATCH", path, step.body, media="application/merge-patch+json", **asked)
            case _ if step.how == APPLY:
                forced = {"force": "true"} if step.force else {}
                answer = self.server.ask("PATCH", path, _named(step.body, name), media=APPLY, **asked, **forced)
            case _:
                answer = self.server.ask("PATCH", path, step.body, media=step.how, **asked)
        if not answer.is_good:
            return _refusal(answer.status, answer.body, name)
        return masked(answer.body, name)

    def _replace(self, path: str, body: Json, asked: dict[str, str]) -> Any:
        answer = None
        for _ in range(5):  # a controller may write in between
            live = self.server.ask("GET", path)
            if not live.is_good:
                return live
            metadata = {**body["metadata"], "resourceVersion": live.body["metadata"]["resourceVersion"]}
            answer = self.server.ask("PUT", path, {**body, "metadata": metadata}, **asked)
            if "the object has been modified" not in answer.message:
                break
        return answer


def _named(body: Json, name: str) -> Json:
    return {**body, "metadata": {**body["metadata"], "name": name}}


def _refusal(status: int, body: Json, name: str) -> Json:
    details = body.get("details") or {}
    causes = sorted(details.get("causes") or [], key=str)
    text = str(body.get("message")).replace(name, "NAME")
    lines = sorted(text.split("\n")) if status == 409 else text
    said = {"status": status, "reason": body.get("reason"), "message": lines, "causes": causes}
    told: Json = _scrubbed(said, name)
    return told


def masked(body: Json, name: str) -> Json:
    """The object without what no two servers agree about."""
    body = dict(body)
    metadata = dict(body["metadata"])
    for field in ("uid", "resourceVersion", "creationTimestamp", "namespace"):
        if field in metadata:
            metadata[field] = "masked"
    entries = [it for it in metadata.pop("managedFields", []) if it["manager"] not in _OTHERS]
    metadata["managedFields"] = sorted(
        ({**it, "time": "masked"} if "time" in it else it for it in entries),
        key=lambda it: (it["manager"], it["operation"], it["apiVersion"], it.get("subresource", "")),
    )
    if body["kind"] not in _STATUS_IS_OURS:
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
