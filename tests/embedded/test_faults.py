"""Every kind of fault as a line says it, through real requests: what the client sees, and what became of its write."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from paasctl.embedded.http.faults import BadFaultError, Rule, parsed
from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.model import By, Place
from paasctl.embedded.kube.simulation import Simulation, simulate

MAPS = "/api/v1/namespaces/default/configmaps"
ONE = f"{MAPS}/one"
BROKEN = (http.client.HTTPException, ConnectionError)


@dataclass
class Client:
    """Somebody with one connection, who asks again when it is gone."""

    sim: Simulation
    connection: http.client.HTTPConnection

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, http.client.HTTPMessage, Any]:
        """Status, headers, body: as JSON where it is any."""
        content = None if body is None else json.dumps(body)
        said = {"Authorization": f"Bearer {self.sim.token}", "Content-Type": "application/json", **headers}
        try:
            self.connection.request(method, path, content, said)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except BaseException:
            self.connection.close()
            raise
        return answer.status, answer.headers, json.loads(text) if text.startswith(("{", "[")) else text

    def breaks(self, method: str, path: str, body: Any = None) -> BaseException:
        with pytest.raises(BROKEN) as caught:
            self.ask(method, path, body)
        return caught.value

    def switch(self, *lines: str) -> None:
        for it in lines:
            self.sim.faults.switch_on(parsed(it))

    @property
    def data(self) -> dict[str, str]:
        """What the ConfigMap holds now."""
        found = self.sim.store.get(Place("", "configmaps", "default", "one"))
        assert found
        return dict(found["data"])

    @property
    def version(self) -> str:
        version: str = self.ask("GET", ONE)[2]["metadata"]["resourceVersion"]
        return version


def _map(**data: str) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "default"}, "data": data}


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(clock=DrivenClock(), tls=False) as made:
        yield made


@pytest.fixture
def client(sim: Simulation) -> Iterator[Client]:
    sim.faults.clear()
    place = Place("", "configmaps", "default", "one")
    if sim.store.get(place):
        sim.store.delete(place)
    sim.store.create(place, _map(n="1"), By("kubectl"))
    connection = http.client.HTTPConnection(sim.server.host, timeout=5)
    yield Client(sim, connection)
    connection.close()


def test_too_many_requests_with_a_time_to_wait(client: Client) -> None:
    client.switch("get configmaps: 429 retry-after=2")
    status, headers, _ = client.ask("GET", ONE)
    assert (status, headers["Retry-After"]) == (429, "2")
    assert client.ask("GET", ONE)[0] == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble(client: Client, status: int) -> None:
    client.switch(f'update configmaps: {status} body="no \\"etcd\\" today"')
    assert client.ask("PUT", ONE, _map(n="2"))[::2] == (status, 'no "etcd" today')
    assert client.data == {"n": "1"}
    assert client.ask("PUT", ONE, _map(n="2"))[0] == 200


def test_a_reset_before_anything_was_done(client: Client) -> None:
    client.switch("update configmaps: reset")
    assert isinstance(client.breaks("PUT", ONE, _map(n="2")), ConnectionResetError)
    assert client.data == {"n": "1"}


def test_a_write_that_was_done_and_not_answered(client: Client) -> None:
    client.switch("update configmaps: mute")
    assert isinstance(client.breaks("PUT", ONE, _map(n="2")), ConnectionResetError)
    assert client.data == {"n": "2"}


def test_half_an_answer(client: Client) -> None:
    client.switch("get configmaps: cut at=20")
    error = client.breaks("GET", ONE)
    assert isinstance(error, http.client.IncompleteRead)
    assert len(error.partial) == 20


def test_half_an_upload(client: Client) -> None:
    client.switch("update configmaps: cut-upload at=20")
    assert isinstance(client.breaks("PUT", ONE, _map(n="2" * 100)), ConnectionError)
    assert client.data == {"n": "1"}


def test_no_answer_at_all(client: Client) -> None:
    client.switch("get configmaps: stall")
    client.connection.timeout = 0.2
    with pytest.raises(TimeoutError):
        client.ask("GET", ONE)
    client.connection.timeout = 5
    assert client.ask("GET", ONE)[0] == 200


def test_a_slow_answer(client: Client) -> None:
    client.switch("get configmaps: slow by=150ms")
    began = time.monotonic()
    assert client.ask("GET", ONE)[0] == 200
    assert time.monotonic() - began >= 0.15


def test_a_wrong_byte(client: Client) -> None:
    client.connection.request("GET", ONE, headers={"Authorization": f"Bearer {client.sim.token}"})
    good = client.connection.getresponse().read()
    client.switch("get configmaps: flip")
    client.connection.request("GET", ONE, headers={"Authorization": f"Bearer {client.sim.token}"})
    bad = client.connection.getresponse().read()
    assert [a != b for a, b in zip(good, bad, strict=True)].count(True) == 1


def test_a_token_that_expired(client: Client) -> None:
    client.switch("get configmaps: expire")
    status, _, body = client.ask("GET", ONE)
    assert (status, body["reason"], body["message"]) == (401, "Unauthorized", "Unauthorized")
    assert client.ask("GET", ONE)[0] == 200


def test_a_right_that_is_missing(client: Client) -> None:
    client.switch('delete configmaps: forbid body="ask your administrator"')
    status, _, body = client.ask("DELETE", ONE)
    assert (status, body["reason"], body["message"]) == (403, "Forbidden", "ask your administrator")
    assert client.data == {"n": "1"}


def test_a_webhook_that_denies(client: Client) -> None:
    client.switch('patch configmaps: deny body="no images without a signature"')
    media = {"Content-Type": "application/merge-patch+json"}
    status, _, body = client.ask("PATCH", ONE, {"data": {"n": "2"}}, **media)
    assert (status, body["kind"]) == (403, "Status")
    why = 'admission webhook "fault.sim.paasctl.dev" denied the request: no images without a signature'
    assert body["message"] == why
    assert client.data == {"n": "1"}


def test_a_version_that_is_too_old(client: Client) -> None:
    client.switch("list configmaps: gone", "watch configmaps: gone")
    for query in ("limit=1&continue=x", "watch=1&resourceVersion=1"):
        status, _, body = client.ask("GET", f"{MAPS}?{query}")
        assert (status, body["reason"], body["code"]) == (410, "Expired", 410)


def test_an_object_that_was_changed_in_between(client: Client) -> None:
    made = {**_map(n="2"), "metadata": {"name": "one", "resourceVersion": client.version}}
    client.switch("update configmaps: race")
    status, _, body = client.ask("PUT", ONE, made)
    assert (status, body["reason"]) == (409, "Conflict")
    assert body["message"].endswith("please apply your changes to the latest version and try again")
    assert client.data == {"n": "1"}
    made["metadata"]["resourceVersion"] = client.version
    assert client.ask("PUT", ONE, made)[0] == 200


def test_a_watch_that_says_nothing_any_more(client: Client) -> None:
    client.switch("watch configmaps: stall-watch")
    version = client.version
    path = f"{MAPS}?watch=1&resourceVersion={version}&timeoutSeconds=0.2"
    deleting = threading.Timer(0.05, lambda: client.ask("DELETE", ONE))
    deleting.start()
    watcher = Client(client.sim, http.client.HTTPConnection(client.sim.server.host, timeout=5))
    assert watcher.ask("GET", path)[2] == ""
    deleting.join()
    told = watcher.ask("GET", path)[2]
    assert told["type"] == "DELETED"
    watcher.connection.close()


# --- how often, and for how long ---


def _statuses(client: Client, count: int) -> list[int]:
    return [client.ask("GET", ONE)[0] for _ in range(count)]


@pytest.mark.parametrize(
    ("options", "statuses"),
    [
        ("", [503, 200, 200, 200, 200]),
        ("times=3", [503, 503, 503, 200, 200]),
        ("after=2", [200, 200, 503, 200, 200]),
        ("after=1 times=2", [200, 503, 503, 200, 200]),
        ("for=60s", [503] * 5),
        ("after=1 times=2 for=60s", [200, 503, 503, 200, 200]),
        ("times=0", [200] * 5),
    ],
)
def test_what_goes_wrong_is_counted(client: Client, options: str, statuses: list[int]) -> None:
    client.switch(f"get configmaps: 503 {options}".strip())
    assert _statuses(client, 5) == statuses
    assert [hits for _, hits in client.sim.faults.rules()] == [statuses.count(503)]


def test_for_is_counted_from_the_first_that_goes_wrong() -> None:
    rule = Rule(parsed("get configmaps: 503 after=1 for=10s"))
    times = (0.0, 50.0, 55.0, 59.9, 60.0, 61.0)
    assert [rule.takes(it) for it in times] == [False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2.0), ("200ms", 0.2), ("1.5s", 1.5), ("5m", 300.0), ("1h", 3600.0), ("0.5h", 1800.0)]
)
def test_times_are_written_with_units(text: str, seconds: float) -> None:
    assert parsed(f"get configmaps: 503 for={text}").lasts == seconds


def test_for_ends_in_real_time(client: Client) -> None:
    client.switch("get configmaps: 503 for=50ms")
    assert _statuses(client, 1) == [503]
    threading.Event().wait(0.06)
    assert _statuses(client, 1) == [200]


def test_only_what_a_line_names_goes_wrong(client: Client) -> None:
    client.switch("get configmaps/other: 503", "GET /version: 502", "* secrets*: 504")
    assert client.ask("GET", ONE)[0] == 200
    assert client.ask("GET", f"{MAPS}/other")[0] == 503
    assert client.ask("GET", "/version")[0] == 502
    assert client.ask("GET", "/api/v1/secrets")[0] == 504


def test_the_oldest_line_that_is_not_over_strikes(client: Client) -> None:
    client.switch("get configmaps: 503", "get *: 504 times=2")
    assert _statuses(client, 4) == [503, 504, 504, 200]


# --- switching them while it runs ---


def test_faults_are_switched_by_requests_of_who_may(client: Client) -> None:
    client.connection.request("POST", "/_faults", "get configmaps: 503 times=2\nget pods: 429 retry-after=1",
                              {"Authorization": f"Bearer {client.sim.token}"})  # fmt: skip
    answer = client.connection.getresponse()
    assert (answer.status, [it["fault"] for it in json.loads(answer.read())]) == (
        200, ["get configmaps: 503 times=2", "get pods: 429 retry-after=1"],
    )  # fmt: skip
    assert _statuses(client, 1) == [503]
    assert client.ask("GET", "/_faults")[2][0] == {"fault": "get configmaps: 503 times=2", "hits": 1}
    assert client.ask("DELETE", "/_faults")[2] == []
    assert _statuses(client, 1) == [200]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nobody_else_sees_or_switches_them(client: Client, method: str) -> None:
    client.switch("get configmaps: 503")
    assert client.ask(method, "/_faults", Authorization="Bearer nope")[0] == 401
    assert len(client.sim.faults.rules()) == 1


@pytest.mark.parametrize("lines", ["nonsense", "get configmaps: 503\nnonsense"])
def test_a_line_that_cannot_be_read_is_refused_with_its_reason(client: Client, lines: str) -> None:
    client.connection.request("POST", "/_faults", lines, {"Authorization": f"Bearer {client.sim.token}"})
    answer = client.connection.getresponse()
    assert (answer.status, b"'nonsense' is no fault: write ON: WORD" in answer.read()) == (400, True)
    assert client.sim.faults.rules() == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "is no fault"),
        ("get pods", "is no fault"),
        (": 503", "is no fault"),
        ("get pods: explode", "'explode' is nothing that can go wrong"),
        ("get pods: 200", "'200' is nothing that can go wrong"),
        ("get pods: 503 times=many", "times=many: it takes a number"),
        ("get pods: slow by=soon", "by=soon: it takes seconds"),
        ("get pods: 503 often=2", "'often' in"),
        ("get pods: 503 times", "'times' in"),
        ("get pods: 503 times=" + "9" * 5000, "it takes a number"),
        ("get pods: 503 times=٣", "it takes a number"),
        ("get pods: 5٠٠", "is nothing that can go wrong"),
        ("get pods: slow by=" + "9" * 20, "it takes seconds"),
        ("get pods: slow by=99999999m", "it takes a year at most"),
        ("get pods: 503 times=1 times=2", "says something twice"),
        ("PUT blobs: cut-upload lost=maybe", "lost=maybe: it takes yes or no"),
    ],
)
def test_a_bad_line_says_what_would_do(line: str, says: str) -> None:
    with pytest.raises(BadFaultError, match=says):
        parsed(line)


@pytest.mark.parametrize(
    "line",
    [
        "patch deployments: 503 times=2",
        "PUT blobs: cut-upload at=100 lost=yes",
        "GET /v2/*: slow by=1.5s",
        "get pods: 429 retry-after=2 after=1 times=3 for=60s",
        "get pods: 429 retry-after=1000000 for=2000000s",
        'create *: deny body="say \\"please\\""',
        'get pods: 503 body="one: two"',
    ],
)
def test_a_line_is_told_as_it_was_read(line: str) -> None:
    assert str(parsed(line)) == line
    assert parsed(str(parsed(line))) == parsed(line)
