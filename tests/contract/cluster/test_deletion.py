"""Deleting: preconditions, finalizers, what depends on what is gone, namespaces. Asked of every cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from paasctl.model.kube import OWNER_LABEL
from support.apihttp import MERGE, Said, ask
from support.clusters import ClusterWorld, until


def make(world: ClusterWorld, name: str = "a", *owners: Said, finalizers: tuple[str, ...] = ()) -> Said:
    body = dict(world.manifest(name).body)
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": it.body["metadata"]["name"],
            "uid": it.body["metadata"]["uid"],
        }
        for it in owners
    ]
    more: dict[str, Any] = {"ownerReferences": references} if references else {}
    more |= {"finalizers": list(finalizers)} if finalizers else {}
    said = ask(world.where, "POST", world.path("configmaps"), {**body, "metadata": {**body["metadata"], **more}})
    assert said.status == 201, said.body
    return said


def delete(world: ClusterWorld, name: str = "a", body: Any = None, **query: str) -> Said:
    return ask(world.where, "DELETE", world.path("configmaps", name), body, **query)


def get(world: ClusterWorld, name: str = "a") -> Said:
    return ask(world.where, "GET", world.path("configmaps", name))


def gone(world: ClusterWorld, name: str) -> None:
    until(lambda: get(world, name).status == 404)


def release(world: ClusterWorld, name: str = "a") -> Said:
    """Take the finalizers away."""
    path = world.path("configmaps", name)
    return ask(world.where, "PATCH", path, {"metadata": {"finalizers": None}}, media=MERGE)


def test_a_deletion_tells_what_is_gone(world: ClusterWorld) -> None:
    uid = make(world).body["metadata"]["uid"]
    said = delete(world)
    details = {"name": f"{world.app}-a", "kind": "configmaps", "uid": uid}
    assert (said.status, said.body["status"], said.body["details"]) == (200, "Success", details)
    assert get(world).status == 404


def test_what_is_not_there_cannot_be_deleted(world: ClusterWorld) -> None:
    assert delete(world).refusal == (404, "NotFound", f'configmaps "{world.app}-a" not found')


@pytest.mark.parametrize(
    ("precondition", "why"),
    [
        ({"uid": "u"}, "the UID in the precondition (u) does not match the UID in record ("),
        (
            {"resourceVersion": "1"},
            "the ResourceVersion in the precondition (1) does not match the ResourceVersion in ",
        ),
    ],
    ids=["uid", "version"],
)
def test_a_deletion_is_of_one_very_object(world: ClusterWorld, precondition: dict[str, str], why: str) -> None:
    make(world)
    status, reason, message = delete(world, body={"preconditions": precondition}).refusal
    assert (status, reason) == (409, "Conflict")
    assert f'Operation cannot be fulfilled on ConfigMap "{world.app}-a": {why}' in message
    assert get(world).status == 200


def test_a_deletion_of_the_right_object_is_done(world: ClusterWorld) -> None:
    metadata = make(world).body["metadata"]
    right = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    assert delete(world, body={"preconditions": right}).status == 200
    assert get(world).status == 404


def test_a_dry_run_deletes_nothing(world: ClusterWorld) -> None:
    before = make(world).body
    assert delete(world, dryRun="All").body["status"] == "Success"
    assert delete(world, body={"dryRun": ["All"]}).status == 200
    assert get(world).body == before


def test_a_finalizer_holds_an_object(world: ClusterWorld) -> None:
    make(world, finalizers=("paasctl.dev/test",))
    said = delete(world)
    assert said.body["metadata"]["deletionTimestamp"]
    assert said.body["metadata"]["deletionGracePeriodSeconds"] == 0
    assert get(world).body == said.body
    assert release(world).status == 200
    assert get(world).status == 404


def test_deleting_again_what_is_held_changes_nothing(world: ClusterWorld) -> None:
    make(world, finalizers=("paasctl.dev/test",))
    first = delete(world).body
    assert delete(world).body == first
    release(world)


def test_nobody_makes_what_is_held_anew(world: ClusterWorld) -> None:
    make(world, finalizers=("paasctl.dev/test",))
    delete(world)
    said = ask(world.where, "POST", world.path("configmaps"), world.manifest().body)
    assert said.refusal[:2] == (409, "AlreadyExists")
    assert said.refusal[2].startswith("object is being deleted: ")
    release(world)


def test_what_is_owned_goes_with_its_owner(world: ClusterWorld) -> None:
    owner = make(world, "owner")
    child = make(world, "child", owner)
    make(world, "grandchild", child)
    make(world, "stranger")
    delete(world, "owner")
    gone(world, "child")
    gone(world, "grandchild")
    assert get(world, "stranger").status == 200


def test_what_has_another_owner_stays(world: ClusterWorld) -> None:
    one, two = make(world, "one"), make(world, "two")
    make(world, "child", one, two)
    delete(world, "one")
    left = until(lambda: len(found := get(world, "child").body["metadata"]["ownerReferences"]) == 1 and found)
    assert [it["name"] for it in left] == [f"{world.app}-two"]
    delete(world, "two")
    gone(world, "child")


@pytest.mark.parametrize("where", ["query", "body", "old body"])
def test_orphans_stay_and_name_no_owner(world: ClusterWorld, where: str) -> None:
    make(world, "child", make(world, "owner"))
    match where:
        case "query":
            delete(world, "owner", propagationPolicy="Orphan")
        case "body":
            delete(world, "owner", {"propagationPolicy": "Orphan"})
        case _:
            delete(world, "owner", {"orphanDependents": True})
    gone(world, "owner")
    child = get(world, "child")
    assert child.status == 200
    assert "ownerReferences" not in child.body["metadata"]


def test_an_owner_may_wait_for_what_it_owns(world: ClusterWorld) -> None:
    owner = make(world, "owner")
    body = dict(world.manifest("child").body)
    about = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner.body["metadata"]["name"],
        "blockOwnerDeletion": True,
    }
    reference = {**about, "uid": owner.body["metadata"]["uid"]}
    more = {"ownerReferences": [reference], "finalizers": ["paasctl.dev/test"]}
    ask(world.where, "POST", world.path("configmaps"), {**body, "metadata": {**body["metadata"], **more}})
    said = delete(world, "owner", propagationPolicy="Foreground")
    assert said.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    until(lambda: "deletionTimestamp" in get(world, "child").body["metadata"])
    assert get(world, "owner").status == 200
    release(world, "child")
    gone(world, "owner")


def test_a_child_of_nobody_is_taken_away(world: ClusterWorld) -> None:
    owner = make(world, "owner")
    delete(world, "owner")
    make(world, "child", owner)
    gone(world, "child")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            {"propagationPolicy": "Never"},
            'Unsupported value: "Never": supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            {"propagationPolicy": "Orphan", "orphanDependents": "true"},
            'Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
        ),
    ],
    ids=["unknown", "said twice"],
)
def test_a_policy_that_makes_no_sense_is_refused(world: ClusterWorld, query: dict[str, str], why: str) -> None:
    make(world)
    said = delete(world, **query)
    assert said.refusal == (422, "Invalid", f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {why}')
    assert get(world).status == 200


def test_a_selection_is_deleted_at_once(world: ClusterWorld) -> None:
    for name in ("a", "b"):
        make(world, name)
    dataclasses.replace(world, app=f"{world.app}-other").have("c")
    said = ask(world.where, "DELETE", world.path("configmaps"), labelSelector=f"{OWNER_LABEL}={world.app}")
    assert (said.status, said.body["kind"]) == (200, "ConfigMapList")
    assert said.names == [f"{world.app}-a", f"{world.app}-b"]
    assert get(world, "a").status == 404
    assert get(world, "other-c").status == 200


@pytest.fixture
def own(world: ClusterWorld) -> Iterator[ClusterWorld]:
    """A namespace that may go."""
    name = f"paasctl-test-{world.app}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert ask(world.where, "POST", "/api/v1/namespaces", body).status == 201
    yield dataclasses.replace(world, namespace=name)
    ask(world.where, "DELETE", f"/api/v1/namespaces/{name}")


def test_a_namespace_is_made_with_an_account_and_a_certificate(own: ClusterWorld) -> None:
    until(lambda: ask(own.where, "GET", own.path("serviceaccounts") + "/default").status == 200)
    found = until(
        lambda: (said := ask(own.where, "GET", own.path("configmaps") + "/kube-root-ca.crt")).status == 200 and said
    )
    assert found.body["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_namespace_goes_with_all_that_is_in_it(own: ClusterWorld) -> None:
    make(own)
    path = f"/api/v1/namespaces/{own.namespace}"
    said = ask(own.where, "DELETE", path)
    assert (said.status, said.body["status"]["phase"]) == (200, "Terminating")
    until(lambda: ask(own.where, "GET", path).status == 404)
    assert get(own).status == 404


def test_a_namespace_waits_for_what_is_held_in_it_and_takes_nothing_new(own: ClusterWorld) -> None:
    make(own, finalizers=("paasctl.dev/test",))
    path = f"/api/v1/namespaces/{own.namespace}"
    ask(own.where, "DELETE", path)
    until(lambda: "deletionTimestamp" in get(own).body["metadata"])
    said = ask(own.where, "POST", own.path("configmaps"), own.manifest("b").body)
    why = f"unable to create new content in namespace {own.namespace} because it is being terminated"
    assert said.refusal == (403, "Forbidden", f'configmaps "{own.app}-b" is forbidden: {why}')
    assert said.body["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {own.namespace} is being terminated",
            "field": "metadata.namespace",
        }
    ]
    assert ask(own.where, "GET", path).body["status"]["phase"] == "Terminating"
    release(own)
    until(lambda: ask(own.where, "GET", path).status == 404)


def test_some_namespaces_stay(world: ClusterWorld) -> None:
    said = ask(world.where, "DELETE", "/api/v1/namespaces/default", dryRun="All")
    assert said.refusal == (403, "Forbidden", 'namespaces "default" is forbidden: this namespace may not be deleted')
