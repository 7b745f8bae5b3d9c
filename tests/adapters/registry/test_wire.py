"""TLS, proxies, and what a connection costs."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import ConfigError, Forbidden, Unavailable
from paasctl.model.image import Repository
from support.registry import Registry, describe
from support.registry_client import CountingClock, talking

# A certificate for 127.0.0.1 that signs itself, and its key: public, and good for nothing but these tests.
PEM = Path(__file__).with_name("loopback.pem")


@pytest.fixture
def secure() -> Iterator[Registry]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    with Registry(tls=context) as registry:
        yield registry


def test_a_stranger_is_not_trusted_and_the_hint_says_where_its_authority_goes(secure: Registry) -> None:
    clock = CountingClock()
    with talking(secure, clock, insecure=False) as client:
        with pytest.raises(Unavailable, match=r"certificate of 127\.0\.0\.1:.* is not trusted") as caught:
            client.tags(secure.repository("a"))
        assert f"/etc/docker/certs.d/{secure.host}/ca.crt" in caught.value.hint
        assert clock.pauses == []


def test_an_authority_named_by_the_environment_is_trusted(secure: Registry) -> None:
    with talking(secure, environ={"SSL_CERT_FILE": str(PEM)}, insecure=False) as client:
        assert client.tags(secure.repository("a")) == ()


@pytest.mark.parametrize("folder", [".config/docker", ".config/containers", ".docker"])
def test_an_authority_in_certs_d_is_trusted_for_its_host(secure: Registry, tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder / "certs.d" / secure.host / "ca.crt"
    place.parent.mkdir(parents=True)
    place.write_bytes(PEM.read_bytes())
    with talking(secure, environ={"HOME": str(tmp_path)}, insecure=False) as client:
        assert client.tags(secure.repository("a")) == ()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_an_error_with_a_place(
    secure: Registry, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with talking(secure, environ={"SSL_CERT_FILE": str(file)}, insecure=False) as client:
        with pytest.raises(ConfigError) as caught:
            client.tags(secure.repository("a"))
        assert caught.value.where == str(file)


def test_plain_http_where_tls_was_expected_is_named() -> None:
    with Registry() as registry, talking(registry, insecure=False) as client:
        with pytest.raises(Unavailable, match="does not speak TLS") as caught:
            client.tags(registry.repository("a"))
        assert "insecure: true" in caught.value.hint


def test_a_secure_registry_may_not_send_us_to_a_plain_token_service(secure: Registry) -> None:
    secure.logins.how = "token"
    secure.logins.realm = "http://registry.example/token"
    environ = {"SSL_CERT_FILE": str(PEM)}
    with talking(secure, environ=environ, insecure=False) as client, pytest.raises(Forbidden, match="not https"):
        client.tags(secure.repository("a"))


def test_other_hosts_are_reached_through_the_proxy() -> None:
    with Registry() as proxy:
        proxy.put_image("team/web", b"layer", tag="1")
        environ = {"HTTP_PROXY": f"http://ann:secret@{proxy.host}", "HOME": "/nonexistent"}
        client = RegistryClient("registry.example", clock=CountingClock(), insecure=True, environ=environ)
        assert client.tags(Repository("registry.example", "team/web")) == ("1",)
        client.close()
        assert proxy.log[0].path.startswith("http://registry.example/v2/")
        assert proxy.log[0].headers["Proxy-Authorization"].startswith("Basic ")


def test_a_proxy_that_is_gone_is_named() -> None:
    with Registry() as registry:
        gone = registry.host
    environ = {"HTTP_PROXY": f"http://{gone}"}
    client = RegistryClient("registry.example", clock=CountingClock(), insecure=True, environ=environ)
    with pytest.raises(Unavailable, match=f"no connection to registry.example through the proxy {gone}"):
        client.tags(Repository("registry.example", "team/web"))


def test_one_connection_serves_many_requests() -> None:
    with Registry() as registry, talking(registry) as client:
        for _ in range(20):
            client.has_blob(registry.repository("a"), describe(b"").digest)
        assert registry.connections == 1


def test_a_connection_that_went_stale_is_replaced() -> None:
    with Registry() as registry, talking(registry) as client:
        for _ in range(3):
            client.has_blob(registry.repository("a"), describe(b"").digest)
            registry.cut_all()
        assert client.tags(registry.repository("a")) == ()


def test_making_a_client_asks_nothing_of_anybody() -> None:
    RegistryClient("registry.invalid", clock=CountingClock(), environ={"SSL_CERT_FILE": "/nonexistent"}).close()


def test_importing_the_client_brings_no_second_http_library() -> None:
    code = "import sys, paasctl.adapters.registry; print(*{it.partition('.')[0] for it in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "urllib3" in loaded
    assert not {"requests", "httpx", "docker", "kubernetes", "asyncio"} & set(loaded)
