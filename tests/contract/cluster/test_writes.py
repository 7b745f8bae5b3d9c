"""What an API server does with a write, asked of every cluster."""

from __future__ import annotations

from typing import Any

import pytest

from support.apihttp import APPLY, JSON_PATCH, MERGE, STRATEGIC, Said, ask
from support.clusters import ClusterWorld

CORE = "/api/v1/namespaces"


def config_map(world: ClusterWorld, name: str = "a", **data: str) -> dict[str, Any]:
    return dict(world.manifest(name, **data).body)


def post(world: ClusterWorld, body: Any, plural: str = "configmaps", root: str = "/api/v1", **how: str) -> Said:
    return ask(world.where, "POST", world.path(plural, root=root), body, **how)


def made(world: ClusterWorld, name: str = "a", **data: str) -> Said:
    said = post(world, config_map(world, name, **data))
    assert said.status == 201, said.body
    return said


def on(world: ClusterWorld, method: str, body: Any = None, name: str = "a", **how: str) -> Said:
    return ask(world.where, method, world.path("configmaps", name), body, **how)


def test_a_new_object_has_a_uid_a_version_and_a_time(world: ClusterWorld) -> None:
    metadata = made(world, x="1").body["metadata"]
    assert len(metadata["uid"]) == 36
    assert metadata["resourceVersion"].isdecimal()
    assert metadata["creationTimestamp"].endswith("Z")


def test_an_object_can_be_made_once(world: ClusterWorld) -> None:
    made(world)
    said = post(world, config_map(world))
    message = f'configmaps "{world.app}-a" already exists'
    assert said.refusal == (409, "AlreadyExists", message)
    assert said.body["details"] == {"name": f"{world.app}-a", "kind": "configmaps"}


def test_a_name_is_made_from_its_beginning(world: ClusterWorld) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": f"{world.app}-x-"}}
    names = {post(world, body).body["metadata"]["name"] for _ in range(2)}
    assert len(names) == 2
    for name in names:
        assert name.startswith(f"{world.app}-x-")
        assert set(name[-5:]) <= set("bcdfghjklmnpqrstvwxz2456789")


def test_an_object_needs_a_name(world: ClusterWorld) -> None:
    said = post(world, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})
    why = "metadata.name: Required value: name or generateName is required"
    assert said.refusal == (422, "Invalid", f'ConfigMap "" is invalid: {why}')
    assert said.body["details"]["causes"][0]["field"] == "metadata.name"


def test_an_object_belongs_into_the_namespace_of_its_path(world: ClusterWorld) -> None:
    body = config_map(world)
    said = post(world, {**body, "metadata": {**body["metadata"], "namespace": "elsewhere"}})
    why = "the namespace of the provided object does not match the namespace sent on the request"
    assert said.refusal == (400, "BadRequest", why)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"kind": "Secret"}, "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        ({"apiVersion": "apps/v1"}, 'no kind "ConfigMap" is registered for version "apps/v1"'),
    ],
    ids=["another kind", "another group"],
)
def test_an_object_is_of_the_kind_of_its_path(world: ClusterWorld, about: dict[str, str], why: str) -> None:
    status, reason, message = post(world, {**config_map(world), **about}).refusal
    assert (status, reason) == (400, "BadRequest")
    assert "cannot be handled as a ConfigMap" in message
    assert why in message


def test_a_body_that_breaks_off_is_refused(world: ClusterWorld) -> None:
    status, reason, message = post(world, "{").refusal
    assert (status, reason) == (400, "BadRequest")
    head = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind"
    assert message.startswith(f"{head}; json parse error: ")


def test_a_body_of_an_unknown_type_is_refused(world: ClusterWorld) -> None:
    said = post(world, "x", media="text/plain")
    assert said.refusal[:2] == (415, "UnsupportedMediaType")
    assert "accepted media types include: application/json, application/yaml" in said.refusal[2]


def test_nothing_is_made_in_a_namespace_that_is_missing(world: ClusterWorld) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    said = ask(world.where, "POST", f"{CORE}/paasctl-nowhere/configmaps", body)
    assert said.refusal == (404, "NotFound", 'namespaces "paasctl-nowhere" not found')


def test_what_is_not_there_is_not_found(world: ClusterWorld) -> None:
    said = on(world, "GET")
    assert said.refusal == (404, "NotFound", f'configmaps "{world.app}-a" not found')


def test_a_replacement_is_refused_where_somebody_was_faster(world: ClusterWorld) -> None:
    before = made(world, x="1").body
    on(world, "PUT", config_map(world, x="2"))
    said = on(world, "PUT", {**before, "data": {"x": "3"}})
    why = "the object has been modified; please apply your changes to the latest version and try again"
    assert said.refusal == (409, "Conflict", f'Operation cannot be fulfilled on configmaps "{world.app}-a": {why}')
    assert on(world, "GET").body["data"] == {"x": "2"}


def test_a_replacement_without_a_version_wins(world: ClusterWorld) -> None:
    before = made(world, x="1", y="1")
    said = on(world, "PUT", config_map(world, x="2"))
    assert (said.status, said.body["data"]) == (200, {"x": "2"})
    assert said.version != before.version
    assert said.body["metadata"]["uid"] == before.body["metadata"]["uid"]


def test_the_same_again_is_no_new_version(world: ClusterWorld) -> None:
    made(world, x="1")
    first = on(world, "PUT", config_map(world, x="2"))
    assert on(world, "PUT", config_map(world, x="2")).version == first.version


def test_a_replacement_of_another_object_is_refused(world: ClusterWorld) -> None:
    made(world, x="1")
    body = config_map(world, x="2")
    status, reason, message = on(world, "PUT", {**body, "metadata": {**body["metadata"], "uid": "u"}}).refusal
    assert (status, reason) == (409, "Conflict")
    assert "Precondition failed: UID in precondition: u, UID in object meta: " in message


def test_only_some_kinds_are_made_by_a_replacement(world: ClusterWorld) -> None:
    assert on(world, "PUT", config_map(world)).refusal[:2] == (404, "NotFound")
    path = world.path("leases", "a", "/apis/coordination.k8s.io/v1")
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": f"{world.app}-a"}}
    assert ask(world.where, "PUT", path, lease).status == 201


def test_some_kinds_are_not_replaced_blindly(world: ClusterWorld) -> None:
    path = world.path("leases", "a", "/apis/coordination.k8s.io/v1")
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": f"{world.app}-a"}}
    there = ask(world.where, "PUT", path, lease).body
    status, reason, message = ask(world.where, "PUT", path, lease).refusal
    assert (status, reason) == (422, "Invalid")
    assert message.endswith("metadata.resourceVersion: Invalid value: 0: must be specified for an update")
    assert ask(world.where, "PUT", path, there).status == 200


def test_a_lease_that_is_gone_is_not_made_again_by_its_holder(world: ClusterWorld) -> None:
    path = world.path("leases", "a", "/apis/coordination.k8s.io/v1")
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": f"{world.app}-a"}}
    there = ask(world.where, "PUT", path, lease).body
    ask(world.where, "DELETE", path)
    assert ask(world.where, "PUT", path, there).refusal[:2] == (409, "Conflict")
    assert ask(world.where, "GET", path).status == 404


@pytest.mark.parametrize(("method", "media"), [("PUT", "application/json"), ("PATCH", MERGE), ("PATCH", APPLY)])
def test_an_object_cannot_be_renamed(world: ClusterWorld, method: str, media: str) -> None:
    made(world)
    said = on(world, method, config_map(world, "b"), media=media, fieldManager="unknown")
    why = f"the name of the object ({world.app}-b) does not match the name on the URL ({world.app}-a)"
    assert said.refusal == (400, "BadRequest", why)


def test_a_merge_patch_sets_and_removes(world: ClusterWorld) -> None:
    made(world, x="1", y="1")
    said = on(world, "PATCH", {"data": {"x": "2", "y": None, "z": "1"}}, media=MERGE)
    assert (said.status, said.body["data"]) == (200, {"x": "2", "z": "1"})


def test_a_patch_may_name_the_version_that_it_is_for(world: ClusterWorld) -> None:
    version = made(world, x="1").version
    patch = {"metadata": {"resourceVersion": version}, "data": {"x": "2"}}
    assert on(world, "PATCH", patch, media=MERGE).status == 200
    assert on(world, "PATCH", patch, media=MERGE).refusal[:2] == (409, "Conflict")


def test_no_patch_changes_a_uid(world: ClusterWorld) -> None:
    made(world)
    status, reason, message = on(world, "PATCH", {"metadata": {"uid": "u"}}, media=MERGE).refusal
    assert (status, reason) == (422, "Invalid")
    assert 'metadata.uid: Invalid value: "u": field is immutable' in message


def test_a_json_patch_is_carried_out_in_order(world: ClusterWorld) -> None:
    made(world, x="1", y="1")
    patch = [
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "replace", "path": "/data/x", "value": "2"},
        {"op": "add", "path": "/data/z", "value": "3"},
        {"op": "remove", "path": "/data/y"},
    ]
    assert on(world, "PATCH", patch, media=JSON_PATCH).body["data"] == {"x": "2", "z": "3"}


def test_a_json_patch_whose_test_fails_changes_nothing(world: ClusterWorld) -> None:
    before = made(world, x="1")
    patch = [{"op": "replace", "path": "/data/x", "value": "2"}, {"op": "test", "path": "/data/x", "value": "9"}]
    assert on(world, "PATCH", patch, media=JSON_PATCH).refusal[:2] == (422, "Invalid")
    assert on(world, "GET").body == before.body


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "spec": {"clusterIP": "None", "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]},
}


def ports(world: ClusterWorld, patch: list[dict[str, Any]], media: str) -> list[tuple[str, int]]:
    post(world, {**SERVICE, "metadata": {"name": f"{world.app}-s"}}, "services")
    said = ask(world.where, "PATCH", world.path("services", "s"), {"spec": {"ports": patch}}, media=media)
    return [(it["name"], it["port"]) for it in said.body["spec"]["ports"]]


def test_a_strategic_patch_merges_lists_by_their_key(world: ClusterWorld) -> None:
    found = ports(world, [{"name": "c", "port": 2}, {"name": "d", "port": 3}], STRATEGIC)
    assert sorted(found) == [("a", 1), ("c", 2), ("d", 3)]


def test_a_strategic_patch_removes_an_item_by_its_key(world: ClusterWorld) -> None:
    assert ports(world, [{"port": 2, "$patch": "delete"}], STRATEGIC) == [("a", 1)]


def test_a_merge_patch_replaces_lists(world: ClusterWorld) -> None:
    assert ports(world, [{"name": "c", "port": 3}], MERGE) == [("c", 3)]


def test_a_patch_of_an_unknown_type_is_refused(world: ClusterWorld) -> None:
    made(world)
    assert on(world, "PATCH", {}, media="application/json").refusal[:2] == (415, "UnsupportedMediaType")


def test_a_dry_run_makes_nothing(world: ClusterWorld) -> None:
    said = post(world, config_map(world, x="1"), dryRun="All")
    assert (said.status, said.body["data"]) == (201, {"x": "1"})
    assert on(world, "GET").status == 404


def test_a_dry_run_changes_nothing(world: ClusterWorld) -> None:
    before = made(world, x="1").body
    said = on(world, "PATCH", {"data": {"x": "2"}}, media=MERGE, dryRun="All")
    assert said.body["data"] == {"x": "2"}
    assert on(world, "GET").body == before


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("dryRun", "None", 'Unsupported value: ["None"]: supported values: "All"'),
        ("fieldValidation", "No", 'Unsupported value: "No": supported values: "", "Ignore", "Strict", "Warn"'),
        ("fieldManager", "m" * 129, "Too long: may not be more than 128 bytes"),
    ],
)
def test_an_option_that_is_not_understood_is_refused(world: ClusterWorld, option: str, value: str, known: str) -> None:
    said = post(world, config_map(world), **{option: value})
    assert said.refusal == (422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {option}: {known}')
    assert on(world, "GET").status == 404


def test_strict_validation_refuses_an_unknown_field(world: ClusterWorld) -> None:
    said = post(world, {**config_map(world), "foo": 1}, fieldValidation="Strict")
    assert said.refusal[:2] == (400, "BadRequest")
    assert 'strict decoding error: unknown field "foo"' in said.refusal[2]
    assert on(world, "GET").status == 404


def test_by_default_an_unknown_field_is_dropped_with_a_warning(world: ClusterWorld) -> None:
    said = post(world, {**config_map(world), "foo": 1})
    assert said.status == 201
    assert "foo" not in said.body
    assert said.headers["warning"] == '299 - "unknown field \\"foo\\""'


def test_an_unknown_field_can_be_dropped_in_silence(world: ClusterWorld) -> None:
    said = post(world, {**config_map(world), "foo": 1}, fieldValidation="Ignore")
    assert (said.status, said.headers.get("warning")) == (201, None)


def test_strict_validation_refuses_a_field_that_is_given_twice(world: ClusterWorld) -> None:
    body = f'{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{world.app}-a"}},"data":{{}},"data":{{}}}}'
    said = post(world, body, fieldValidation="Strict")
    assert said.refusal[:2] == (400, "BadRequest")
    assert 'duplicate field "data"' in said.refusal[2]


def test_a_writer_owns_what_it_sent(world: ClusterWorld) -> None:
    entry = post(world, config_map(world, x="1"), fieldManager="me").body["metadata"]["managedFields"][0]
    assert (entry["manager"], entry["operation"], entry["apiVersion"]) == ("me", "Update", "v1")
    assert entry["fieldsV1"]["f:data"] == {".": {}, "f:x": {}}


def test_what_another_writer_changes_is_theirs(world: ClusterWorld) -> None:
    post(world, config_map(world, x="1", y="1"), fieldManager="me")
    said = on(world, "PATCH", {"data": {"x": "2"}}, media=MERGE, fieldManager="you")
    owned = {it["manager"]: it["fieldsV1"]["f:data"] for it in said.body["metadata"]["managedFields"]}
    assert owned == {"me": {".": {}, "f:y": {}}, "you": {"f:x": {}}}


POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}


def test_a_generation_counts_what_is_wanted_not_labels(world: ClusterWorld) -> None:
    root, metadata = "/apis/networking.k8s.io/v1", {"name": f"{world.app}-p"}
    path = world.path("networkpolicies", "p", root)
    first = post(world, {**POLICY, "metadata": metadata}, "networkpolicies", root)
    labelled = ask(world.where, "PATCH", path, {"metadata": {"labels": {"a": "b"}}}, media=MERGE)
    changed = ask(world.where, "PATCH", path, {"spec": {"policyTypes": ["Egress"]}}, media=MERGE)
    assert [it.body["metadata"]["generation"] for it in (first, labelled, changed)] == [1, 1, 2]


def test_no_client_chooses_a_generation_or_a_time(world: ClusterWorld) -> None:
    before = made(world).body["metadata"]
    patch = {"metadata": {"generation": 9, "creationTimestamp": "2020-01-01T00:00:00Z"}}
    after = on(world, "PATCH", patch, media=MERGE).body["metadata"]
    assert after["creationTimestamp"] == before["creationTimestamp"]
    assert "generation" not in after
