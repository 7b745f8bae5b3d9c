"""One request against a server that misbehaves: what is repeated, how often, how it ends, and what was written."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Access, Where, open_access
from paasctl.adapters.kube.gate import Gate
from paasctl.adapters.kube.request import Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Cancelled, Forbidden, StalePlan, Unavailable
from paasctl.model.kube import Key, Manifest
from paasctl.model.plan import DeployHead
from paasctl.model.verdict import Cause
from support.apihttp import Fault
from support.apiserver import ApiServer
from support.clusters import ClusterWorld, Ticks, kubeconfig, small_world, somebody

STATUS_503 = {"kind": "Status", "message": "shutting down", "reason": "ServiceUnavailable"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ClusterWorld]:
    with small_world(tmp_path, "shop") as small:
        yield small


@pytest.fixture
def api(world: ClusterWorld) -> ApiServer:
    assert world.api is not None
    world.api.seen.clear()
    return world.api


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def cluster(world: ClusterWorld, ticks: Ticks) -> KubeCluster:
    return KubeCluster("test", world.where, ticks)


def writes(api: ApiServer, method: str) -> int:
    return sum(1 for how, path in api.seen if how == method and "leases" not in path)


def test_a_flap_of_the_server_is_waited_out(api: ApiServer, cluster: KubeCluster, ticks: Ticks) -> None:  # D5
    api.faults.append(Fault(path="/namespaces/tests", status=503, body=STATUS_503, times=3))
    assert cluster.namespace_exists("tests")
    assert ticks.pauses == [0.2, 0.4, 0.8]
    assert cluster.requests["GET", "namespaces"] == 4


def test_a_flap_that_stays_is_unavailable_not_absent(api: ApiServer, cluster: KubeCluster) -> None:  # D5
    api.faults.append(Fault(path="/namespaces/tests", status=503, body=STATUS_503, times=99))
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
    api: ApiServer, cluster: KubeCluster, status: int, body: str
) -> None:  # D1
    """A login page or a proxy between: neither "the namespace is there" nor "it is not"."""
    api.faults.append(Fault(path="/namespaces/", status=status, body=body, times=9))
    with pytest.raises(Unavailable, match=r"^reading namespace tests: .* is not from an API server") as caught:
        cluster.namespace_exists("tests")
    assert caught.value.code == "not-an-api-server"
    with pytest.raises(Unavailable):
        cluster.seen([Key("", "ConfigMap", "tests", "one")])


def test_only_a_group_that_is_not_served_at_all_is_denied_in_plain_text(api: ApiServer, cluster: KubeCluster) -> None:
    """A proxy in front of nothing says the same of every path."""
    api.faults.append(Fault(path="/namespaces/tests", status=404, body="404 page not found\n", times=9))
    with pytest.raises(Unavailable, match="not from an API server: 404 page not found"):
        cluster.namespace_exists("tests")
    answer = Answer(status=404, headers={}, content=b"404 page not found\n")
    assert answer.answers(Request(method="GET", path="/apis/none/v1/things", resource="things", doing="looking"))


def test_a_reset_connection_is_tried_again(api: ApiServer, cluster: KubeCluster) -> None:  # D5
    api.faults.append(Fault(path="/namespaces/tests", reset=True, times=2))
    assert cluster.namespace_exists("tests")


def test_retry_after_is_obeyed(api: ApiServer, cluster: KubeCluster, ticks: Ticks) -> None:  # D6
    body = {"kind": "Status", "message": "slow down", "reason": "TooManyRequests"}
    api.faults.append(Fault(path="/namespaces/tests", status=429, body=body, headers={"Retry-After": "7"}))
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


def test_eight_requests_run_at_once_and_no_more(world: ClusterWorld, api: ApiServer, cluster: KubeCluster) -> None:
    api.delay = 0.02
    keys = [world.manifest(f"n{number}").key for number in range(60)]
    assert cluster.seen(keys) == ()
    assert api.busiest == 8


def test_an_endless_answer_is_cut_by_the_timeout(world: ClusterWorld, api: ApiServer) -> None:  # D9
    api.faults.append(Fault(path="/version", slow=5, times=9))
    request = Request(method="GET", path="/version", resource="version", doing="asking", timeout=0.1, repeatable=False)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="timed out"):
        Wire(lambda: open_access(world.where), Ticks()).send(request)
    assert time.monotonic() - began < 2


def test_a_request_to_stop_ends_the_waiting(api: ApiServer, world: ClusterWorld) -> None:
    api.faults.append(Fault(path="/namespaces/tests", status=503, body=STATUS_503, times=99))
    with pytest.raises(Cancelled):
        KubeCluster("test", world.where, Ticks(stopped=True)).namespace_exists("tests")


def test_a_record_is_closed_even_after_a_request_to_stop(api: ApiServer, world: ClusterWorld) -> None:  # D3
    cluster = KubeCluster("test", world.where, Ticks(stopped=True))
    head = DeployHead(target=world.target, environment="dev", version="1", before="", commit="c", images=())
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        number = cluster.open_record(head, somebody(), "now")
        api.faults.append(Fault("PUT", "history", status=503, body=STATUS_503))
        api.faults.append(Fault("GET", "configmaps", status=503, body=STATUS_503))
        cluster.close_record(world.target, number, outcome="cancelled", ended="later", message="", evidence=())
    assert [entry.outcome for entry in cluster.history(world.target)] == ["cancelled"]


def test_an_unreachable_server_is_named_soon(tmp_path: Path, ticks: Ticks) -> None:
    where = kubeconfig(tmp_path / "config", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 does not answer \(context 'here', user 'jane'\)"):
        KubeCluster("test", where, ticks).identity()
    assert sum(ticks.pauses) <= 3


def test_an_answer_lost_after_an_apply_is_no_stale_plan(
    api: ApiServer, world: ClusterWorld, cluster: KubeCluster
) -> None:  # D5
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        api.faults.append(Fault("PATCH", "configmaps", reset=True, after=True))
        made = cluster.apply(world.target, world.manifest(x="1"), uid=None)
    assert made.body["data"] == {"x": "1"}
    assert [live.uid for live in cluster.owned(world.target)] == [made.uid]


def test_an_answer_lost_does_not_make_somebody_elses_object_ours(
    api: ApiServer, world: ClusterWorld, cluster: KubeCluster
) -> None:
    world.have(x="theirs")
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        api.faults.append(Fault("PATCH", "configmaps", reset=True))
        with pytest.raises(StalePlan):
            cluster.apply(world.target, world.manifest(x="ours"), uid=None)


def test_an_answer_lost_after_a_delete_is_success(api: ApiServer, world: ClusterWorld, cluster: KubeCluster) -> None:
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        made = cluster.apply(world.target, world.manifest(x="1"), uid=None)
        api.faults.append(Fault("DELETE", "configmaps", reset=True, after=True))
        cluster.delete(world.target, made.key, uid=made.uid)
    assert writes(api, "DELETE") == 2


def test_an_answer_lost_after_locking_is_no_other_holder(
    api: ApiServer, world: ClusterWorld, cluster: KubeCluster
) -> None:
    for method in ("POST", "PUT"):
        api.faults.append(Fault(method, "leases", reset=True, after=True))
        with cluster.hold(world.target, somebody(), wait=0, seen=print):
            assert cluster.holder(world.target) == somebody()


def test_an_answer_lost_after_opening_a_record_opens_one(
    api: ApiServer, world: ClusterWorld, cluster: KubeCluster
) -> None:
    head = DeployHead(target=world.target, environment="dev", version="1", before="", commit="c", images=())
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        api.faults.append(Fault("POST", "configmaps", reset=True, after=True))
        assert cluster.open_record(head, somebody(), "now") == 1
    assert len(cluster.history(world.target)) == 1


def test_a_token_that_ran_out_is_made_afresh_once(tmp_path: Path, api: ApiServer, ticks: Ticks) -> None:  # D7
    token = tmp_path / "token"
    token.write_text("old")
    where = kubeconfig(tmp_path / "config", api.url, {"tokenFile": str(token)})
    api.tokens = {"old"}
    cluster = KubeCluster("test", where, ticks)
    assert cluster.namespace_exists("tests")
    api.tokens = {"new"}
    token.write_text("new")
    assert cluster.namespace_exists("tests")
    api.tokens = set("x")
    with pytest.raises(Forbidden) as refused:
        cluster.namespace_exists("tests")
    assert refused.value.code == "unauthorized"
    assert cluster.requests["GET", "namespaces"] == 5


def test_a_read_only_user_can_still_look(api: ApiServer, world: ClusterWorld, cluster: KubeCluster) -> None:  # L4
    api.forbidden |= {(verb, kind.plural) for kind in api.kinds for verb in ("create", "update", "patch", "delete")}
    api.forbidden |= {("list", "secrets"), ("get", "secrets")}
    kinds = [each.kind for each in cluster._discovery.served().preferred if each.plural != "secrets"]
    assert cluster.snapshot(world.namespace, kinds, world.app) == ()
    assert (cluster.history(world.target), cluster.holder(world.target)) == ((), None)


def test_an_exotic_kind_one_may_not_list_is_passed_over_a_usual_one_is_not(
    api: ApiServer, world: ClusterWorld, cluster: KubeCluster
) -> None:
    api.forbidden.add(("list", "gateways"))
    assert cluster.owned(world.target) == ()
    api.forbidden.add(("list", "secrets"))
    with pytest.raises(Forbidden, match="may not list secrets"):
        cluster.owned(world.target)


def test_a_group_whose_server_is_down_is_not_taken_for_missing(api: ApiServer, cluster: KubeCluster) -> None:
    api.stale_groups.add("policy")
    key = Key("policy", "PodDisruptionBudget", "tests", "x")
    with pytest.raises(Unavailable, match="API group policy does not answer"):
        cluster.seen([key])
    with pytest.raises(Unavailable):
        cluster.preview(Manifest(key, {"apiVersion": "policy/v1", "metadata": {"name": "x"}}))


@pytest.mark.parametrize("aggregated", [True, False])
def test_discovery_asks_little_and_once(api: ApiServer, cluster: KubeCluster, aggregated: bool) -> None:
    api.aggregated = aggregated
    for _ in range(2):
        cluster.seen([Key("apps", "Deployment", "tests", "x")])
    groups = {(kind.group, version) for kind in api.kinds for version in kind.versions}
    assert cluster.requests["GET", "discovery"] == (2 if aggregated else 2 + len(groups))


def test_logs_are_the_last_lines_of_the_run_that_was_asked_for(api: ApiServer, cluster: KubeCluster) -> None:
    api.logs = {("web-1", "app", False): "now\n", ("web-1", "app", True): "one\ntwo\nthree\n"}
    crashed = Cause(code="crash-loop", message="", pod="web-1", container="app", previous=True)
    assert cluster.logs("tests", crashed, 2) == ("two", "three")
    api.logs.pop(("web-1", "app", True))
    assert cluster.logs("tests", crashed, 2) == ()


def test_a_kubelet_that_does_not_answer_is_not_an_empty_log(api: ApiServer, cluster: KubeCluster) -> None:
    body = {"kind": "Status", "message": 'Get "https://node:10250": dial tcp: no such host', "reason": "InternalError"}
    api.faults.append(Fault(path="/log", status=500, body=body, times=9))
    with pytest.raises(Unavailable, match="reading the log of pod web-1"):
        cluster.logs("tests", Cause(code="x", message="", pod="web-1"), 2)


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    cluster = KubeCluster("eu", Where(context="x", kubeconfig=str(tmp_path / "missing")), Ticks())
    assert (cluster.name, cluster.requests) == ("eu", {})
