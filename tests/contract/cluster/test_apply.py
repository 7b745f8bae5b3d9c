"""Server-side apply, asked of every cluster."""

from __future__ import annotations

from typing import Any

from support.apihttp import APPLY, MERGE, Said, ask
from support.clusters import ClusterWorld


def apply(world: ClusterWorld, manager: str = "me", *, force: bool = False, **data: str) -> Said:
    more = {"force": "true"} if force else {}
    return patch(world, world.manifest(**data).body, fieldManager=manager, **more)


def patch(world: ClusterWorld, body: Any, name: str = "a", **query: str) -> Said:
    return ask(world.where, "PATCH", world.path("configmaps", name), body, media=APPLY, **query)


def owners(said: Said) -> dict[str, list[str]]:
    """Manager -> names in its `data`."""
    return {
        it["manager"]: [name[2:] for name in it["fieldsV1"].get("f:data", {}) if name != "."]
        for it in said.body["metadata"]["managedFields"]
    }


def test_an_apply_makes_an_object_and_then_changes_it(world: ClusterWorld) -> None:
    first, second = apply(world, x="1"), apply(world, x="2")
    assert (first.status, second.status) == (201, 200)
    assert second.body["data"] == {"x": "2"}
    assert second.body["metadata"]["uid"] == first.body["metadata"]["uid"]


def test_the_same_apply_again_is_no_new_version(world: ClusterWorld) -> None:
    assert apply(world, x="1").version == apply(world, x="1").version


def test_an_apply_may_be_yaml(world: ClusterWorld) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {world.app}-a\ndata:\n  when: '2020-01-01'\n"
    assert patch(world, text, fieldManager="me").body["data"] == {"when": "2020-01-01"}


def test_a_conflict_names_manager_and_field(world: ClusterWorld) -> None:
    apply(world, "me", x="1", y="1")
    said = apply(world, "you", x="2")
    message = 'Apply failed with 1 conflict: conflict with "me": .data.x'
    assert said.refusal == (409, "Conflict", message)
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "me"', "field": ".data.x"}
    assert said.body["details"]["causes"] == [cause]


def test_several_conflicts_are_told_together(world: ClusterWorld) -> None:
    apply(world, "me", x="1", y="1")
    status, reason, message = apply(world, "you", x="2", y="2").refusal
    assert (status, reason) == (409, "Conflict")
    assert message == 'Apply failed with 2 conflicts: conflicts with "me":\n- .data.x\n- .data.y'


def test_a_conflict_with_an_update_tells_its_version(world: ClusterWorld) -> None:
    apply(world, "me", x="1")
    path = world.path("configmaps", "a")
    ask(world.where, "PATCH", path, {"data": {"x": "2"}}, media=MERGE, fieldManager="you")
    assert apply(world, "me", x="3").refusal[2] == 'Apply failed with 1 conflict: conflict with "you" using v1: .data.x'


def test_a_conflict_changes_nothing(world: ClusterWorld) -> None:
    before = apply(world, "me", x="1").body
    apply(world, "you", x="2", z="1")
    assert ask(world.where, "GET", world.path("configmaps", "a")).body == before


def test_force_takes_over(world: ClusterWorld) -> None:
    apply(world, "me", x="1", y="1")
    said = apply(world, "you", force=True, x="2")
    assert said.body["data"] == {"x": "2", "y": "1"}
    assert owners(said) == {"me": ["y"], "you": ["x"]}


def test_the_same_value_is_owned_together(world: ClusterWorld) -> None:
    apply(world, "me", x="1")
    said = apply(world, "you", x="1")
    assert owners(said) == {"me": ["x"], "you": ["x"]}


def test_what_is_owned_together_stays_until_the_last_gives_it_up(world: ClusterWorld) -> None:
    apply(world, "me", x="1", a="1")
    apply(world, "you", x="1", b="1")
    assert apply(world, "me", a="1").body["data"] == {"x": "1", "a": "1", "b": "1"}
    assert apply(world, "you", b="1").body["data"] == {"a": "1", "b": "1"}


def test_what_an_update_made_is_not_removed_by_an_apply(world: ClusterWorld) -> None:
    path = world.path("configmaps")
    ask(world.where, "POST", path, world.manifest(x="1").body, fieldManager="me")
    assert apply(world, "me", y="1").body["data"] == {"x": "1", "y": "1"}


def test_an_apply_needs_a_manager(world: ClusterWorld) -> None:
    said = patch(world, world.manifest(x="1").body)
    why = "fieldManager: Required value: is required for apply patch"
    assert said.refusal == (422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {why}')


def test_only_an_apply_can_be_forced(world: ClusterWorld) -> None:
    apply(world, x="1")
    said = ask(world.where, "PATCH", world.path("configmaps", "a"), {}, media=MERGE, force="true")
    assert said.refusal[2].endswith("force: Forbidden: may not be specified for non-apply patch")


def test_an_apply_carries_no_managed_fields(world: ClusterWorld) -> None:
    body = apply(world, x="1").body
    said = patch(world, body, fieldManager="me")
    assert said.refusal == (400, "BadRequest", "metadata.managedFields must be nil")


def test_an_apply_says_what_kind_it_is(world: ClusterWorld) -> None:
    body = world.manifest(x="1").body
    said = patch(world, {**body, "kind": "Secret"}, fieldManager="me")
    assert said.refusal == (400, "BadRequest", "invalid object type: /v1, Kind=Secret")


def test_an_apply_may_be_for_one_version_only(world: ClusterWorld) -> None:
    version = apply(world, x="1").version
    body = world.manifest(x="2").body
    body = {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
    assert patch(world, body, fieldManager="me").status == 200
    assert patch(world, body, fieldManager="me").refusal[:2] == (409, "Conflict")


def test_an_apply_with_a_uid_makes_nothing(world: ClusterWorld) -> None:
    body = world.manifest(x="1").body
    said = patch(world, {**body, "metadata": {**body["metadata"], "uid": "u"}}, fieldManager="me")
    why = "uid mismatch: the provided object specified uid u, and no existing object was found"
    assert said.refusal == (409, "Conflict", f'Operation cannot be fulfilled on configmaps "{world.app}-a": {why}')


def test_a_dry_run_of_an_apply_tells_conflicts_and_changes_nothing(world: ClusterWorld) -> None:
    before = apply(world, "me", x="1").body
    body = world.manifest(x="2").body
    assert patch(world, body, fieldManager="you", dryRun="All").refusal[:2] == (409, "Conflict")
    assert patch(world, body, fieldManager="me", dryRun="All").body["data"] == {"x": "2"}
    assert ask(world.where, "GET", world.path("configmaps", "a")).body == before


def service(world: ClusterWorld, manager: str, *ports: tuple[str, int]) -> list[tuple[str, int]]:
    wanted = [{"name": name, "port": port} for name, port in ports]
    spec = {"clusterIP": "None", "ports": wanted}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"{world.app}-s"}, "spec": spec}
    path = world.path("services", "s")
    said = ask(world.where, "PATCH", path, body, media=APPLY, fieldManager=manager)
    return [(it["name"], it["port"]) for it in said.body["spec"]["ports"]]


def test_lists_are_merged_by_their_keys(world: ClusterWorld) -> None:
    service(world, "me", ("a", 1))
    assert service(world, "you", ("b", 2)) == [("a", 1), ("b", 2)]
    assert service(world, "me", ("c", 3)) == [("b", 2), ("c", 3)]


def test_a_status_is_applied_apart(world: ClusterWorld) -> None:
    root = "/apis/networking.k8s.io/v1"
    whole = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": f"{world.app}-i"}}
    backend = {"defaultBackend": {"service": {"name": "none", "port": {"number": 80}}}, "ingressClassName": "none"}
    path = world.path("ingresses", "i", root)
    ask(world.where, "PATCH", path, {**whole, "spec": backend}, media=APPLY, fieldManager="me")
    status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    said = ask(world.where, "PATCH", f"{path}/status", {**whole, "status": status}, media=APPLY, fieldManager="you")
    assert said.body["status"] == status
    entries = {it["manager"]: it.get("subresource", "") for it in said.body["metadata"]["managedFields"]}
    assert entries == {"me": "", "you": "status"}
    assert said.body["spec"]["defaultBackend"] == backend["defaultBackend"]
