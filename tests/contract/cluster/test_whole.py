"""What the port promises of reading a cluster whole, as a copy of it does, asked of every cluster."""

from __future__ import annotations

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import open_access
from paasctl.adapters.kube.discovery import Discovery
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Forbidden, Refused
from paasctl.model.kube import Kind, Served
from support.clusters import ClusterWorld, Ticks

MAPS = Served(Kind("", "ConfigMap"), "v1", namespaced=True)


def _named(world: ClusterWorld, *names: str) -> set[str]:
    return {f"{world.app}-{it}" for it in names}


def test_every_kind_that_can_be_listed_is_named_its_preferred_version_first(world: ClusterWorld) -> None:
    kinds = world.cluster().kinds()
    assert MAPS in kinds
    assert Served(Kind("", "Node"), "v1", namespaced=False) in kinds
    versions = [it.version for it in kinds if it.kind == Kind("autoscaling", "HorizontalPodAutoscaler")]
    assert versions[0] == "v2"
    assert not [it for it in kinds if it.kind.name == "SelfSubjectAccessReview"]


def test_a_kind_is_read_whole_whoever_made_it(world: ClusterWorld) -> None:
    world.have("a", x="1")
    world.have("b", manager="somebody", x="2")
    found = {it.key.name: it for it in world.cluster().everything(MAPS, world.namespace)}
    assert _named(world, "a", "b") <= set(found)
    one = found[f"{world.app}-a"]
    assert (one.body["apiVersion"], one.body["kind"], one.body["data"]) == ("v1", "ConfigMap", {"x": "1"})
    assert one.uid
    assert [it["manager"] for it in one.body["metadata"]["managedFields"]] == ["kubectl"]


def test_everywhere_is_every_namespace(world: ClusterWorld) -> None:
    world.have("a", x="1")
    found = world.cluster().everything(MAPS, "")
    assert (world.namespace, f"{world.app}-a") in {(it.key.namespace, it.key.name) for it in found}


def test_no_more_are_read_than_asked_for(world: ClusterWorld) -> None:
    for name in "abc":
        world.have(name, x="1")
    assert len(world.cluster().everything(MAPS, world.namespace, most=1)) == 1
    assert len(world.cluster().everything(MAPS, world.namespace, most=3)) == 3


def test_pages_are_put_together(world: ClusterWorld) -> None:
    for name in "abcde":
        world.have(name, x=name)
    wire = Wire(lambda: open_access(world.where), Ticks(real=True))
    discovery = Discovery(wire)
    found = Objects(wire, discovery, page=2).all_of(discovery.need(MAPS.kind), world.namespace)
    assert _named(world, *"abcde") <= {it.key.name for it in found}
    assert len({it.uid for it in found}) == len(found)


def test_what_may_not_be_listed_is_not_nothing(world: ClusterWorld) -> None:
    nobody = KubeCluster("test", world.nobody, Ticks(real=True))
    with pytest.raises(Forbidden):
        nobody.everything(MAPS, world.namespace)


def test_a_kind_that_is_not_served_is_refused(world: ClusterWorld) -> None:
    with pytest.raises(Refused):
        world.cluster().everything(Served(Kind("nowhere.example", "Thing"), "v1", namespaced=True), world.namespace)
