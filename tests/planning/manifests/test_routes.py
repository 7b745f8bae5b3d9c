"""Ingress or HTTPRoute, and whose: decisions 15 and 21."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paasctl.errors import ConfigError, Refused
from paasctl.model.kube import Kind, Offers
from paasctl.planning.manifests import render_release
from planning.manifests.rendering import body, inputs, offers, problems, rendered, renderer, shop

_WEB = "web: {port: 80, path: /shop, hosts: ['{{ values.host }}', '*.b.example']}"
_UNREAD = frozenset({Kind("gateway.networking.k8s.io", "Gateway")})
_NO_GATEWAY_API = Offers(version="v1.34.4", kinds=frozenset())


def _given(offered: Offers | None, services: str = _WEB, **cluster: str) -> Any:
    given = inputs(shop(services), offers=offered, values={"host": "a.example"})
    return replace(given, cluster=replace(given.cluster, **cluster))  # type: ignore[arg-type]  # texts are all it has


@pytest.mark.parametrize(
    ("what", "offered", "cluster", "wanted"),
    [
        ("never asked: an Ingress", None, {}, "Ingress"),
        ("the only Gateway", offers("infra/a"), {}, "HTTPRoute infra/a"),
        ("Gateway API but no Gateway", offers(), {}, "Ingress"),
        ("no Gateway API", _NO_GATEWAY_API, {}, "Ingress"),
        ("a named Gateway, never asked", None, {"gateway": "x/y"}, "HTTPRoute x/y"),
        ("a named Gateway of several", offers("infra/a", "infra/b"), {"gateway": "infra/b"}, "HTTPRoute infra/b"),
        ("ingress is wanted", offers("infra/a"), {"router": "ingress"}, "Ingress"),
        ("an ingress class is named", offers("infra/a"), {"ingress_class": "nginx"}, "Ingress nginx"),
        ("gateway is wanted", offers("infra/a"), {"router": "gateway"}, "HTTPRoute infra/a"),
    ],
)
def test_the_way_in(what: str, offered: Offers | None, cluster: dict[str, str], wanted: str) -> None:
    manifests = rendered(_given(offered, **cluster))
    (found,) = [it for it in manifests if it.key.kind in {"Ingress", "HTTPRoute"}]
    spec = found.body["spec"]
    parents = [f"{it['namespace']}/{it['name']}" for it in spec.get("parentRefs", ())]
    assert " ".join([found.key.kind, *parents, *filter(None, [spec.get("ingressClassName")])]) == wanted, what


@pytest.mark.parametrize(
    ("what", "offered", "cluster", "why"),
    [
        ("several Gateways", offers("infra/a", "infra/b"), {}, "has several Gateways: infra/a, infra/b"),
        ("none", offers(), {"router": "gateway"}, "has no Gateway"),
        ("never asked", None, {"router": "gateway"}, "was not asked for its Gateways, and paas.yaml names none"),
        ("not allowed to look", offers(unread=_UNREAD), {}, "does not let you list its Gateways"),
        ("no Gateway API", _NO_GATEWAY_API, {"gateway": "infra/a"}, "serves no HTTPRoute"),
    ],
)
def test_an_unclear_way_in_is_refused(what: str, offered: Offers | None, cluster: dict[str, str], why: str) -> None:
    given = _given(offered, **cluster)
    with pytest.raises(Refused) as refusal:
        render_release(given, renderer(given.files))
    assert refusal.value.message == f"routing hosts on cluster local: it {why}", what
    assert refusal.value.hint.startswith("paas.yaml: clusters.local.")


def test_a_service_without_hosts_needs_no_way_in() -> None:
    assert problems(_given(offers("infra/a", "infra/b"), "web: {port: 80}")) == []


def test_hosts_and_path_reach_the_service() -> None:
    route = body(rendered(_given(offers("infra/a"))), "HTTPRoute/web")["spec"]
    assert route["hostnames"] == ["a.example", "*.b.example"]
    assert route["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/shop"}}]
    assert route["rules"][0]["backendRefs"] == [{"name": "web", "port": 80}]
    ingress = body(rendered(_given(None)), "Ingress/web")["spec"]
    assert [it["host"] for it in ingress["rules"]] == ["a.example", "*.b.example"]


@pytest.mark.parametrize(
    ("tls", "secret", "annotation"),
    [("{secret: shop-tls}", "shop-tls", None), ("{issuer: letsencrypt}", "web-tls", "letsencrypt")],
)
def test_tls_of_an_ingress(tls: str, secret: str, annotation: str | None) -> None:
    ingress = body(rendered(_given(None, f"web: {{port: 80, hosts: [a.example], tls: {tls}}}")), "Ingress/web")
    assert ingress["spec"]["tls"] == [{"hosts": ["a.example"], "secretName": secret}]
    assert ingress["metadata"].get("annotations", {}).get("cert-manager.io/cluster-issuer") == annotation


def test_a_host_that_is_none_is_told_with_its_place() -> None:
    given = inputs(shop("web: {port: 80, hosts: ['{{ values.host }}']}"), values={"host": "not a host"})
    assert problems(given) == ["paas.yaml:2:27: rendering service web: hosts[0] is no host name: 'not a host'"]


def test_files_come_before_refusals() -> None:
    given = _given(offers("infra/a", "infra/b"), _WEB + "\napi: {pod: pod.yml}")
    assert len(problems(given)) == 2
    with pytest.raises(ConfigError, match="there is no such file"):
        render_release(given, renderer(given.files))


@pytest.mark.parametrize(
    ("version", "wrong"), [("v1.29.3", 1), ("v1.30.0", 0), ("v1.34.4+k3s1", 0), ("v1.40.0-rc.1", 0)]
)
def test_draining_needs_a_cluster_that_can_wait(version: str, wrong: int) -> None:
    given = inputs(shop("web: {port: 80}"), offers=offers(version=version))
    assert len(problems(given)) == wrong
    assert problems(inputs(shop("web: {port: 80, drain: 0s}"), offers=offers(version=version))) == []
