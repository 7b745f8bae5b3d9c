"""What is served, who one is and what one may, subresources. Asked of every cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.connect import Where
from support.apihttp import MERGE, Said, ask
from support.clusters import ClusterWorld

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"


def get(world: ClusterWorld, path: str, accept: str = "application/json") -> Said:
    return ask(world.where, "GET", path, accept=accept)


def test_the_core_has_one_version(world: ClusterWorld) -> None:
    said = get(world, "/api").body
    assert (said["kind"], said["versions"]) == ("APIVersions", ["v1"])


def test_groups_say_their_versions_and_the_best(world: ClusterWorld) -> None:
    groups = {it["name"]: it for it in get(world, "/apis").body["groups"]}
    one = {"groupVersion": "apps/v1", "version": "v1"}
    assert groups["apps"] == {"name": "apps", "versions": [one], "preferredVersion": one}
    numbers = [it["version"] for it in groups["autoscaling"]["versions"]]
    assert numbers[0] == "v2"
    assert get(world, "/apis/apps").body == {"kind": "APIGroup", "apiVersion": "v1", **groups["apps"]}


def test_a_group_says_what_it_has(world: ClusterWorld) -> None:
    said = get(world, "/apis/apps/v1").body
    assert (said["kind"], said["groupVersion"]) == ("APIResourceList", "apps/v1")
    found = {it["name"]: it for it in said["resources"]}
    deployments = found["deployments"]
    assert (deployments["kind"], deployments["namespaced"], deployments["shortNames"]) == (
        "Deployment",
        True,
        ["deploy"],
    )
    assert {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} == set(
        deployments["verbs"]
    )
    scale = found["deployments/scale"]
    assert (scale["kind"], scale["group"], scale["version"]) == ("Scale", "autoscaling", "v1")


def test_all_groups_can_be_asked_for_at_once(world: ClusterWorld) -> None:
    form = "v2"
    said = get(world, "/apis", f"{AGGREGATED.format(form)},application/json")
    assert said.headers["content-type"] == AGGREGATED.format(form)
    assert (said.body["kind"], said.body["apiVersion"]) == ("APIGroupDiscoveryList", f"apidiscovery.k8s.io/{form}")
    group = next(it for it in said.body["items"] if it["metadata"]["name"] == "policy")
    (budgets,) = (it for it in group["versions"][0]["resources"] if it["resource"] == "poddisruptionbudgets")
    kind = {"group": "", "version": "", "kind": "PodDisruptionBudget"}
    assert budgets["responseKind"] == kind
    assert budgets["subresources"] == [
        {"subresource": "status", "responseKind": kind, "verbs": ["get", "patch", "update"]}
    ]


def test_the_beta_of_that_form_is_no_longer_spoken(world: ClusterWorld) -> None:
    said = get(world, "/apis", f"{AGGREGATED.format('v2beta1')},application/json")
    assert (said.headers["content-type"], said.body["kind"]) == ("application/json", "APIGroupList")


def test_a_group_that_is_not_there_is_no_page(world: ClusterWorld) -> None:
    for path in ("/apis/nowhere.example", "/apis/nowhere.example/v1/things", "/nowhere"):
        said = get(world, path)
        assert (said.status, said.body) == (404, "404 page not found\n")


def test_a_kind_that_is_not_there_is_a_status(world: ClusterWorld) -> None:
    for path in ("/apis/apps/v1/things", world.path("things"), "/api/v1/configmaps/a"):
        said = get(world, path)
        assert said.refusal == (404, "NotFound", "the server could not find the requested resource")
        assert said.body["details"] == {}


@pytest.mark.parametrize(("method", "name"), [("POST", "a"), ("PUT", ""), ("PATCH", ""), ("OPTIONS", "")])
def test_a_method_that_means_nothing_is_refused(world: ClusterWorld, method: str, name: str) -> None:
    media = {"media": MERGE} if method == "PATCH" else {}
    said = ask(world.where, method, world.path("configmaps", name), world.manifest().body, **media)
    why = "the server does not allow this method on the requested resource"
    assert said.refusal == (405, "MethodNotAllowed", why)


def test_it_says_its_version_and_that_it_lives(world: ClusterWorld) -> None:
    said = get(world, "/version").body
    assert said["gitVersion"].startswith(f"v{said['major']}.{said['minor']}.")
    for path in ("/healthz", "/livez", "/readyz"):
        assert get(world, path, "*/*").body == "ok"


def test_open_api_says_where_each_group_is(world: ClusterWorld) -> None:
    paths = get(world, "/openapi/v3").body["paths"]
    for name in ("api/v1", "apis/apps/v1", "apis/gateway.networking.k8s.io/v1"):
        assert paths[name]["serverRelativeURL"].startswith(f"/openapi/v3/{name}?hash=")


def test_open_api_knows_types_and_what_a_patch_may_ask(world: ClusterWorld) -> None:
    whole = get(world, "/openapi/v3/apis/apps/v1").body
    types = whole["components"]["schemas"]
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert types["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"] == [kind]
    containers = types["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    patches = [it["patch"] for it in whole["paths"].values() if it.get("patch")]
    ours = [_names(it) for it in patches if it.get("x-kubernetes-group-version-kind") == kind]
    assert any(it >= {"dryRun", "fieldManager", "fieldValidation"} for it in ours)


def _names(operation: dict[str, Any]) -> set[str]:
    return {it.get("name", "") for it in operation.get("parameters", ())}


def test_the_old_open_api_has_the_same_types(world: ClusterWorld) -> None:
    whole = get(world, "/openapi/v2").body
    assert whole["swagger"] == "2.0"
    reference = whole["definitions"]["io.k8s.api.apps.v1.Deployment"]["properties"]["spec"]["$ref"]
    assert reference == "#/definitions/io.k8s.api.apps.v1.DeploymentSpec"


def test_a_wrong_token_is_nobody(world: ClusterWorld, tmp_path: Path) -> None:
    config = json.loads(Path(world.nobody.kubeconfig).read_text())
    config["users"][0]["user"] = {"token": "wrong"}
    (tmp_path / "wrong").write_text(json.dumps(config))
    where = Where(context="here", kubeconfig=str(tmp_path / "wrong"))
    said = ask(where, "GET", world.path("configmaps"))
    assert said.refusal == (401, "Unauthorized", "Unauthorized")


def nobody_is(world: ClusterWorld) -> str:
    return "nobody" if world.api else f"system:serviceaccount:{world.namespace}:nobody"


@pytest.mark.parametrize(
    ("method", "name", "verb"),
    [("GET", "", "list"), ("GET", "a", "get"), ("DELETE", "a", "delete"), ("DELETE", "", "deletecollection")],
)
def test_what_is_forbidden_is_told_in_full(world: ClusterWorld, method: str, name: str, verb: str) -> None:
    said = ask(world.nobody, method, world.path("deployments", name, "/apis/apps/v1"))
    subject = f'deployments.apps "{world.app}-a" is forbidden' if name else "deployments.apps is forbidden"
    cannot = f'cannot {verb} resource "deployments" in API group "apps" in the namespace "{world.namespace}"'
    assert said.refusal == (403, "Forbidden", f'{subject}: User "{nobody_is(world)}" {cannot}')


def test_a_watch_and_a_subresource_are_rights_of_their_own(world: ClusterWorld) -> None:
    said = ask(world.nobody, "GET", world.path("pods"), watch="1")
    assert f'cannot watch resource "pods" in API group "" in the namespace "{world.namespace}"' in said.refusal[2]
    said = ask(world.nobody, "GET", f"{world.path('pods', 'a')}/log")
    assert 'cannot get resource "pods/log"' in said.refusal[2]
    said = ask(world.nobody, "GET", "/api/v1/nodes")
    assert said.refusal[2].endswith('cannot list resource "nodes" in API group "" at the cluster scope')


@pytest.mark.parametrize("who", ["where", "nobody"])
def test_one_may_ask_what_one_may(world: ClusterWorld, who: str) -> None:
    attributes = {"verb": "create", "group": "apps", "resource": "deployments", "namespace": world.namespace}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    asked = {**body, "spec": {"resourceAttributes": attributes}}
    said = ask(getattr(world, who), "POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", asked)
    assert said.status == 201
    assert (said.body["spec"], said.body["status"]["allowed"]) == (asked["spec"], who == "where")


def test_a_question_about_no_right_is_refused(world: ClusterWorld) -> None:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {}}
    status, reason, message = ask(world.where, "POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", body).refusal
    assert (status, reason) == (422, "Invalid")
    assert "exactly one of nonResourceAttributes or resourceAttributes must be specified" in message


def test_one_is_told_who_one_is(world: ClusterWorld) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    said = ask(world.nobody, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    assert (said.status, said.body["status"]["userInfo"]["username"]) == (201, nobody_is(world))


def test_all_that_one_may_can_be_listed(world: ClusterWorld) -> None:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    asked = {**body, "spec": {"namespace": world.namespace}}
    rules = ask(world.where, "POST", f"{AUTHORIZATION}/selfsubjectrulesreviews", asked).body["status"]["resourceRules"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in rules


def test_a_service_account_gets_a_token(world: ClusterWorld, tmp_path: Path) -> None:
    path = world.path("serviceaccounts", "robot")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": f"{world.app}-robot"}}
    ask(world.where, "POST", world.path("serviceaccounts"), account)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    said = ask(world.where, "POST", f"{path}/token", asked)
    assert (said.status, said.body["kind"]) == (201, "TokenRequest")
    config = json.loads(Path(world.nobody.kubeconfig).read_text())
    config["users"][0]["user"] = {"token": said.body["status"]["token"]}
    (tmp_path / "robot").write_text(json.dumps(config))
    where = Where(context="here", kubeconfig=str(tmp_path / "robot"))
    me = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    user = ask(where, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", me).body["status"]["userInfo"]
    assert user["username"] == f"system:serviceaccount:{world.namespace}:{world.app}-robot"
    assert "system:serviceaccounts" in user["groups"]


def test_an_account_that_is_not_there_gets_none(world: ClusterWorld) -> None:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    said = ask(world.where, "POST", f"{world.path('serviceaccounts', 'no')}/token", asked)
    assert said.refusal == (404, "NotFound", f'serviceaccounts "{world.app}-no" not found')


INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "spec": {"ingressClassName": "none", "defaultBackend": {"service": {"name": "none", "port": {"number": 80}}}},
}


def ingress(world: ClusterWorld) -> tuple[str, dict[str, Any]]:
    root = "/apis/networking.k8s.io/v1"
    body = {**INGRESS, "metadata": {"name": f"{world.app}-i"}}
    made = ask(world.where, "POST", world.path("ingresses", root=root), body)
    return world.path("ingresses", "i", root), made.body


STATUS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def test_a_status_is_written_apart(world: ClusterWorld) -> None:
    path, made = ingress(world)
    wanted = {**made, "status": STATUS, "spec": {**made["spec"], "ingressClassName": "other"}}
    said = ask(world.where, "PUT", f"{path}/status", wanted).body
    assert (said["status"], said["spec"]) == (STATUS, made["spec"])
    assert said["metadata"]["generation"] == made["metadata"]["generation"]
    assert get(world, f"{path}/status").body == said


def test_a_status_is_not_written_with_the_rest(world: ClusterWorld) -> None:
    path, made = ingress(world)
    said = ask(world.where, "PATCH", path, {"status": STATUS}, media=MERGE).body
    assert said["status"] == made["status"] == {"loadBalancer": {}}


def test_a_subresource_that_a_kind_does_not_have_is_not_found(world: ClusterWorld) -> None:
    assert world.have("a").is_good
    said = get(world, f"{world.path('configmaps', 'a')}/status")
    assert said.refusal == (404, "NotFound", "the server could not find the requested resource")


def pod(world: ClusterWorld) -> str:
    """A pod that no node takes."""
    spec = {"nodeSelector": {"nowhere": "yes"}, "containers": [{"name": "app", "image": "none.example/none:1"}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{world.app}-p", "labels": {"app": world.app}}}
    assert ask(world.where, "POST", world.path("pods"), {**body, "spec": spec}).status == 201
    return world.path("pods", "p")


EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction"}


def test_an_eviction_deletes_a_pod(world: ClusterWorld) -> None:
    path = pod(world)
    said = ask(world.where, "POST", f"{path}/eviction", {**EVICTION, "metadata": {"name": f"{world.app}-p"}})
    assert (said.status, said.body["status"]) == (201, "Success")
    assert get(world, path).status == 404


def test_a_pod_that_is_not_there_has_no_log_and_cannot_be_evicted(world: ClusterWorld) -> None:
    path = world.path("pods", "p")
    missing = (404, "NotFound", f'pods "{world.app}-p" not found')
    assert get(world, f"{path}/log", "*/*").refusal == missing
    body = {**EVICTION, "metadata": {"name": f"{world.app}-p"}}
    assert ask(world.where, "POST", f"{path}/eviction", body).refusal == missing
