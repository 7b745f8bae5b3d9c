"""What the port promises of objects, asked of every cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import open_access
from paasctl.adapters.kube.discovery import Discovery
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Refused, StalePlan
from paasctl.model.kube import OWNER_LABEL, Key, Kind, Live, Manifest, Rejection
from paasctl.model.masked import Masked
from support.clusters import ClusterWorld, Ticks, somebody


@pytest.fixture
def held(world: ClusterWorld) -> Iterator[KubeCluster]:
    """A cluster whose target we hold."""
    cluster = world.cluster()
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        yield cluster


def live(world: ClusterWorld, name: str = "a") -> Live | None:
    found = world.cluster().seen([world.manifest(name).key])
    return found[0] if found else None


def test_apply_makes_an_object_and_shows_it(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    assert (made.body["data"], bool(made.uid)) == ({"x": "1"}, True)
    assert live(world) == made
    managers = [(entry["manager"], entry["operation"]) for entry in made.body["metadata"]["managedFields"]]
    assert managers == [("paasctl", "Apply")]


def test_what_must_not_exist_yet_but_does_is_a_stale_plan(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    with pytest.raises(StalePlan, match="it is there"):
        held.apply(world.target, world.manifest(x="2"), uid=None)
    assert live(world) == made


def test_somebody_elses_object_is_no_less_there(world: ClusterWorld, held: KubeCluster) -> None:
    world.have(x="theirs")
    with pytest.raises(StalePlan):
        held.apply(world.target, world.manifest(x="ours"), uid=None)


def test_an_update_keeps_the_object(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    changed = held.apply(world.target, world.manifest(x="2"), uid=made.uid)
    assert (changed.uid, changed.body["data"]) == (made.uid, {"x": "2"})
    assert changed.resource_version != made.resource_version


def test_the_same_again_changes_nothing(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    again = held.apply(world.target, world.manifest(x="1"), uid=made.uid)
    assert again.resource_version == made.resource_version


def test_another_uid_is_a_stale_plan(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    with pytest.raises(StalePlan, match="no longer the one"):
        held.apply(world.target, world.manifest(x="2"), uid="11111111-1111-1111-1111-111111111111")
    assert live(world) == made


def test_what_was_deleted_is_not_made_again_by_an_update(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    held.delete(world.target, made.key, uid=made.uid)
    with pytest.raises(StalePlan):
        held.apply(world.target, world.manifest(x="2"), uid=made.uid)
    assert live(world) is None


def test_what_was_deleted_and_made_again_is_another_object(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    held.delete(world.target, made.key, uid=made.uid)
    again = held.apply(world.target, world.manifest(x="1"), uid=None)
    with pytest.raises(StalePlan):
        held.apply(world.target, world.manifest(x="2"), uid=made.uid)
    with pytest.raises(StalePlan):
        held.delete(world.target, made.key, uid=made.uid)
    assert live(world) == again


def test_a_field_we_no_longer_set_goes_away(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1", y="1"), uid=None)
    assert held.apply(world.target, world.manifest(x="1"), uid=made.uid).body["data"] == {"x": "1"}


def test_a_field_somebody_else_set_stays(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    world.have(theirs="2")
    assert held.apply(world.target, world.manifest(x="3"), uid=made.uid).body["data"] == {"x": "3", "theirs": "2"}


def test_a_field_of_somebody_else_is_never_taken(world: ClusterWorld, held: KubeCluster) -> None:  # D10
    world.have(x="theirs")
    before = live(world)
    assert before is not None
    with pytest.raises(Refused, match=r"\.data\.x belongs to kubectl") as refused:
        held.apply(world.target, world.manifest(x="ours"), uid=before.uid)
    assert refused.value.code == "field-conflict"
    assert live(world) == before


def test_a_write_without_the_lock_is_a_bug(world: ClusterWorld) -> None:
    with pytest.raises(AssertionError, match="without its lock"):
        world.cluster().apply(world.target, world.manifest(x="1"), uid=None)
    with pytest.raises(AssertionError, match="without its lock"):
        world.cluster().delete(world.target, world.manifest().key, uid="u")
    assert live(world) is None


def test_a_masked_value_reaches_the_server_as_it_is(world: ClusterWorld, held: KubeCluster) -> None:
    held.apply(world.target, world.manifest(x=Masked("hunter2")), uid=None)
    found = live(world)
    assert found is not None
    assert found.body["data"] == {"x": "hunter2"}


def test_a_namespace_that_is_missing_is_named(world: ClusterWorld, held: KubeCluster) -> None:
    elsewhere = dataclasses.replace(world, namespace="paasctl-nowhere").manifest(x="1")
    with pytest.raises(Refused, match="paasctl-nowhere") as refused:
        held.apply(world.target, elsewhere, uid=None)
    assert refused.value.code == "namespace-missing"


def unserved(world: ClusterWorld) -> Manifest:
    body = {"apiVersion": "nowhere.example/v1", "kind": "Thing", "metadata": {"name": world.app}}
    return Manifest(Key.of(body, world.namespace), body)


def test_a_kind_that_is_not_served_is_named(world: ClusterWorld, held: KubeCluster) -> None:
    with pytest.raises(Refused, match=r"Thing\.nowhere\.example") as refused:
        held.apply(world.target, unserved(world), uid=None)
    assert refused.value.code == "kind-not-served"
    held.delete(world.target, unserved(world).key, uid="u")


def test_a_preview_of_something_new_writes_nothing(world: ClusterWorld) -> None:
    cluster = world.cluster()
    shown = cluster.preview(world.manifest(x="1"))
    assert isinstance(shown, Live)
    assert shown.body["data"] == {"x": "1"}
    assert cluster.seen([shown.key]) == ()


def test_a_preview_of_a_change_changes_nothing(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    shown = held.preview(world.manifest(x="2"))
    assert isinstance(shown, Live)
    assert (shown.body["data"], shown.uid) == ({"x": "2"}, made.uid)
    assert live(world) == made


def test_a_preview_tells_conflicts_by_manager_and_field(world: ClusterWorld) -> None:  # D10
    world.have(x="theirs", y="theirs")
    shown = world.cluster().preview(world.manifest(x="ours", y="theirs"))
    assert isinstance(shown, Rejection)
    assert (shown.reason, shown.conflicts) == ("Conflict", (("kubectl", ".data.x"),))


def test_a_preview_where_the_namespace_is_yet_to_come_says_so(world: ClusterWorld) -> None:  # D19
    shown = world.cluster().preview(dataclasses.replace(world, namespace="paasctl-nowhere").manifest(x="1"))
    assert isinstance(shown, Rejection)
    assert (shown.reason, "paasctl-nowhere" in shown.message) == ("NotFound", True)


def test_a_preview_of_a_kind_that_is_yet_to_come_says_so(world: ClusterWorld) -> None:  # D19
    shown = world.cluster().preview(unserved(world))
    assert isinstance(shown, Rejection)
    assert (shown.reason, "nowhere.example" in shown.message) == ("NotFound", True)


def test_seen_tells_those_that_exist_in_order(world: ClusterWorld) -> None:
    for name in ("a", "b"):
        world.have(name, x="1")
    keys = [world.manifest(name).key for name in ("b", "missing", "a")]
    assert [each.key for each in world.cluster().seen([*keys, unserved(world).key])] == [keys[0], keys[2]]


def test_owned_is_what_we_applied_for_this_app(world: ClusterWorld, held: KubeCluster) -> None:  # D31
    made = held.apply(world.target, world.manifest("ours", x="1"), uid=None)
    secret = held.apply(world.target, world.manifest("secret", kind="Secret"), uid=None)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": made.key.name, "uid": made.uid}
    child = dict(world.manifest("child", x="1").body)
    child["metadata"] = {**child["metadata"], "ownerReferences": [owner]}
    world.raw("PATCH", world.path("configmaps", "child"), child, manager="paasctl")
    other = {**world.manifest("other").body, "metadata": {"name": f"{world.app}-other", "labels": {OWNER_LABEL: "x"}}}
    world.raw("PATCH", world.path("configmaps", "other"), other, manager="paasctl")
    world.have("copied-label", x="1")
    assert [each.key for each in world.cluster().owned(world.target)] == [made.key, secret.key]


def test_deleting_twice_is_success(world: ClusterWorld, held: KubeCluster) -> None:
    made = held.apply(world.target, world.manifest(x="1"), uid=None)
    held.delete(world.target, made.key, uid=made.uid)
    held.delete(world.target, made.key, uid=made.uid)
    assert live(world) is None


def test_a_snapshot_has_whole_objects_of_the_app_only(world: ClusterWorld) -> None:
    world.have("a", x="1")
    dataclasses.replace(world, app=f"{world.app}-other").have("b", x="1")
    kinds = [Kind("", "ConfigMap"), Kind("nowhere.example", "Thing"), Kind("", "Pod")]
    found = world.cluster().snapshot(world.namespace, kinds, world.app)
    assert [(each.key, each.body["kind"], each.body["apiVersion"]) for each in found] == [
        (world.manifest("a").key, "ConfigMap", "v1")
    ]


def test_a_long_list_is_read_page_by_page(world: ClusterWorld) -> None:
    for name in "abcde":
        world.have(name, x="1")
    wire = Wire(lambda: open_access(world.where), Ticks(real=True))
    objects = Objects(wire, Discovery(wire), page=2)
    found = objects.of_kinds(world.namespace, [Kind("", "ConfigMap")], f"{OWNER_LABEL}={world.app}")
    assert [each.key.name[-1] for each in found] == list("abcde")
    assert wire.requests["GET", "configmaps"] == 3
