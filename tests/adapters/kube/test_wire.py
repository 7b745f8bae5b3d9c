"""One request against a server that misbehaves: what is repeated, how often, how it ends, and what was written."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Access, Where, open_access
from paasctl.adapters.kube.gate import Gate
from paasctl.adapters.kube.request import Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.embedded.http.faults import Fault
from paasctl.embedded.http.message import Request as Asked
from paasctl.embedded.http.message import Response
from paasctl.embedded.kube.api.access import Rule, User
from paasctl.embedded.kube.model import Refusal
from paasctl.embedded.kube.simulation import Simulation
from paasctl.errors import Cancelled, Forbidden, StalePlan, Unavailable
from paasctl.model.kube import Key, Manifest
from paasctl.model.plan import DeployHead
from paasctl.model.verdict import Cause
from support.clusters import ClusterWorld, Ticks, embedded_world, kubeconfig, kubeconfig_of, somebody

STATUS_503 = json.dumps({"kind": "Status", "message": "shutting down", "reason": "ServiceUnavailable"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ClusterWorld]:
    with embedded_world(tmp_path, "shop") as made:
        yield made


@pytest.fixture
def api(world: ClusterWorld) -> Simulation:
    assert world.api is not None
    world.api.server.requests.clear()
    return world.api


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def cluster(world: ClusterWorld, ticks: Ticks) -> KubeCluster:
    return KubeCluster("test", world.where, ticks)


def fails(api: Simulation, on: str, word: str, body: str = "", **more: Any) -> None:
    api.faults.switch_on(Fault(on=on, word=word, body=body, **more))


def test_a_flap_of_the_server_is_waited_out(api: Simulation, cluster: KubeCluster, ticks: Ticks) -> None:  # D5
    fails(api, "get namespaces/tests", "503", STATUS_503, times=3)
    assert cluster.namespace_exists("tests")
    assert ticks.pauses == [0.2, 0.4, 0.8]
    assert cluster.requests["GET", "namespaces"] == 4


def test_a_flap_that_stays_is_unavailable_not_absent(api: Simulation, cluster: KubeCluster) -> None:  # D5
    fails(api, "get namespaces/tests", "503", STATUS_503, times=99)
    with pytest.raises(Unavailable, match="reading namespace tests: shutting down"):
        cluster.namespace_exists("tests")


@contextmanager
def _hanging_up(times: int) -> Iterator[str]:
    """A port that takes calls and hangs up before TLS begins, so many times."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(times):
                call, _ = server.accept()
                with call:
                    call.recv(1024)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_a_hang_up_in_the_midst_of_tls_is_tried_again_and_blames_no_certificate(ticks: Ticks) -> None:  # D5
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with _hanging_up(times=5) as host:
        wire = Wire(lambda: Access(host=host, tls=tls, who="somebody"), ticks)
        with pytest.raises(Unavailable, match=r"does not answer .*the connection broke off in its TLS") as caught:
            wire.send(Request(method="GET", path="/version", resource="version", doing="asking"))
    assert caught.value.code != "tls-failed"
    assert ticks.pauses == [0.2, 0.4, 0.8, 1.6]


_LOGIN_PAGE = "<html>Please log in to the network</html>"


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, _LOGIN_PAGE), (200, "[]"), (200, "null"), (200, ""), (404, _LOGIN_PAGE), (404, "")],
    ids=["page", "list", "null", "nothing", "404 page", "404"],
)
def test_what_is_no_api_server_proves_nothing_about_the_cluster(
    api: Simulation, cluster: KubeCluster, status: int, body: str
) -> None:  # D1
    """A login page or a proxy between: neither "the namespace is there" nor "it is not"."""
    fails(api, "GET /api/v1/namespaces/*", str(status), body, times=9)
    with pytest.raises(Unavailable, match=r"^reading namespace tests: .* is not from an API server") as caught:
        cluster.namespace_exists("tests")
    assert caught.value.code == "not-an-api-server"
    with pytest.raises(Unavailable):
        cluster.seen([Key("", "ConfigMap", "tests", "one")])


def test_only_a_group_that_is_not_served_at_all_is_denied_in_plain_text(api: Simulation, cluster: KubeCluster) -> None:
    """A proxy in front of nothing says the same of every path."""
    fails(api, "get namespaces/tests", "404", "404 page not found\n", times=9)
    with pytest.raises(Unavailable, match="not from an API server: 404 page not found"):
        cluster.namespace_exists("tests")
    answer = Answer(status=404, headers={}, content=b"404 page not found\n")
    assert answer.answers(Request(method="GET", path="/apis/none/v1/things", resource="things", doing="looking"))


def test_a_reset_connection_is_tried_again(api: Simulation, cluster: KubeCluster) -> None:  # D5
    fails(api, "get namespaces/tests", "reset", times=2)
    assert cluster.namespace_exists("tests")


def test_retry_after_is_obeyed(api: Simulation, cluster: KubeCluster, ticks: Ticks) -> None:  # D6
    body = json.dumps({"kind": "Status", "message": "slow down", "reason": "TooManyRequests"})
    fails(api, "get namespaces/tests", "429", body, headers={"Retry-After": "7"})
    assert cluster.namespace_exists("tests")
    assert ticks.pauses == [7.0]


def test_a_throttling_server_gets_fewer_requests_at_once() -> None:  # D6
    gate = Gate(8)
    gate.heard(throttled=True)
    gate.heard(throttled=True)
    assert gate.limit == 2
    for _ in range(40):
        gate.heard(throttled=False)
    assert gate.limit == 4
    for _ in range(9):
        gate.heard(throttled=True)
    assert gate.limit == 1


def test_eight_requests_run_at_once_and_no_more(world: ClusterWorld, api: Simulation, cluster: KubeCluster) -> None:
    answers, busy, most = api.server.answers, set[int](), [0]

    def counted(request: Asked) -> Response:
        busy.add(threading.get_ident())
        most[0] = max(most[0], len(busy))
        api.server.over.wait(0.02)
        busy.discard(threading.get_ident())
        return answers(request)

    api.server.answers = counted
    keys = [world.manifest(f"n{number}").key for number in range(60)]
    assert cluster.seen(keys) == ()
    assert most == [8]


def test_an_endless_answer_is_cut_by_the_timeout(world: ClusterWorld, api: Simulation) -> None:  # D9
    fails(api, "GET /version", "slow", by=5, times=9)
    request = Request(method="GET", path="/version", resource="version", doing="asking", timeout=0.1, repeatable=False)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no answer within"):
        Wire(lambda: open_access(world.where), Ticks()).send(request)
    assert time.monotonic() - began < 2


def test_a_request_to_stop_ends_the_waiting(api: Simulation, world: ClusterWorld) -> None:
    fails(api, "get namespaces/tests", "503", STATUS_503, times=99)
    with pytest.raises(Cancelled):
        KubeCluster("test", world.where, Ticks(stopped=True)).namespace_exists("tests")


def test_a_record_is_closed_even_after_a_request_to_stop(api: Simulation, world: ClusterWorld) -> None:  # D3
    cluster = KubeCluster("test", world.where, Ticks(stopped=True))
    head = DeployHead(target=world.target, environment="dev", version="1", before="", commit="c", images=())
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        number = cluster.open_record(head, somebody(), "now")
        fails(api, "update configmaps/*history*", "503", STATUS_503)
        fails(api, "get configmaps/*", "503", STATUS_503)
        cluster.close_record(world.target, number, outcome="cancelled", ended="later", message="", evidence=())
    assert [entry.outcome for entry in cluster.history(world.target)] == ["cancelled"]


def test_an_unreachable_server_is_named_soon(tmp_path: Path, ticks: Ticks) -> None:
    where = kubeconfig(tmp_path / "config", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 does not answer \(context 'here', user 'jane'\)"):
        KubeCluster("test", where, ticks).identity()
    assert sum(ticks.pauses) <= 3


def test_an_answer_lost_after_an_apply_is_no_stale_plan(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:  # D5
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        fails(api, "patch configmaps", "mute")
        made = cluster.apply(world.target, world.manifest(x="1"), uid=None)
    assert made.body["data"] == {"x": "1"}
    assert [live.uid for live in cluster.owned(world.target)] == [made.uid]


def test_an_answer_lost_does_not_make_somebody_elses_object_ours(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:
    world.have(x="theirs")
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        fails(api, "patch configmaps", "reset")
        with pytest.raises(StalePlan):
            cluster.apply(world.target, world.manifest(x="ours"), uid=None)


def test_an_answer_lost_after_a_delete_is_success(api: Simulation, world: ClusterWorld, cluster: KubeCluster) -> None:
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        made = cluster.apply(world.target, world.manifest(x="1"), uid=None)
        fails(api, "delete configmaps", "mute")
        cluster.delete(world.target, made.key, uid=made.uid)
    assert api.server.requests["delete configmaps"] == 2


def test_an_answer_lost_after_locking_is_no_other_holder(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:
    for verb in ("create", "update"):
        fails(api, f"{verb} leases", "mute")
        with cluster.hold(world.target, somebody(), wait=0, seen=print):
            assert cluster.holder(world.target) == somebody()


def test_an_answer_lost_after_opening_a_record_opens_one(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:
    head = DeployHead(target=world.target, environment="dev", version="1", before="", commit="c", images=())
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        fails(api, "create configmaps", "mute")
        assert cluster.open_record(head, somebody(), "now") == 1
    assert len(cluster.history(world.target)) == 1


def test_a_token_that_ran_out_is_made_afresh_once(tmp_path: Path, api: Simulation, ticks: Ticks) -> None:  # D7
    token = tmp_path / "token"
    token.write_text("old")
    where = kubeconfig_of(api, tmp_path / "config", {"tokenFile": str(token)})
    api.access.tokens = {"old": User("jane")}
    cluster = KubeCluster("test", where, ticks)
    assert cluster.namespace_exists("tests")
    api.access.tokens = {"new": User("jane")}
    token.write_text("new")
    assert cluster.namespace_exists("tests")
    api.access.tokens = {"x": User("jane")}
    with pytest.raises(Forbidden) as refused:
        cluster.namespace_exists("tests")
    assert refused.value.code == "unauthorized"
    assert cluster.requests["GET", "namespaces"] == 5


def test_a_read_only_user_can_still_look(api: Simulation, world: ClusterWorld, cluster: KubeCluster) -> None:  # L4
    api.access.let(*(Rule(allows=False, verb=verb) for verb in ("create", "update", "patch", "delete")))
    api.access.let(Rule(allows=False, resource="secrets"))
    kinds = [each.kind for each in cluster._discovery.served().preferred if each.plural != "secrets"]
    assert cluster.snapshot(world.namespace, kinds, world.app) == ()
    assert (cluster.history(world.target), cluster.holder(world.target)) == ((), None)


def test_an_exotic_kind_one_may_not_list_is_passed_over_a_usual_one_is_not(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:
    api.access.let(Rule(allows=False, verb="list", resource="gateways.*"))
    assert cluster.owned(world.target) == ()
    api.access.let(Rule(allows=False, verb="list", resource="secrets"))
    with pytest.raises(Forbidden, match="may not list secrets"):
        cluster.owned(world.target)


def test_a_group_whose_server_is_down_is_not_taken_for_missing(api: Simulation, cluster: KubeCluster) -> None:
    answers = api.server.answers

    def stale(request: Asked) -> Response:
        made = answers(request)
        if request.path != "/apis" or not isinstance(made.content, bytes):
            return made
        whole = json.loads(made.content)
        for group in whole["items"]:
            if group["metadata"]["name"] == "policy":
                group["versions"] = [{**it, "freshness": "Stale", "resources": []} for it in group["versions"]]
        return replace(made, content=json.dumps(whole).encode())

    api.server.answers = stale
    key = Key("policy", "PodDisruptionBudget", "tests", "x")
    with pytest.raises(Unavailable, match="API group policy does not answer"):
        cluster.seen([key])
    with pytest.raises(Unavailable):
        cluster.preview(Manifest(key, {"apiVersion": "policy/v1", "metadata": {"name": "x"}}))


@pytest.mark.parametrize("aggregated", [True, False])
def test_discovery_asks_little_and_once(api: Simulation, cluster: KubeCluster, aggregated: bool) -> None:
    answers = api.server.answers
    if not aggregated:
        plain = {"accept": "application/json"}
        api.server.answers = lambda it: answers(replace(it, headers={**it.headers, **plain}))
    for _ in range(2):
        cluster.seen([Key("apps", "Deployment", "tests", "x")])
    groups = api.api.served()
    assert cluster.requests["GET", "discovery"] == (2 if aggregated else 2 + len(groups))


def test_logs_are_the_last_lines_of_the_run_that_was_asked_for(
    api: Simulation, world: ClusterWorld, cluster: KubeCluster
) -> None:
    kept = {("web-1", "app", False): "now\n", ("web-1", "app", True): "one\ntwo\nthree\n"}

    def logs(*asked: str, previous: bool = False, tail: int | None = None, **_: Any) -> Iterator[bytes]:
        text = kept.get((asked[1], asked[2], previous))
        if text is None:
            raise Refusal(
                400, "BadRequest", f'previous terminated container "{asked[2]}" in pod "{asked[1]}" not found'
            )
        return iter(text.encode().splitlines(keepends=True)[-(tail or 1000) :])

    pod = {"metadata": {"name": "web-1"}, "spec": {"containers": [{"name": "app", "image": "a:1"}]}}
    assert world.raw("POST", world.path("pods"), {"apiVersion": "v1", "kind": "Pod", **pod}).is_good
    api.api.logs = logs
    crashed = Cause(code="crash-loop", message="", pod="web-1", container="app", previous=True)
    assert cluster.logs("tests", crashed, 2) == ("two", "three")
    kept.pop(("web-1", "app", True))
    assert cluster.logs("tests", crashed, 2) == ()


def test_a_kubelet_that_does_not_answer_is_not_an_empty_log(api: Simulation, cluster: KubeCluster) -> None:
    said = 'Get "https://node:10250": dial tcp: no such host'
    body = json.dumps({"kind": "Status", "message": said, "reason": "InternalError"})
    fails(api, "get pods/log", "500", body, times=9)
    with pytest.raises(Unavailable, match="reading the log of pod web-1"):
        cluster.logs("tests", Cause(code="x", message="", pod="web-1"), 2)


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    cluster = KubeCluster("eu", Where(context="x", kubeconfig=str(tmp_path / "missing")), Ticks())
    assert (cluster.name, cluster.requests) == ("eu", {})


def test_whoever_is_in_a_hurry_asks_once(api: Simulation, cluster: KubeCluster, ticks: Ticks) -> None:
    fails(api, "get namespaces/tests", "503", STATUS_503, times=99)
    hurried = cluster.hurried(5.0)
    with pytest.raises(Unavailable, match="reading namespace tests: shutting down"):
        hurried.namespace_exists("tests")
    assert (hurried.requests["GET", "namespaces"], ticks.pauses) == (1, [])
    assert cluster.name == hurried.name


def test_whoever_is_in_a_hurry_waits_no_longer_than_that(api: Simulation, world: ClusterWorld) -> None:  # D9
    fails(api, "get namespaces/tests", "stall", times=99)
    ticks = Ticks()
    began = time.monotonic()
    hurried = KubeCluster("test", world.where, ticks).hurried(0.3)
    with pytest.raises(Unavailable, match="does not answer"):
        hurried.namespace_exists("tests")
    assert time.monotonic() - began < 3.0


def test_in_a_hurry_nothing_is_sent_when_the_time_is_over(world: ClusterWorld) -> None:
    ticks = Ticks()
    hurried = KubeCluster("test", world.where, ticks).hurried(0.3)
    ticks.pause(1.0)
    with pytest.raises(Unavailable, match="took too long"):
        hurried.namespace_exists("tests")
    assert not hurried.requests


def test_a_hurry_is_nobody_elses(api: Simulation, cluster: KubeCluster, ticks: Ticks) -> None:
    cluster.hurried(0.3)
    ticks.pause(1.0)
    fails(api, "get namespaces/tests", "503", STATUS_503, times=1)
    assert cluster.namespace_exists("tests")
