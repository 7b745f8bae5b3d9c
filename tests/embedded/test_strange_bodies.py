"""Bodies that no client sends: whatever they say, the answer is a Status, never a bug's 500; and evictions."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.model import By, Place
from paasctl.embedded.kube.simulation import Simulation, simulate

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
APPLY, STRATEGIC = "application/apply-patch+yaml", "application/strategic-merge-patch+json"
JSON, MERGE, PATCH = "application/json", "application/merge-patch+json", "application/json-patch+json"
HEAD = b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": '


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(clock=DrivenClock(), tls=False) as made:
        yield made


def _ask(sim: Simulation, method: str, path: str, body: bytes = b"", media: str = JSON) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(sim.server.host, timeout=20)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {sim.token}", "Content-Type": media})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# --- bodies ---


@pytest.mark.parametrize("media", [JSON, MERGE, PATCH, STRATEGIC])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 900 + b"]" * 900,
        HEAD + b'{"a": ' * 500 + b"1" + b"}" * 501,
        HEAD + b"NaN}",
        HEAD + b"1e999}",
        HEAD + b"9" * 5000 + b"}",
        HEAD + b'"\xff\xfe"}',
        HEAD + b'"\xed\xa0\x80"}',
        '{"a": 1}'.encode("utf-16"),
    ],
    ids=lambda it: it[:110],
)
def test_what_is_no_json_is_refused(sim: Simulation, media: str, body: bytes) -> None:
    method, path = ("POST", MAPS) if media == JSON else ("PATCH", f"{MAPS}/one?fieldManager=a")
    status, said = _ask(sim, method, path, body, media)
    assert (status, said["kind"], said["reason"]) == (400, "Status", "BadRequest")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"metadata": "one"}, 400),
        ({"metadata": [None]}, 400),
        ({"metadata": {"name": 5}}, 400),
        ({"metadata": {"name": [{}]}}, 400),
        ({"metadata": {"name": "one", "labels": 5}}, 400),
        ({"metadata": None}, 422),
        ({"kind": 5}, 400),
        ({"apiVersion": []}, 400),
        ({"metadata": {"name": "a\0b"}}, 422),
        ({"metadata": {"name": "x" * 300}}, 422),
        ({"metadata": {"name": ".."}}, 422),
        ({"metadata": {"name": "one", "ownerReferences": [None]}}, 400),
        ({"data": {"a\0b": "c"}}, 422),
        ({"data": {"a": 10**30}}, 400),
    ],
    ids=lambda it: str(it)[:60],
)
def test_an_object_that_makes_no_sense_is_refused(sim: Simulation, body: dict[str, Any], status: int) -> None:
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, **body}
    found, said = _ask(sim, "POST", MAPS, json.dumps(whole).encode())
    assert (found, said["kind"]) == (status, "Status")


def test_an_integer_that_fits_nowhere_is_refused(sim: Simulation) -> None:
    for number in (10**30, -(10**400), 1e308):
        spec = {"containers": [{"name": "a", "image": "b:1"}], "terminationGracePeriodSeconds": number}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": spec}
        assert _ask(sim, "POST", PODS, json.dumps(body).encode())[0] == 400


def test_ten_thousand_labels_are_kept(sim: Simulation) -> None:
    labels = {f"k{number}": "v" for number in range(10_000)}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "many", "labels": labels}}
    assert _ask(sim, "POST", MAPS, json.dumps(body).encode())[0] == 201
    assert _ask(sim, "GET", f"{MAPS}/many")[1]["metadata"]["labels"] == labels


def test_a_name_that_comes_twice_counts_the_second_time(sim: Simulation) -> None:
    body = b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "twice"}, "data": {"a": "1", "a": "2"}}'
    assert _ask(sim, "POST", f"{MAPS}?fieldValidation=Strict", body)[0] == 400
    assert _ask(sim, "POST", MAPS, body)[1]["data"] == {"a": "2"}


def test_half_a_surrogate_pair_is_a_sign_that_says_so(sim: Simulation) -> None:
    body = HEAD.replace(b"one", b"half") + rb'{"a": "\ud800, \ud83d\ude00"}}'
    assert _ask(sim, "POST", MAPS, body)[1]["data"] == {"a": "\ufffd, \U0001f600"}


def test_a_body_beyond_three_mebibytes_is_too_large(sim: Simulation) -> None:
    status, said = _ask(sim, "POST", MAPS, HEAD + b'{"a": "' + b"x" * (3 << 20) + b'"}}')
    assert (status, said["reason"]) == (413, "RequestEntityTooLarge")


_BOMB = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [%b]\n" % (at, at, b", ".join([b"*%c" % (at - 1)] * 9)) for at in range(98, 108)
)


@pytest.mark.parametrize(
    "body",
    [
        b"a: &a [*a]",
        b"[" * 100_000,
        HEAD + b'{"a": ' * 500 + b"1" + b"}" * 501,
        _BOMB,
        b"- " * 5000,
        b"a: !!bool x",
        b"a: !!timestamp x",
        b"a: !!binary aGk=",
        b"a: .nan",
    ],
    ids=lambda it: str(it[:20]),
)
def test_yaml_that_is_no_json_is_refused(sim: Simulation, body: bytes) -> None:
    status, said = _ask(sim, "PATCH", f"{MAPS}/one?fieldManager=a", body, APPLY)
    assert (status, said["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "body",
    [
        {"preconditions": "x"},
        {"preconditions": {"uid": 5}},
        {"gracePeriodSeconds": "x"},
        {"gracePeriodSeconds": [1]},
        {"gracePeriodSeconds": 10**30},
        {"dryRun": 5},
        {"propagationPolicy": ["x"]},
    ],
    ids=str,
)
def test_a_deletion_that_makes_no_sense_deletes_nothing(sim: Simulation, body: dict[str, Any]) -> None:
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stays"}}
    _ask(sim, "POST", MAPS, json.dumps(whole).encode())
    assert _ask(sim, "DELETE", f"{MAPS}/stays", json.dumps(body).encode())[0] == 400
    assert _ask(sim, "GET", f"{MAPS}/stays")[0] == 200


@pytest.mark.parametrize(
    "query",
    [
        f"limit={'9' * 5000}",
        f"resourceVersion={'9' * 5000}",
        f"labelSelector=a%3E{'9' * 5000}",
        "watch=1&timeoutSeconds=x",
        "watch=1&timeoutSeconds=1e999",
    ],
    ids=lambda it: it[:30],
)
def test_a_query_that_no_number_says_is_refused(sim: Simulation, query: str) -> None:
    status, said = _ask(sim, "GET", f"{MAPS}?{query}")
    assert (status, said["kind"]) == (400, "Status")


@pytest.mark.parametrize(
    "spec", ["x", [], {"resourceAttributes": {"resource": {}}}, {"resourceAttributes": {"verb": 5}}], ids=str
)
def test_a_review_that_asks_nothing_is_refused(sim: Simulation, spec: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert _ask(sim, "POST", path, json.dumps({"spec": spec}).encode())[0] in (400, 422)


@pytest.mark.parametrize("path", [5, None, [], f"/data/{'9' * 5000}"], ids=lambda it: str(it)[:10])
def test_a_patch_whose_path_is_none_is_refused(sim: Simulation, path: Any) -> None:
    for it in ("replace", "copy"):
        body = json.dumps([{"op": it, "path": path, "from": path, "value": 1}]).encode()
        assert _ask(sim, "PATCH", f"{MAPS}/one", body, PATCH)[0] == 400


def test_protobuf_that_is_none_is_refused_soon(sim: Simulation) -> None:
    chance = random.Random(4)
    for content in (b"\xff" * (2 << 20), *(chance.randbytes(40) for _ in range(200))):
        status, said = _ask(sim, "POST", MAPS, b"k8s\0" + content, "application/vnd.kubernetes.protobuf")
        assert status in (400, 501)
        assert said["kind"] == "Status"


# --- evictions ---


def _pod(sim: Simulation, name: str, phase: str = "Running", **labels: str) -> str:
    place = Place("", "pods", "default", name)
    spec = {"containers": [{"name": "a", "image": "b:1"}], "nodeSelector": {"no": "where"}}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
    made = sim.store.create(place, body, By("test"))
    sim.store.update(place, {**made, "status": {**made["status"], "phase": phase}}, By("test", subresource="status"))
    return f"{PODS}/{name}"


def _budget(sim: Simulation, name: str, allowed: int, **labels: str) -> Place:
    place = Place("policy", "poddisruptionbudgets", "default", name)
    spec = {"minAvailable": 1, "selector": {"matchLabels": labels}}
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
    made = sim.store.create(place, body, By("test"))
    status = {**made["status"], "disruptionsAllowed": allowed}
    sim.store.update(place, {**made, "status": status}, By("test", subresource="status"))
    return place


def _left(sim: Simulation, budget: Place) -> int:
    found = sim.store.get(budget)
    assert found
    left: int = found["status"]["disruptionsAllowed"]
    return left


def test_an_eviction_takes_its_disruption_off_the_budget_at_once(sim: Simulation) -> None:
    """The controllers have not looked in between: the clock stands still."""
    pods = [_pod(sim, f"shop-{it}", app="shop") for it in range(3)]
    budget = _budget(sim, "shop", 1, app="shop")
    assert [_ask(sim, "POST", f"{it}/eviction")[0] for it in pods] == [201, 429, 429]
    assert _left(sim, budget) == 0
    assert [_ask(sim, "GET", it)[1].get("metadata", {}).get("deletionTimestamp") for it in pods[1:]] == [None, None]


def test_a_dry_eviction_evicts_nothing_and_takes_nothing_off(sim: Simulation) -> None:
    pod, budget = _pod(sim, "dry", app="dry"), _budget(sim, "dry", 1, app="dry")
    assert _ask(sim, "POST", f"{pod}/eviction", json.dumps({"deleteOptions": {"dryRun": ["All"]}}).encode())[0] == 201
    assert _ask(sim, "GET", pod)[0] == 200
    assert _left(sim, budget) == 1


def test_a_pod_that_has_not_begun_or_is_over_costs_no_disruption(sim: Simulation) -> None:
    budget = _budget(sim, "idle", 0, app="idle")
    for phase in ("Pending", "Succeeded", "Failed"):
        pod = _pod(sim, f"idle-{phase.lower()}", phase, app="idle")
        assert _ask(sim, "POST", f"{pod}/eviction")[0] == 201
    assert _left(sim, budget) == 0


def test_a_pod_of_two_budgets_cannot_be_evicted(sim: Simulation) -> None:
    pod = _pod(sim, "both", app="both", tier="web")
    _budget(sim, "both-app", 1, app="both")
    _budget(sim, "both-tier", 1, tier="web")
    status, said = _ask(sim, "POST", f"{pod}/eviction")
    assert (status, said["message"][:51]) == (500, "This pod has more than one PodDisruptionBudget, whi")


@pytest.mark.parametrize(
    "body", [b"[]", b"5", b'{"deleteOptions": 5}', b"{", b"[" * 100_000], ids=lambda it: str(it[:10])
)
def test_an_eviction_that_is_none_evicts_nothing(sim: Simulation, body: bytes) -> None:
    pod = _pod(sim, f"calm-{random.Random(body).randrange(10**9)}")
    assert _ask(sim, "POST", f"{pod}/eviction", body)[0] == 400
    assert _ask(sim, "GET", pod)[0] == 200
