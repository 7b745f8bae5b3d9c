"""What goes with its owner, what waits for it, what stays; and what a finalizer holds."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.embedded.kube.model import Object, Refusal
from support.driven import Driven, body, driven, template, workload


def _owned(world: Driven, name: str, *owners: str, blocks: bool = True, **more: Any) -> Object:
    """A ConfigMap owned by others."""
    references = []
    for it in owners:
        owner = world.get("ConfigMap", it)
        said = {"apiVersion": "v1", "kind": "ConfigMap", "name": it, "uid": owner["metadata"]["uid"]}
        references.append({**said, "blockOwnerDeletion": blocks})
    return world.make(body("ConfigMap", name, ownerReferences=references, **more))


def _names(world: Driven) -> list[str]:
    return [it for it in world.names("ConfigMap") if it != "kube-root-ca.crt"]


@pytest.fixture
def world() -> Driven:
    made = driven({"slow-stop": 10})
    made.make(body("ConfigMap", "top"))
    return made


def _web(world: Driven) -> None:
    world.have(workload("Deployment", replicas=2), 10)


def test_in_the_background_the_owner_goes_first_and_all_that_is_under_it_follows(world: Driven) -> None:
    _web(world)
    world.delete("Deployment", "web", propagation="Background")
    assert world.find("Deployment", "web") is None
    world.pass_(60)
    assert (world.all("ReplicaSet"), world.all("Pod")) == ([], [])


def test_in_the_foreground_the_owner_waits_for_all_that_is_under_it(world: Driven) -> None:
    _web(world)
    world.delete("Deployment", "web", propagation="Foreground")
    world.pass_(5)
    owner = world.get("Deployment", "web")
    assert owner["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert "deletionTimestamp" in owner["metadata"]
    assert [len(world.all(it)) for it in ("ReplicaSet", "Pod")] == [1, 2]
    list(world.history())
    world.pass_(60)
    gone = [it.place.plural for it, _ in world.history() if it.type == "DELETED"]
    assert [it for it in gone if it != "endpointslices"] == ["pods", "pods", "replicasets", "deployments"]


def test_a_controller_makes_nothing_new_while_it_is_deleted(world: Driven) -> None:
    _web(world)
    world.delete("Deployment", "web", propagation="Foreground")
    list(world.history())
    world.pass_(60)
    assert not [it for it, _ in world.history() if it.type == "ADDED" and it.place.plural == "pods"]


def test_orphans_stay_and_are_nobodys(world: Driven) -> None:
    _web(world)
    before = world.names("Pod")
    world.delete("Deployment", "web", propagation="Orphan")
    world.pass_(60)
    (orphan,) = world.all("ReplicaSet")
    assert "ownerReferences" not in orphan["metadata"]
    assert world.names("Pod") == before


def test_orphans_are_taken_up_by_the_next_of_the_same_template(world: Driven) -> None:
    _web(world)
    before = world.names("Pod")
    world.delete("Deployment", "web", propagation="Orphan")
    world.have(workload("Deployment", replicas=2), 60)
    assert world.names("Pod") == before
    (found,) = world.all("ReplicaSet")
    assert found["metadata"]["ownerReferences"][0]["uid"] == world.get("Deployment", "web")["metadata"]["uid"]
    assert world.get("Deployment", "web")["status"]["availableReplicas"] == 2


def test_orphans_of_another_template_are_rolled_over(world: Driven) -> None:
    _web(world)
    world.delete("Deployment", "web", propagation="Orphan")
    world.have(workload("Deployment", replicas=2, of=template(image="app:2")), 60)
    assert {it["spec"]["containers"][0]["image"] for it in world.all("Pod")} == {"app:2"}
    assert sorted(it["spec"]["replicas"] for it in world.all("ReplicaSet")) == [0, 2]


def test_orphaned_pods_are_taken_up_by_the_set_that_is_made_anew(world: Driven) -> None:
    _web(world)
    before = world.names("Pod")
    world.delete("ReplicaSet", world.names("ReplicaSet")[0], propagation="Orphan")
    world.pass_(60)
    assert len(world.all("ReplicaSet")) == 1
    assert world.names("Pod") == before


def test_a_pod_that_is_labelled_otherwise_is_let_go_and_replaced(world: Driven) -> None:
    """How one takes an ill pod aside to look at it."""
    _web(world)
    aside = world.names("Pod")[0]
    world.change("Pod", aside, lambda it: it["metadata"]["labels"].update(app="aside"))
    world.pass_(60)
    assert "ownerReferences" not in world.get("Pod", aside)["metadata"]
    assert len(world.all("Pod")) == 3
    world.delete("Deployment", "web")
    world.pass_(60)
    assert world.names("Pod") == [aside]


def test_a_pod_of_nobody_is_taken_up_where_it_fits_and_may_be_one_too_many(world: Driven) -> None:
    _web(world)
    labels = world.all("Pod")[0]["metadata"]["labels"]
    world.make(body("Pod", "mine", template()["spec"], labels=dict(labels)))
    world.pass_(60)
    assert len(world.all("Pod")) == 2
    assert world.find("Pod", "mine") is None


def test_what_has_two_owners_goes_with_the_second(world: Driven) -> None:
    world.make(body("ConfigMap", "other"))
    _owned(world, "shared", "top", "other")
    world.delete("ConfigMap", "top")
    (left,) = world.get("ConfigMap", "shared")["metadata"]["ownerReferences"]
    assert left["name"] == "other"
    world.delete("ConfigMap", "other")
    assert _names(world) == []


def test_a_whole_chain_goes(world: Driven) -> None:
    for number in range(5):
        _owned(world, f"link-{number}", f"link-{number - 1}" if number else "top")
    world.delete("ConfigMap", "top")
    assert _names(world) == []


def test_what_names_an_owner_that_is_gone_is_collected(world: Driven) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "top", "uid": "00000000-0000-0000-0000-000000000000"}
    world.make(body("ConfigMap", "stray", ownerReferences=[owner]))
    world.pass_()
    assert _names(world) == ["top"]


def test_an_owner_of_the_same_name_is_not_the_owner(world: Driven) -> None:
    _owned(world, "under", "top")
    world.delete("ConfigMap", "top", propagation="Orphan")
    world.make(body("ConfigMap", "top"))
    world.delete("ConfigMap", "top")
    assert _names(world) == ["under"]


# --- finalizers ---


def test_a_finalizer_holds_an_object_until_it_is_taken_away(world: Driven) -> None:
    world.make(body("ConfigMap", "held", finalizers=["example.com/hold"]))
    world.delete("ConfigMap", "held")
    assert "deletionTimestamp" in world.get("ConfigMap", "held")["metadata"]
    world.delete("ConfigMap", "held")
    world.change("ConfigMap", "held", lambda it: it["metadata"].update(finalizers=[]))
    assert world.find("ConfigMap", "held") is None


def test_all_finalizers_must_go(world: Driven) -> None:
    world.make(body("ConfigMap", "held", finalizers=["example.com/a", "example.com/b"]))
    world.delete("ConfigMap", "held")
    world.change("ConfigMap", "held", lambda it: it["metadata"].update(finalizers=["example.com/b"]))
    assert world.get("ConfigMap", "held")["metadata"]["finalizers"] == ["example.com/b"]
    world.change("ConfigMap", "held", lambda it: it["metadata"].update(finalizers=[]))
    assert world.find("ConfigMap", "held") is None


def test_what_is_going_away_takes_no_new_finalizer(world: Driven) -> None:
    world.make(body("ConfigMap", "held", finalizers=["example.com/a"]))
    world.delete("ConfigMap", "held")
    more = {"finalizers": ["example.com/a", "example.com/b"]}
    with pytest.raises(Refusal, match="no new finalizers can be added if the object is being deleted"):
        world.change("ConfigMap", "held", lambda it: it["metadata"].update(more))


def test_a_held_dependent_holds_an_owner_in_the_foreground_only(world: Driven) -> None:
    _owned(world, "under", "top", finalizers=["example.com/hold"])
    world.delete("ConfigMap", "top", propagation="Foreground")
    assert _names(world) == ["top", "under"]
    world.change("ConfigMap", "under", lambda it: it["metadata"].update(finalizers=[]))
    assert _names(world) == []


def test_a_dependent_that_does_not_block_holds_nobody_up(world: Driven) -> None:
    _owned(world, "under", "top", blocks=False, finalizers=["example.com/hold"])
    world.delete("ConfigMap", "top", propagation="Foreground")
    assert _names(world) == ["under"]
    assert "deletionTimestamp" in world.get("ConfigMap", "under")["metadata"]


def test_a_held_owner_keeps_its_dependents_in_the_background(world: Driven) -> None:
    """The collector looks when the owner is gone, not when it is marked."""
    world.make(body("ConfigMap", "held", finalizers=["example.com/hold"]))
    _owned(world, "under", "held")
    world.delete("ConfigMap", "held", propagation="Background")
    assert _names(world) == ["held", "top", "under"]
    world.change("ConfigMap", "held", lambda it: it["metadata"].update(finalizers=[]))
    assert _names(world) == ["top"]


def test_a_job_takes_its_pods_with_it(world: Driven) -> None:
    world.have(body("Job", "seed", {"template": template("seed", restartPolicy="Never")}), 5)
    world.delete("Job", "seed")
    world.pass_(60)
    assert world.all("Pod") == []


@pytest.mark.parametrize("kind", ["Ingress", "NetworkPolicy"])
def test_what_is_owned_by_a_kind_of_another_plural_stays_until_it_goes(world: Driven, kind: str) -> None:
    spec: dict[str, dict[str, Any]] = {
        "Ingress": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
        "NetworkPolicy": {"podSelector": {}},
    }
    owner = world.make(body(kind, "web", spec[kind]))
    said = {"apiVersion": "networking.k8s.io/v1", "kind": kind, "name": "web", "uid": owner["metadata"]["uid"]}
    world.make(body("ConfigMap", "under", ownerReferences=[said]))
    assert _names(world) == ["top", "under"]
    world.delete(kind, "web")
    assert _names(world) == ["top"]
