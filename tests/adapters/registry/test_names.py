"""Schemes, addresses, proxies."""

from __future__ import annotations

import pytest

from paasctl.adapters.registry.names import Access, base_url, located, origin, with_query
from paasctl.adapters.registry.trust import proxy_for

SCHEMES = [
    ("127.0.0.1:5000", None, "http"),
    ("127.9.9.9", None, "http"),
    ("localhost:5000", None, "http"),
    ("[::1]:5000", None, "http"),
    ("registry.example", None, "https"),
    ("localhost.example", None, "https"),
    ("10.0.0.1:5000", None, "https"),
    ("127.0.0.1:5000", False, "https"),
    ("registry.example", True, "http"),
]


@pytest.mark.parametrize(("host", "insecure", "scheme"), SCHEMES)
def test_only_loopback_is_plain_unless_told(host: str, insecure: bool | None, scheme: str) -> None:
    assert base_url(host, insecure) == f"{scheme}://{host}"


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_speaks_at_an_address_of_its_own(host: str) -> None:
    assert base_url(host, None) == "https://registry-1.docker.io"


LOCATIONS = [
    ("https://r.example/v2/x/", "/v2/y?_state=1", "https://r.example/v2/y?_state=1"),
    ("https://r.example/v2/x/", "https://cdn.example/z", "https://cdn.example/z"),
    ("https://r.example/v2/x/", "http://r.example/v2/y", "https://r.example/v2/y"),  # a TLS proxy in front
    ("https://r.example/v2/x/", "http://cdn.example/z", "http://cdn.example/z"),
    ("http://r.example/v2/x/", "http://r.example/v2/y", "http://r.example/v2/y"),
]


@pytest.mark.parametrize(("asked", "location", "expected"), LOCATIONS)
def test_a_location_is_taken_from_where_it_was_said(asked: str, location: str, expected: str) -> None:
    assert located(asked, location) == expected


def test_origins_differ_by_scheme_host_and_port() -> None:
    assert origin("https://r.example/a") == origin("https://r.example:443/b")
    assert len({origin(f"{it}/") for it in ("http://r.example", "https://r.example", "https://r.example:444")}) == 3


def test_a_query_keeps_what_was_there() -> None:
    assert with_query("http://r/u?_state=a%3D", "digest=sha256:0") == "http://r/u?_state=a%3D&digest=sha256:0"
    assert with_query("http://r/u", "digest=sha256:0") == "http://r/u?digest=sha256:0"


def test_a_mount_asks_for_both_repositories_the_one_written_first() -> None:
    assert Access.push("prod", "dev").scopes == ("repository:prod:pull,push", "repository:dev:pull")


PROXIES = [
    ("https://r.example/", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
    ("https://r.example/", {"https_proxy": "p:1"}, "http://p:1"),
    ("http://r.example/", {"HTTPS_PROXY": "http://p:1"}, None),
    ("http://r.example/", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
    ("http://127.0.0.1:5000/", {"HTTP_PROXY": "http://p:1"}, None),
    ("https://r.example/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
    ("https://r.example/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example, r.example"}, None),
    ("https://a.r.example/", {"HTTPS_PROXY": "http://p:1", "no_proxy": ".r.example"}, None),
    ("https://ar.example/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "r.example"}, "http://p:1"),
    ("https://r.example:444/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "r.example:443"}, "http://p:1"),
    ("https://r.example:444/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "r.example:444"}, None),
    ("https://10.1.2.3/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
    ("https://11.1.2.3/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8,word"}, "http://p:1"),
]


@pytest.mark.parametrize(("url", "environ", "proxy"), PROXIES)
def test_the_environment_names_the_proxy(url: str, environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, environ) == proxy
