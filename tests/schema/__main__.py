"""Make `schema.json.gz` anew from a real API server: `nox -s schema`."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from paasctl.embedded.kube.objects.schema import Schemas, Type
from schema import learn, served, trim
from schema.ask import Server
from schema.samples import SAMPLES, STATUSES

Json = dict[str, Any]
FILE = Path(__file__).parents[2] / "src/paasctl/embedded/kube/objects/schema.json.gz"
NAMESPACE = "objects-learn"
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def main() -> None:
    """Ask, learn, write."""
    server = Server(Path(os.environ["PAASCTL_TEST_KUBECONFIG"]))
    data = _described(server)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    server.ask("POST", "/api/v1/namespaces", namespace)
    try:
        data |= _learnt(server, Schemas(data))
    finally:
        server.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    data["columns"] = _columns(server, data["groups"])
    text = json.dumps(data, separators=(",", ":")).encode()
    FILE.write_bytes(gzip.compress(text, 9, mtime=0))
    sys.stdout.write(f"{FILE.name}: {len(text)} bytes, {FILE.stat().st_size} packed\n")


def _described(server: Server) -> Json:
    whole: dict[str, Json] = {}
    discovered = {}
    for name in served.GROUPS:
        whole |= server.get(f"/openapi/v3{served.path(name)}")["components"]["schemas"]
        discovered[name] = server.get(served.path(name))
    groups = trim.groups(discovered)
    kinds = trim.kinds(whole, groups)
    return {
        "version": server.get("/version"),
        "groups": groups,
        "kinds": kinds,
        "components": trim.components(whole, kinds.values()),
        "custom": list(served.CUSTOM),
        "defaults": {},
        "zeros": {},
        "silent": {},
        "columns": {},
    }


def _learnt(server: Server, schemas: Schemas) -> Json:
    seen, tries = learn.Seen(), dict[tuple[str, str], int]()
    for sample in SAMPLES:
        path, kind = _place(schemas, sample)
        if kind is not None:
            learn.Explorer(_creating(server, path), kind, seen, tries).explore(sample)
    for sample in STATUSES:
        path, kind = _place(schemas, sample)
        answer = server.ask("POST", path, sample)
        assert kind is not None, path
        assert answer.is_good, answer.message
        send = _reporting(server, f"{path}/{sample['metadata']['name']}")
        whole = {**answer.body, "status": {}}
        if send(whole) is None:  # its controller has counted already, and counts don't fall
            whole["status"] = {"collisionCount": 0, "replicas": 0}
        learn.Explorer(send, kind, seen, tries, status=True).explore(whole)
    zeros = {name: sorted(it) for name, it in sorted(seen.zeros.items())}
    types = {name: schemas.named(name) for name in seen.objects if name in schemas.components()}
    return {"defaults": learn.rules(seen), "zeros": zeros, "silent": learn.silent(seen, types)}


def _place(schemas: Schemas, sample: Json) -> tuple[str, Type | None]:
    """Where samples are sent, and their type; None: it is a custom resource, whose schema says it all."""
    group, _, version = sample["apiVersion"].rpartition("/")
    resource = schemas.of_kind(group, version, sample["kind"])
    assert resource is not None, sample["kind"]
    below = f"/namespaces/{NAMESPACE}" if resource.namespaced else ""
    path = f"{served.path(sample['apiVersion'])}{below}/{resource.plural}"
    return path, None if schemas.is_custom(resource) else schemas.type(resource)


def _creating(server: Server, path: str) -> learn.Send:
    def send(body: Json) -> Json | None:
        answer = server.ask("POST", path, body, dryRun="All", fieldManager="learn")
        return answer.body if answer.is_good else None

    return send


def _reporting(server: Server, path: str) -> learn.Send:
    def send(body: Json) -> Json | None:
        for _ in range(40):  # its controller writes, too
            live = server.get(path)
            answer = server.ask("PUT", f"{path}/status", {**live, "status": body["status"]}, dryRun="All")
            if answer.status != 409:
                return answer.body if answer.is_good else None
            threading.Event().wait(0.05)
        return None

    return send


def _columns(server: Server, groups: dict[str, list[Json]]) -> dict[str, list[Json]]:
    found = {}
    for name, listed in groups.items():
        for it in listed:
            if "/" not in it["name"]:
                table = server.get(f"{served.path(name)}/{it['name']}?limit=1", accept=_TABLE)
                found[f"{name}/{it['name']}"] = table["columnDefinitions"]
    return found


if __name__ == "__main__":
    main()
