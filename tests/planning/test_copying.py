"""What of a live cluster is copied, what is masked, and what is said aloud about the rest."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from config.reading import config_of
from paasctl.model.copying import Copy
from paasctl.model.event import Warned
from paasctl.model.kube import Key, Kind, Live, Served
from paasctl.planning.copying import choose, is_kept, masked, namespaces_of, nodes_of, told
from paasctl.views.words import say_warning


def _served(text: str, *, namespaced: bool = True) -> Served:
    kind, _, version = text.partition("@")
    name, _, group = kind.partition(".")
    return Served(Kind(group, name), version or "v1", namespaced)


def _live(kind: str, **body: Any) -> Live:
    metadata = {"name": "a", "namespace": "shop", **body.pop("metadata", {})}
    whole = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **body}
    return Live(Key.of(whole), whole)


HELD = frozenset(
    {_served("ConfigMap"), _served("HorizontalPodAutoscaler.autoscaling@v2"), _served("Node", namespaced=False)}
)


def test_of_each_kind_the_first_version_that_can_be_held_is_read() -> None:
    new, old = _served("HorizontalPodAutoscaler.autoscaling@v3"), _served("HorizontalPodAutoscaler.autoscaling@v2")
    chosen = choose([_served("ConfigMap"), new, old], HELD)
    assert chosen.inside == (_served("ConfigMap"), old)
    assert chosen.unheld == ()


def test_what_cannot_be_held_is_known_by_name_and_what_exists_twice_is_not() -> None:
    chosen = choose([_served("Thing.example"), _served("Event.events.k8s.io")], HELD)
    assert chosen.unheld == (_served("Thing.example"),)
    assert chosen.inside == ()


def test_of_the_cluster_itself_only_what_rollouts_need_is_read() -> None:
    node, role = _served("Node", namespaced=False), _served("ClusterRole.rbac.authorization.k8s.io", namespaced=False)
    chosen = choose([node, role], HELD | {role})
    assert chosen.outside == (node,)
    assert chosen.unheld == ()


def test_gateways_are_read_everywhere_since_routes_hang_on_those_of_others() -> None:
    gateway = _served("Gateway.gateway.networking.k8s.io")
    assert gateway in choose([gateway], frozenset({gateway})).outside


def test_a_secrets_values_become_placeholders_of_the_same_length() -> None:
    notes = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "hunter2"}', "mine": "kept"}
    secret = _live("Secret", data={"password": base64.b64encode(b"hunter2").decode()}, metadata={"annotations": notes})
    body = masked(secret).body
    assert base64.b64decode(body["data"]["password"]) == b"*******"
    assert body["metadata"]["annotations"] == {"mine": "kept"}
    assert "hunter2" not in str(body)
    assert secret.body["data"]["password"] == base64.b64encode(b"hunter2").decode()


def test_everything_else_stays_as_it_is() -> None:
    config = _live("ConfigMap", data={"a": "b"})
    assert masked(config) is config


def test_endpoints_that_a_controller_made_are_made_anew() -> None:
    labels = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
    assert not is_kept(_live("EndpointSlice", metadata={"labels": labels}))
    assert is_kept(_live("EndpointSlice"))
    assert is_kept(_live("ConfigMap", metadata={"labels": labels}))


def test_nodes_are_those_that_pods_are_on() -> None:
    pods = [_live("Pod", spec={"nodeName": "one"}), _live("Pod", spec={}), _live("ConfigMap", spec={"nodeName": "two"})]
    assert nodes_of(pods) == {"one"}


@pytest.mark.parametrize(
    ("context", "expected"), [("a", ("shop-dev",)), ("b", ("shop-prod",)), ("c", ("shop-dev", "shop-prod"))]
)
def test_a_projects_namespaces_are_those_of_its_environments_there(context: str, expected: tuple[str, ...]) -> None:
    config = config_of(
        """\
app: shop
services: {web: {image: {context: .}, port: 8080}}
registries: {dev: {repository: registry.example/shop}}
clusters: {one: {context: a}, two: {context: b}}
environments: {dev: {cluster: one, registry: dev}, prod: {cluster: two, registry: dev}}
"""
    )
    assert namespaces_of(config, context) == expected


def test_all_that_was_left_behind_is_said_aloud() -> None:
    copy = Copy(
        cluster="live",
        namespaces=("shop",),
        objects=(_live("ConfigMap"), _live("Gateway", metadata={"namespace": "infra"})),
        absent=("gone",),
        unread=(Kind("", "Secret"),),
        unheld=(Kind("example", "Thing"),),
        masked=2,
    )
    lines = [line for it in told(copy) for line in (say_warning(it) if isinstance(it, Warned) else [it.text])]
    assert lines == [
        "copied from live: 1 object of shop, 1 around them",
        "live has no namespace gone yet",
        "warning: the values of 2 Secrets stayed there: placeholders as long stand for them",
        "  → --with-secrets copies them, too",
        "warning: not copied, since you may not read them: Secret",
        "warning: not copied, since the simulation can't hold them: Thing.example",
    ]
