"""Mirrors: asked first for what has a digest, and for nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.registry import Patience, RegistryClient
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.image import Descriptor
from support.registry import Registry, describe
from support.registry_client import Content, CountingClock, talking

LAYER = b"layer" * 100_000


@dataclass
class House:
    """A registry with a mirror, and a home where that is written down."""

    registry: Registry
    mirror: Registry
    home: Path
    image: Descriptor

    def client(self, **settings: Any) -> RegistryClient:
        environ = {"HOME": str(self.home)}
        return RegistryClient(self.registry.host, clock=CountingClock(), environ=environ, **settings)

    def write(self, text: str) -> None:
        folder = self.home / ".config" / "containers" / "certs.d" / self.registry.host
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts.toml").write_text(text)

    def read(self, client: RegistryClient) -> None:
        """The image, by digest."""
        web = self.registry.repository("dev/web")
        assert client.manifest(web.pinned(self.image.digest))
        with client.open_blob(web, describe(LAYER)) as chunks:
            assert b"".join(chunks) == LAYER


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Registry(auth="basic", users={"ann": "secret"}) as registry, Registry() as mirror:
        image = registry.put_image("dev/web", LAYER, tag="1")
        assert mirror.put_image("dev/web", LAYER) == image
        auth = base64.b64encode(b"ann:secret").decode()
        (tmp_path / ".docker").mkdir()
        (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
        found = House(registry, mirror, tmp_path, image)
        found.write(f'[host."http://{mirror.host}"]\ncapabilities = ["pull", "resolve"]\n')
        yield found


def test_what_has_a_digest_comes_from_the_mirror_and_no_credentials_go_there(house: House) -> None:
    client = house.client()
    house.read(client)
    client.close()
    assert house.registry.requests == {}
    assert house.mirror.requests == {"GET manifests": 1, "GET blobs": 1}
    assert [it for it in house.mirror.log if "Authorization" in it.headers] == []
    assert all(f"ns={house.registry.host.replace(':', '%3A')}" in it.path for it in house.mirror.log)


def test_what_a_name_means_and_what_is_there_only_the_registry_says(house: House) -> None:
    client, web = house.client(), house.registry.repository("dev/web")
    assert client.resolve(web.tagged("1")) == house.image
    assert client.manifest(web.tagged("1"))
    assert client.tags(web) == ("1",)
    assert client.has_blob(web, describe(LAYER).digest)
    assert client.referrers(web, house.image.digest) == ()
    client.close()
    assert house.mirror.requests == {}


def test_nothing_is_pushed_to_a_mirror(house: House) -> None:
    client, web = house.client(), house.registry.repository("dev/new")
    client.push_blob(web, describe(b"new"), Content.of(b"new"))
    client.close()
    assert house.mirror.requests == {}
    assert "dev/new" in list(house.registry.blobs)


@pytest.mark.parametrize(
    ("fault", "asked_again"),
    [
        ({"on": "GET *", "status": 404}, True),
        ({"on": "GET *", "status": 503}, False),
        ({"on": "GET *", "status": 403}, False),
        ({"on": "GET *", "mute": True}, False),
        ({"on": "GET manifests", "flip": True}, False),
        ({"on": "GET blobs", "cut": 200_000}, True),
    ],
)
def test_a_mirror_that_fails_is_no_failure(house: House, fault: dict[str, Any], asked_again: bool) -> None:
    house.mirror.fault(fault.pop("on"), **fault)
    client = house.client()
    house.read(client)
    assert house.registry.requests.total() > 0
    assert bool(house.mirror.requests["GET blobs"]) == asked_again
    client.close()


def test_what_breaks_off_at_a_mirror_goes_on_at_the_registry(house: House) -> None:
    house.mirror.fault("GET blobs", cut=200_000)
    client = house.client()
    house.read(client)
    client.close()
    ranges = [it.headers.get("Range") for it in house.registry.log if "/blobs/" in it.path]
    assert ranges[-1] == "bytes=200000-"


def test_a_mirror_that_is_gone_is_asked_once(house: House) -> None:
    with Registry() as gone:
        house.write(f'[host."http://{gone.host}"]')
    client = house.client(patience=Patience(connect=0.5))
    for _ in range(3):
        house.read(client)
    assert [it.host for it in client._session.mirrors()] == []
    client.close()
    assert house.registry.requests["GET blobs"] >= 3


def test_wrong_bytes_of_a_mirror_are_never_given_out_whole(house: House) -> None:
    house.mirror.fault("GET blobs", flip=True)
    client = house.client()
    with client.open_blob(house.registry.repository("dev/web"), describe(LAYER)) as chunks:
        with pytest.raises(Unavailable) as caught:
            b"".join(chunks)
        assert caught.value.code == "digest-mismatch"
        assert house.mirror.host in str(caught.value)
    client.close()


def test_mirrors_are_asked_in_their_order_and_only_those_that_may_be_pulled_from(house: House) -> None:
    with Registry() as second:
        house.write(
            f'[host."http://{second.host}"]\ncapabilities = ["push"]\n'
            f'[host."http://{house.mirror.host}/v2"]\n[host."http://{second.host}/"]\n'
        )
        client = house.client()
        house.read(client)
        client.close()
        assert second.requests == {}
        assert house.mirror.requests["GET blobs"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "[",
        'host = "x"',
        '[host]\n"https://a" = 1',
        '[host."ftp://a"]',
        '[host."https://a/prefix"]',
        '[host."https://"]',
    ],
)
def test_a_file_that_is_none_is_said_with_its_place(house: House, text: str) -> None:
    house.write(text)
    with pytest.raises(ConfigError) as caught:
        house.read(house.client())
    assert caught.value.code == "mirrors-invalid"
    assert caught.value.where.endswith("hosts.toml")


@pytest.mark.parametrize(("server", "scheme"), [("http://r.example:5000", "http"), ("https://r.example:5000", "https")])
def test_plain_http_is_allowed_where_the_file_says_so(tmp_path: Path, server: str, scheme: str) -> None:
    folder = tmp_path / ".config" / "containers" / "certs.d" / "r.example:5000"
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text(f'server = "{server}"')
    environ = {"HOME": str(tmp_path)}
    client = RegistryClient("r.example:5000", clock=CountingClock(), environ=environ)
    assert client._session.base == f"{scheme}://r.example:5000"
    told = RegistryClient("r.example:5000", clock=CountingClock(), environ=environ, insecure=False)
    assert told._session.base == "https://r.example:5000"


def test_who_has_no_such_file_has_no_mirrors() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_image("dev/web", LAYER, tag="1")
        assert client.manifest(registry.repository("dev/web").tagged("1"))
