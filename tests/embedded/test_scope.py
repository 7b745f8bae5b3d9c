"""What real clients were seen to ask of a real API server (`python -m scope`), asked of the simulation.

`requests.txt` has each shape of a request once: method, path without names, query, what is sent, what is taken.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from paasctl.embedded.kube.api import protobuf
from paasctl.embedded.kube.api.reviews import PATHS
from paasctl.embedded.kube.api.routes import Target, target
from paasctl.embedded.kube.model import By, Refusal
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.simulation import Simulation, simulate
from schema.samples import SAMPLES
from scope.shapes import ACCEPTS

_SEEN = Path(__file__).with_name("requests.txt").read_text().splitlines()
SHAPES = [it for it in _SEEN if "/proxy" not in it]
_VALUES = {
    "labelSelector": "app=a",
    "fieldSelector": "metadata.name=sample",
    "limit": "500",
    "timeoutSeconds": "0",
    "timeout": "32s",
    "tailLines": "1",
    "sinceSeconds": "1",
    "limitBytes": "9",
    "gracePeriodSeconds": "0",
    "container": "c",
    "fieldManager": "somebody",
}
"""What stands in for a name or a number."""
_SAMPLES = {(it["apiVersion"], it["kind"]): it for it in reversed(SAMPLES)}
_BODIES: dict[str, Any] = {
    "application/json-patch+json": [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}],
    "application/merge-patch+json": {"metadata": {"labels": {"a": "b"}}, "spec": {}},
    "application/strategic-merge-patch+json": {"metadata": {"labels": {"a": "b"}}},
}
_DOCUMENTS = ("/api", "/apis", "/version", "/openapi/v2", "/openapi/v3")
_OUTSIDE = (
    *(it for it in _SEEN if "/proxy" in it),
    "POST /api/v1/namespaces/{namespace}/pods/{name}/exec?command=true - any",
    "POST /api/v1/namespaces/{namespace}/pods/{name}/attach - any",
    "POST /api/v1/namespaces/{namespace}/pods/{name}/portforward - any",
    "GET /api/v1/namespaces/{namespace}/services/{name}/proxy - any",
    "GET /api/v1/namespaces/{namespace}/pods?sendInitialEvents=true&watch=true - json",
    "PATCH /apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale application/json-patch+json json",
    "PATCH /apis/apps/v1/namespaces/{namespace}/replicasets/{name}/scale?fieldManager application/apply-patch+yaml any",
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Simulation]:
    with simulate(tls=False) as made:
        yield made


@pytest.mark.parametrize("shape", SHAPES)
def test_what_clients_ask_is_simulated(cluster: Simulation, shape: str) -> None:
    found = _about(shape)
    _have(cluster, found)
    status, said = _asked(cluster, shape, found)
    assert status < 500, said
    assert status not in (405, 406, 415), said
    if shape.startswith("GET") and (found.subresource != "log" if found else _path(shape) in _DOCUMENTS):
        assert status == 200, said


@pytest.mark.parametrize("shape", _OUTSIDE)
def test_what_is_not_simulated_is_refused_by_a_status_that_says_so(cluster: Simulation, shape: str) -> None:
    found = _about(shape)
    _have(cluster, found)
    status, said = _asked(cluster, shape, found)
    body = json.loads(said)
    assert (status, body["kind"], body["code"], body["reason"]) == (501, "Status", 501, "NotImplemented")
    assert "the simulated API server" in body["message"]


def _path(shape: str) -> str:
    whole = shape.split()[1].partition("?")[0]
    return whole.replace("{namespace}", "default").replace("{name}", "sample")


def _about(shape: str) -> Target | None:
    """What it is about; None: discovery, a question about oneself, or what only the real one has."""
    schemas = loaded()
    try:
        found = target(schemas, _path(shape), tuple(it.api_version for it in schemas.resources))
    except Refusal:
        return None
    return found if not found.subresource or found.subresource in found.resource.subresources else None


def _have(cluster: Simulation, found: Target | None) -> None:
    """The sample that it is about, where it is about one."""
    if found is None or not found.name or cluster.store.get(found.place):
        return
    resource = found.resource
    cluster.store.create(found.place, _SAMPLES[resource.api_version, resource.kind], By("tests"))


def _asked(cluster: Simulation, shape: str, found: Target | None) -> tuple[int, str]:
    method, whole, media, accept = shape.split()
    query = dict(parse_qsl(whole.partition("?")[2], keep_blank_values=True))
    if "watch" in query:
        query.setdefault("timeoutSeconds", "")
    filled = {name: value or _value(cluster, name) for name, value in query.items()}
    headers = {"Authorization": f"Bearer {cluster.token}", "Accept": ACCEPTS.get(accept, accept)}
    body = None if method == "GET" else _body(method, media, _path(shape), found)
    if media != "-":
        headers["Content-Type"] = media
    connection = http.client.HTTPConnection(cluster.server.host, timeout=10)
    try:
        connection.request(method, f"{_path(shape)}?{urlencode(filled)}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def _value(cluster: Simulation, name: str) -> str:
    if name == "resourceVersion":
        return str(cluster.store.version())
    if name == "continue":
        return base64.b64encode(json.dumps({"rv": cluster.store.version(), "ns": "", "name": ""}).encode()).decode()
    return _VALUES.get(name, "x")


def _body(method: str, media: str, path: str, found: Target | None) -> bytes:
    if method == "DELETE":
        said: Any = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    elif path in PATHS:
        said = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    elif found is None or found.subresource in ("eviction", "token"):
        said = {"metadata": {"name": "sample"}}
    elif found.subresource == "scale":
        said = {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {"name": "sample"},
            "spec": {"replicas": 0},
        }
    else:
        said = _SAMPLES[found.resource.api_version, found.resource.kind]
    if media == protobuf.MEDIA:
        return _packed(*_kind(path, found))
    return json.dumps(_BODIES.get(media, said)).encode()


def _kind(path: str, found: Target | None) -> tuple[str, str]:
    if found is not None:
        return found.resource.api_version, found.resource.kind
    if path.endswith("/token"):
        return "authentication.k8s.io/v1", "TokenRequest"
    group, number, _ = path.removeprefix("/apis/").split("/")
    return f"{group}/{number}", "SelfSubjectAccessReview"


def _packed(api_version: str, kind: str) -> bytes:
    """An object that has a name, as protobuf."""
    about = _field(1, api_version.encode()) + _field(2, kind.encode())
    return b"k8s\x00" + _field(1, about) + _field(2, _field(1, _field(1, b"sample")))


def _field(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | 2, len(content))) + content
