"""Kinds and types of lists that the simulation doesn't know: it says so, rather than guess how to merge them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from fuzz.running import simulated
from fuzz.steps import APPLY
from paasctl.embedded.kube.model import By, Refusal
from paasctl.embedded.kube.objects.apply import applied
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.objects.write import Write
from schema.ask import Server

_THINGS: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with simulated() as made:
        yield made


def test_an_apply_of_a_kind_without_a_schema_is_not_implemented() -> None:
    known = loaded().resource("", "v1", "configmaps")
    assert known is not None
    thing = dataclasses.replace(known, group="example.com", plural="things", kind="Thing")
    body = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}
    with pytest.raises(Refusal) as caught:
        applied(Write(loaded(), thing, By("alice", "Apply"), 1.0), None, body)
    assert (caught.value.status, caught.value.reason) == (501, "NotImplemented")


def test_a_definition_of_a_kind_without_a_schema_is_not_implemented(server: Server) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com"
    assert server.ask("PATCH", path, _THINGS, media=APPLY, fieldManager="alice").status == 501


@pytest.mark.parametrize(
    "path",
    [
        "/apis/scheduling.k8s.io/v1/priorityclasses/a",
        "/api/v1/namespaces/default/bindings/a",
        "/api/v1/namespaces/default/replicationcontrollers/a",
        "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/a",
    ],
)
def test_a_kind_that_only_real_servers_have_is_not_implemented(server: Server, path: str) -> None:
    answer = server.ask("PATCH", path, {"metadata": {"name": "a"}}, media=APPLY, fieldManager="alice")
    assert answer.status == 501


@pytest.mark.parametrize("path", ["/apis/example.com/v1/things/a", "/api/v1/namespaces/default/nothings/a"])
def test_a_kind_that_nobody_has_is_not_found(server: Server, path: str) -> None:
    answer = server.ask("PATCH", path, {"metadata": {"name": "a"}}, media=APPLY, fieldManager="alice")
    assert answer.status == 404


def test_every_kind_that_discovery_lists_has_a_schema() -> None:
    assert [it.kind for it in loaded().resources if not loaded().type(it).fields] == []


def test_every_list_is_of_a_type_that_is_merged_here() -> None:
    lists = list(_lists(loaded().components()))
    assert len(lists) > 200
    assert {it.get("x-kubernetes-list-type") for it in lists} <= {None, "atomic", "set", "map"}
    assert {it.get("x-kubernetes-map-type") for it in _maps(loaded().components())} <= {None, "atomic", "granular"}


def _lists(said: Any) -> Iterator[dict[str, Any]]:
    return (it for it in _nodes(said) if it.get("type") == "array")


def _maps(said: Any) -> Iterator[dict[str, Any]]:
    return (it for it in _nodes(said) if it.get("type") == "object")


def _nodes(said: Any) -> Iterator[dict[str, Any]]:
    if isinstance(said, list):
        for it in said:
            yield from _nodes(it)
    elif isinstance(said, dict):
        yield said
        for it in said.values():
            yield from _nodes(it)
