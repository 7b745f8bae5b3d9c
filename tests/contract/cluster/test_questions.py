"""What the port promises of everything beside objects, asked of every cluster."""

from __future__ import annotations

import dataclasses

import pytest

from paasctl.adapters.kube import discovery
from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import open_access
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Forbidden, Refused
from paasctl.model.kube import Kind
from paasctl.model.verdict import Cause
from support.clusters import ClusterWorld, Ticks, somebody

DEPLOYMENT = Kind("apps", "Deployment")


def powerless(world: ClusterWorld) -> KubeCluster:
    return KubeCluster("test", world.nobody, Ticks(real=True))


def test_a_cluster_is_known_by_its_system_namespace_and_authority(world: ClusterWorld) -> None:  # D1
    body = world.raw("GET", "/api/v1/namespaces/kube-system").body
    identity = world.cluster().identity()
    assert identity == world.cluster().identity()
    assert (identity.uid, len(identity.ca)) == (body["metadata"]["uid"], 64)


def test_it_says_what_it_serves(world: ClusterWorld) -> None:
    offers = world.cluster().offers()
    assert offers.version.startswith("v1.")
    wanted = {DEPLOYMENT, Kind("", "ConfigMap"), Kind("gateway.networking.k8s.io", "HTTPRoute")}
    assert wanted <= offers.kinds
    assert Kind("nowhere.example", "Thing") not in offers.kinds


def test_gateways_are_named_with_their_namespace(world: ClusterWorld) -> None:
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": f"{world.app}-gate"},
        "spec": {"gatewayClassName": "none", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
    }
    path = world.path("gateways", "gate", "/apis/gateway.networking.k8s.io/v1")
    assert world.raw("PATCH", path, gateway).is_good
    offers = world.cluster().offers()
    assert f"{world.namespace}/{world.app}-gate" in offers.gateways
    assert offers.unread == frozenset()


def test_the_two_ways_of_discovery_agree(world: ClusterWorld) -> None:
    wire = Wire(lambda: open_access(world.where), Ticks(real=True))
    core, groups = (discovery._get(wire, path, "application/json") for path in ("/api", "/apis"))
    plainly = discovery._read_each(wire, core, groups)
    assert set(plainly.resources) == set(discovery.read(wire).resources)
    assert {each.kind: each.version for each in plainly.preferred} == {
        each.kind: each.version for each in discovery.read(wire).preferred
    }


def test_a_namespace_is_there_or_not(world: ClusterWorld) -> None:
    cluster = world.cluster()
    assert cluster.namespace_exists(world.namespace)
    assert not cluster.namespace_exists("paasctl-nowhere")


def test_a_namespace_on_its_way_out_is_refused(world: ClusterWorld) -> None:
    name = f"paasctl-test-{world.app}"
    named = {"name": name, "finalizers": ["paasctl.dev/test"]}
    whole = {"apiVersion": "v1", "kind": "Namespace", "metadata": named}
    made = world.raw("POST", "/api/v1/namespaces", whole).body
    world.raw("DELETE", f"/api/v1/namespaces/{name}")
    cluster, there = world.cluster(), dataclasses.replace(world, namespace=name)
    try:
        with pytest.raises(Refused) as asked:
            cluster.namespace_exists(name)
        with pytest.raises(Refused) as made_it:
            cluster.ensure_namespace(there.target)
        with pytest.raises(Refused) as locked:
            cluster.hold(there.target, somebody(), wait=0, seen=print).__enter__()
        assert {refused.value.code for refused in (asked, made_it, locked)} == {"namespace-terminating"}
    finally:
        metadata = {"name": name, "uid": made["metadata"]["uid"], "finalizers": []}
        world.raw("PUT", f"/api/v1/namespaces/{name}", {**whole, "metadata": metadata, "spec": made.get("spec", {})})


def test_making_a_namespace_twice_is_success(world: ClusterWorld) -> None:
    cluster = world.cluster()
    there = dataclasses.replace(world, namespace=f"paasctl-test-{world.app}").target
    try:
        cluster.ensure_namespace(there)
        cluster.ensure_namespace(there)
        assert cluster.namespace_exists(there.namespace)
        assert cluster.requests["POST", "namespaces"] == 1
    finally:
        world.raw("DELETE", f"/api/v1/namespaces/{there.namespace}")


def test_events_come_oldest_first(world: ClusterWorld) -> None:
    for name, when in (("late", "2030-01-02T00:00:00Z"), ("early", "2030-01-01T00:00:00Z")):
        about = {"kind": "Pod", "name": "p", "namespace": world.namespace}
        event = {"metadata": {"name": f"{world.app}-{name}"}, "involvedObject": about, "lastTimestamp": when}
        made = world.raw("POST", world.path("events"), {"apiVersion": "v1", "kind": "Event", **event})
        assert made.is_good, made.message
    names = [event["metadata"]["name"] for event in world.cluster().events(world.namespace)]
    assert [name for name in names if name.startswith(world.app)] == [f"{world.app}-early", f"{world.app}-late"]


def test_a_pod_that_is_gone_has_no_log(world: ClusterWorld) -> None:
    cause = Cause(code="crash-loop", message="", pod="gone", container="c", previous=True)
    assert world.cluster().logs(world.namespace, cause, 10) == ()


def test_one_may_what_the_server_lets_one(world: ClusterWorld) -> None:  # D18
    assert world.cluster().may("patch", DEPLOYMENT, world.namespace)
    assert not powerless(world).may("patch", DEPLOYMENT, world.namespace)
    assert not powerless(world).may("create", Kind("nowhere.example", "Policy"), world.namespace)


def test_what_is_forbidden_is_told_by_verb_kind_place_and_user(world: ClusterWorld) -> None:  # D18
    with pytest.raises(Forbidden) as refused:
        powerless(world).owned(world.target)
    message = refused.value.message
    user = "nobody" if world.api else f"system:serviceaccount:{world.namespace}:nobody"
    for word in ("may not list", f"in the namespace {world.namespace}", user):
        assert word in message
    with pytest.raises(Forbidden, match=r"may not get namespaces"):
        powerless(world).namespace_exists(world.namespace)
    with pytest.raises(Forbidden, match=r"may not patch configmaps"):
        powerless(world).preview(world.manifest(x="1"))
    with pytest.raises(Forbidden, match=r"may not get leases\.coordination\.k8s\.io"):
        powerless(world).holder(world.target)


def test_gateways_one_may_not_list_are_not_taken_for_none(world: ClusterWorld) -> None:  # L4
    offers = powerless(world).offers()
    assert offers.gateways == ()
    assert offers.unread == {Kind("gateway.networking.k8s.io", "Gateway")}


def test_every_request_is_counted(world: ClusterWorld) -> None:
    cluster = world.cluster()
    cluster.seen([world.manifest(name).key for name in ("a", "b", "c")])
    assert cluster.requests == {("GET", "discovery"): 2, ("GET", "configmaps"): 3}
