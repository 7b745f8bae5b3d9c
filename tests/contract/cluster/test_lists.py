"""Lists: order, selectors, pages, forms. Asked of every cluster."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.model.kube import OWNER_LABEL
from support.apihttp import PARTIAL, PARTIAL_LIST, Said, ask
from support.clusters import ClusterWorld


def have(world: ClusterWorld, name: str, **labels: str) -> Said:
    body = dict(world.manifest(name).body)
    body["metadata"] = {**body["metadata"], "labels": {**body["metadata"]["labels"], **labels}}
    return ask(world.where, "POST", world.path("configmaps"), body)


def listed(world: ClusterWorld, selector: str = "", **query: str) -> Said:
    """ConfigMaps of this app."""
    labels = ",".join(it for it in (f"{OWNER_LABEL}={world.app}", selector) if it)
    return ask(world.where, "GET", world.path("configmaps"), labelSelector=labels, **query)


def ends(said: Said) -> str:
    return "".join(name[-1] for name in said.names)


@pytest.fixture
def five(world: ClusterWorld) -> None:
    for name, labels in (
        ("c", {"x": "1"}),
        ("a", {"x": "2", "y": ""}),
        ("b", {}),
        ("e", {"x": "3", "n": "5"}),
        ("d", {"n": "7"}),
    ):
        have(world, name, **labels)


@pytest.mark.usefixtures("five")
def test_a_list_is_in_the_order_of_names(world: ClusterWorld) -> None:
    assert ends(listed(world)) == "abcde"


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("x", "ace"),
        ("!x", "bd"),
        ("x=1", "c"),
        ("x==2", "a"),
        ("x!=1", "abde"),
        ("x in (1, 3)", "ce"),
        ("x notin (1)", "abde"),
        ("y=", "a"),
        ("x,n", "e"),
        ("n>5", "d"),
        ("n<6", "e"),
    ],
)
@pytest.mark.usefixtures("five")
def test_labels_choose(world: ClusterWorld, selector: str, chosen: str) -> None:
    assert ends(listed(world, selector)) == chosen


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("a===b", "unable to parse requirement: found '=', expected: identifier"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("=", "found '=', expected: !, identifier, or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ],
)
def test_a_selector_that_cannot_be_read_is_told(world: ClusterWorld, selector: str, why: str) -> None:
    said = ask(world.where, "GET", world.path("configmaps"), labelSelector=selector)
    assert said.refusal == (400, "BadRequest", why)


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(("sign", "chosen"), [("=", "b"), ("==", "b"), ("!=", "acde")])
def test_fields_choose(world: ClusterWorld, sign: str, chosen: str) -> None:
    assert ends(listed(world, fieldSelector=f"metadata.name{sign}{world.app}-b")) == chosen


def test_only_some_fields_choose(world: ClusterWorld) -> None:
    said = listed(world, fieldSelector="data.x=1")
    why = '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert said.refusal == (400, "BadRequest", why)


@pytest.mark.usefixtures("five")
def test_a_long_list_comes_in_pages(world: ClusterWorld) -> None:
    pages, token = [], ""
    while True:
        said = listed(world, limit="2", **({"continue": token} if token else {}))
        pages.append(ends(said))
        token = said.body["metadata"].get("continue", "")
        if not token:
            break
    assert pages == ["ab", "cd", "e"]


@pytest.mark.usefixtures("five")
def test_pages_show_one_moment(world: ClusterWorld) -> None:
    first = listed(world, limit="2")
    have(world, "cc")
    ask(world.where, "DELETE", world.path("configmaps", "d"))
    second = listed(world, limit="9", **{"continue": first.body["metadata"]["continue"]})
    assert (ends(second), second.version) == ("cde", first.version)
    assert ends(listed(world)) == "abcce"


def test_a_page_tells_how_much_is_left(world: ClusterWorld) -> None:
    for name in "abc":
        ask(world.where, "POST", world.path("secrets"), {**world.manifest(name, kind="Secret").body, "data": {}})
    whole = len(ask(world.where, "GET", world.path("secrets")).body["items"])
    said = ask(world.where, "GET", world.path("secrets"), limit="1")
    assert said.body["metadata"]["remainingItemCount"] == whole - 1


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ({"continue": "x"}, 400, "invalid continue token: continue key is not valid: "),
        ({"limit": "x"}, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"resourceVersion": "x"}, 400, 'invalid resource version: resourceVersion: Invalid value: "x"'),
        ({"resourceVersion": "9999999999"}, 504, "Timeout: Too large resource version: 9999999999, current: "),
    ],
)
def test_an_option_of_a_list_that_makes_no_sense_is_told(
    world: ClusterWorld, query: dict[str, str], status: int, why: str
) -> None:
    said = listed(world, **query)
    assert said.status == status
    assert why in said.body["message"]


def test_a_list_tells_kind_and_version_once(world: ClusterWorld) -> None:
    made = have(world, "a")
    whole = listed(world).body
    assert (whole["kind"], whole["apiVersion"]) == ("ConfigMapList", "v1")
    assert not {"kind", "apiVersion"} & whole["items"][0].keys()
    assert int(whole["metadata"]["resourceVersion"]) >= int(made.version)


def test_custom_objects_say_their_kind_in_lists(world: ClusterWorld) -> None:
    spec = {"gatewayClassName": "none", "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}]}
    root = "/apis/gateway.networking.k8s.io/v1"
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": f"{world.app}-g"}}
    ask(world.where, "POST", world.path("gateways", root=root), {**body, "spec": spec})
    items = ask(world.where, "GET", world.path("gateways", root=root)).body["items"]
    assert {it["kind"] for it in items} == {"Gateway"}


def test_all_namespaces_can_be_listed_at_once(world: ClusterWorld) -> None:
    have(world, "a")
    said = ask(world.where, "GET", "/api/v1/configmaps", labelSelector=f"{OWNER_LABEL}={world.app}")
    assert [it["metadata"]["namespace"] for it in said.body["items"]] == [world.namespace]


def test_a_namespace_that_is_missing_is_an_empty_list(world: ClusterWorld) -> None:
    said = ask(world.where, "GET", "/api/v1/namespaces/paasctl-nowhere/configmaps")
    assert (said.status, said.body["items"]) == (200, [])


def test_metadata_alone_can_be_asked_for(world: ClusterWorld) -> None:
    made = ask(world.where, "POST", world.path("configmaps"), world.manifest(x="1").body).body
    wanted = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    assert ask(world.where, "GET", world.path("configmaps", "a"), accept=PARTIAL).body == wanted
    selector = {"labelSelector": f"{OWNER_LABEL}={world.app}"}
    whole: Any = ask(world.where, "GET", world.path("configmaps"), accept=PARTIAL_LIST, **selector).body
    assert whole["kind"] == "PartialObjectMetadataList"
    assert whole["items"] == [wanted]


@pytest.mark.parametrize(
    ("accept", "why"),
    [
        ("text/html", "406: Not Acceptable\n\nAvailable representations: application/json, "),
        (
            "application/json;as=Nothing;v=v1;g=meta.k8s.io",
            "only the following media types are accepted: application/json, ",
        ),
    ],
    ids=["another type", "another form"],
)
def test_a_form_that_is_not_offered_is_refused(world: ClusterWorld, accept: str, why: str) -> None:
    said = ask(world.where, "GET", world.path("configmaps"), accept=accept)
    assert said.refusal[:2] == (406, "NotAcceptable")
    assert said.refusal[2].startswith(why)


def test_the_first_form_that_is_offered_is_taken(world: ClusterWorld) -> None:
    accept = "text/html, application/json;as=Nothing;v=v1;g=meta.k8s.io, application/json"
    assert ask(world.where, "GET", world.path("configmaps"), accept=accept).body["kind"] == "ConfigMapList"
