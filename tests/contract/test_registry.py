"""What the registry client promises, asked of the embedded registry and of real ones.

The real ones are those that PAASCTL_TEST_REGISTRY and PAASCTL_TEST_REGISTRY_AUTH (with _USER and _PASSWORD) name, where
they are set. Each test works in a repository of its own.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.embedded.registry.serving import serve
from paasctl.errors import Forbidden, Unavailable, WouldClobber
from paasctl.model.image import Descriptor, Repository
from support.cutter import Cutter
from support.images import lay_image
from support.registry import CONFIG, INDEX, LAYER, MANIFEST, Registry, describe, index_of, manifest_of
from support.registry_client import Content, CountingClock

pytestmark = pytest.mark.contract

BIG = random.Random(7).randbytes(5_000_000)
EMBEDDED: dict[str, Literal["", "basic", "token"]] = {
    "embedded": "",
    "embedded with basic": "basic",
    "embedded with tokens": "token",
}
REAL = {
    name: os.environ[variable]
    for name, variable in (("real", "PAASCTL_TEST_REGISTRY"), ("real with auth", "PAASCTL_TEST_REGISTRY_AUTH"))
    if os.environ.get(variable)
}
GUARDED = [name for name in (*EMBEDDED, *REAL) if "with" in name]


@dataclass
class World:
    """A registry, whoever runs it, and a user who may do everything there."""

    host: str
    user: str
    password: str
    root: Path

    def client(self, host: str = "", user: str | None = None, password: str | None = None) -> RegistryClient:
        host = host or self.host
        pair = f"{self.user if user is None else user}:{self.password if password is None else password}"
        entry = {"auth": base64.b64encode(pair.encode()).decode()} if pair != ":" else {}
        config = self.root / "config.json"
        config.write_text(json.dumps({"auths": {host: entry}}))
        environ = {"DOCKER_CONFIG": str(self.root), "HOME": "/nonexistent"}
        return RegistryClient(host, clock=CountingClock(), environ=environ)


@contextmanager
def _world(name: str, root: Path) -> Iterator[World]:
    if name in REAL:
        user, password = (os.environ.get(f"PAASCTL_TEST_REGISTRY_AUTH_{it}", "") for it in ("USER", "PASSWORD"))
        yield World(REAL[name], *((user, password) if name in GUARDED else ("", "")), root)
        return
    with Registry(auth=EMBEDDED[name], users={"ann": "secret"}) as registry:
        yield World(registry.host, *(("ann", "secret") if name in GUARDED else ("", "")), root)


@pytest.fixture(params=[*EMBEDDED, *REAL])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with _world(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=GUARDED)
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with _world(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def client(world: World) -> Iterator[RegistryClient]:
    found = world.client()
    found.has_blob(Repository(world.host, "contract/warm"), describe(b"").digest)  # logged in from here
    found.requests.clear()
    yield found
    found.close()


@pytest.fixture
def web(world: World) -> Repository:
    return Repository(world.host, f"contract/{uuid.uuid4().hex}")


def push_image(client: RegistryClient, web: Repository, *layers: bytes, tag: str = "") -> Descriptor:
    config = b'{"architecture": "amd64", "os": "linux"}'
    for blob in (*layers, config):
        client.push_blob(web, describe(blob), Content.of(blob))
    manifest = manifest_of(describe(config, CONFIG), [describe(it, LAYER) for it in layers])
    done = client.put_manifest(web, MANIFEST, manifest)
    return client.put_manifest(web, MANIFEST, manifest, tag=tag) if tag else done


def whole(client: RegistryClient, web: Repository, descriptor: Descriptor) -> bytes:
    with client.open_blob(web, descriptor) as chunks:
        return b"".join(chunks)


def test_what_is_absent_is_none(client: RegistryClient, web: Repository) -> None:
    digest = describe(b"nothing").digest
    assert client.resolve(web.tagged("1")) is None
    assert client.resolve(web.pinned(digest)) is None
    assert client.manifest(web.tagged("1")) is None
    assert client.tags(web) == ()
    assert not client.has_blob(web, digest)
    with pytest.raises(Unavailable) as caught:
        whole(client, web, describe(b"nothing"))
    assert caught.value.code == "blob-missing"


def test_what_was_pushed_comes_back(client: RegistryClient, web: Repository) -> None:
    done = push_image(client, web, BIG, b"small", tag="1.2.3")
    assert whole(client, web, describe(BIG)) == BIG
    assert client.resolve(web.tagged("1.2.3")) == done
    assert client.resolve(web.pinned(done.digest)) == done
    found = client.manifest(web.tagged("1.2.3"))
    assert found
    assert (found[0], describe(found[1], MANIFEST)) == (done, done)
    assert client.tags(web) == ("1.2.3",)


def test_an_empty_blob_is_a_blob(client: RegistryClient, web: Repository) -> None:
    assert client.push_blob(web, describe(b""), Content.of(b"")) == "uploaded"
    assert client.push_blob(web, describe(b""), Content.of(b"")) == "exists"


def test_a_push_costs_what_it_must(client: RegistryClient, web: Repository) -> None:
    moved: list[int] = []
    client.push_blob(web, describe(BIG), Content.of(BIG), moved=moved.append)
    client.requests.pop("TOKEN", None)  # a token service may be asked for the right to push
    assert client.requests in ({"HEAD": 1, "POST": 1, "PUT": 1}, {"HEAD": 2, "POST": 1, "PUT": 1})
    assert sum(moved) == len(BIG)


def test_a_second_push_writes_nothing(client: RegistryClient, web: Repository) -> None:
    push_image(client, web, b"one", b"two", tag="1")
    client.requests.clear()
    push_image(client, web, b"one", b"two", tag="1")
    assert client.requests == {"HEAD": 5}


def test_a_mount_moves_no_bytes(client: RegistryClient, web: Repository) -> None:
    moved: list[int] = []
    client.push_blob(web, describe(BIG), Content.of(BIG))
    prod = web.child("prod")
    how = client.push_blob(prod, describe(BIG), Content.of(), mount_from=(web,), moved=moved.append)
    assert (how, moved) == ("mounted", [])
    assert whole(client, prod, describe(BIG)) == BIG


def test_a_mount_from_where_it_is_not_becomes_an_upload(client: RegistryClient, web: Repository) -> None:
    sources = (web.child("a"), web.child("b"))
    assert client.push_blob(web, describe(BIG), Content.of(BIG), mount_from=sources) == "uploaded"
    assert whole(client, web, describe(BIG)) == BIG


def test_an_index_holds_its_children(client: RegistryClient, web: Repository) -> None:
    child = push_image(client, web, b"layer")
    index = client.put_manifest(web, INDEX, index_of([child]), tag="all")
    assert client.resolve(web.tagged("all")) == index
    assert index.media_type == INDEX


def test_p11_a_tag_moves_only_when_told_to(client: RegistryClient, web: Repository) -> None:
    first = push_image(client, web, b"one", tag="1")
    second = push_image(client, web, b"two")
    found = client.manifest(web.pinned(second.digest))
    assert found
    with pytest.raises(WouldClobber, match=first.digest):
        client.put_manifest(web, MANIFEST, found[1], tag="1")
    assert client.resolve(web.tagged("1")) == first
    client.put_manifest(web, MANIFEST, found[1], tag="1", move=True)
    assert client.resolve(web.tagged("1")) == second


def test_p13_a_manifest_without_its_blobs_is_an_error(client: RegistryClient, web: Repository) -> None:
    client.push_blob(web, describe(b"{}", CONFIG), Content.of(b"{}"))
    manifest = manifest_of(describe(b"{}", CONFIG), [describe(b"never pushed", LAYER)])
    with pytest.raises(Unavailable) as caught:
        client.put_manifest(web, MANIFEST, manifest, tag="1")
    assert caught.value.code == "blob-missing"


def test_all_tags_are_listed(client: RegistryClient, web: Repository) -> None:
    done = push_image(client, web, b"layer")
    found = client.manifest(web.pinned(done.digest))
    assert found
    for number in range(12):
        client.put_manifest(web, MANIFEST, found[1], tag=f"1.{number}")
    assert sorted(client.tags(web)) == sorted(f"1.{number}" for number in range(12))


def test_eight_threads_push_and_pull_together(client: RegistryClient, web: Repository) -> None:
    contents = [bytes([number]) * 200_000 for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        pushed = pool.map(lambda it: client.push_blob(web, describe(it), Content.of(it)), contents)
        assert set(pushed) == {"uploaded"}
        assert list(pool.map(lambda it: whole(client, web, describe(it)), contents)) == contents


@pytest.mark.parametrize("after", [100_000, 2_500_000, 4_999_000])
def test_p8_an_upload_that_is_cut_off_ends_well(world: World, web: Repository, after: int) -> None:
    moved: list[int] = []
    with Cutter(world.host) as wire:
        client = world.client(wire.host)
        there = Repository(wire.host, web.path)
        wire.up = after
        assert client.push_blob(there, describe(BIG), Content.of(BIG), moved=moved.append) == "uploaded"
        assert wire.cuts == 1
        assert whole(client, there, describe(BIG)) == BIG
        assert sum(moved) == len(BIG)
        client.close()


@pytest.mark.parametrize("after", [100_000, 2_500_000, 4_999_000])
def test_p7_a_download_that_is_cut_off_goes_on(world: World, web: Repository, after: int) -> None:
    with Cutter(world.host) as wire:
        client = world.client(wire.host)
        there = Repository(wire.host, web.path)
        client.push_blob(there, describe(BIG), Content.of(BIG))
        wire.down = after
        assert whole(client, there, describe(BIG)) == BIG
        assert wire.cuts == 1
        client.close()


def test_p2_a_wrong_password_fails_and_its_source_is_named(guarded: World) -> None:
    client = guarded.client(password="wrong")
    with pytest.raises(Forbidden, match=f"auths of {guarded.root}/config.json"):
        client.tags(Repository(guarded.host, "contract/x"))
    assert client.requests["GET"] <= 2
    client.close()


def test_p2_nobody_is_called_anonymous(guarded: World) -> None:
    client = guarded.client(user="", password="")
    with pytest.raises(Forbidden, match="anonymous") as caught:
        client.tags(Repository(guarded.host, "contract/x"))
    assert caught.value.hint == f"docker login {guarded.host}"
    client.close()


def test_who_has_a_token_for_everything_may_delete(guarded: World) -> None:  # as skopeo asks for it
    client, web = guarded.client(), Repository(guarded.host, f"contract/{uuid.uuid4().hex}")
    done = push_image(client, web, b"layer", tag="1")
    assert raw(guarded, "DELETE", f"/v2/{web.path}/manifests/{done.digest}", f"repository:{web.path}:*").status == 202
    assert client.resolve(web.tagged("1")) is None
    client.close()


def raw(world: World, method: str, path: str, scope: str) -> http.client.HTTPResponse:
    """One request by who may do everything; where the registry wants a token, with one for this scope."""
    login = {"Authorization": f"Basic {base64.b64encode(f'{world.user}:{world.password}'.encode()).decode()}"}
    challenge = asked(world.host, "GET", "/v2/").getheader("WWW-Authenticate", "")
    if challenge.startswith("Bearer"):
        told = asked(world.host, "GET", f"/token?{urlencode({'scope': scope})}", login)
        login = {"Authorization": f"Bearer {json.load(told)['token']}"}
    return asked(world.host, method, path, login)


def asked(host: str, method: str, path: str, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        connection.request(method, path, headers={**(headers or {}), "Connection": "close"})
        return connection.getresponse()


def test_an_image_that_another_tool_laid_outlives_a_restart(tmp_path: Path) -> None:  # a real one serves no layouts
    laid = lay_image(create_layout(tmp_path / "layout"), "contract/web:1", [b"one", b"two"])
    for tag in ("2", "3"):
        with serve(tmp_path / "layout") as running:
            client, web = World(running.host, "", "", tmp_path).client(), Repository(running.host, "contract/web")
            found = client.manifest(web.tagged("1"))
            assert found
            assert found[0].digest == laid.digest
            blobs = [it["digest"] for it in json.loads(found[1])["layers"]]
            assert [it for it in blobs if not client.has_blob(web, it)] == []
            client.put_manifest(web, MANIFEST, found[1], tag=tag)
            client.close()


def test_what_is_deleted_by_digest_is_gone_with_its_tags(client: RegistryClient, web: Repository) -> None:
    done = push_image(client, web, b"one", tag="1.0.0")
    manifest = client.manifest(web.pinned(done.digest))
    assert manifest
    client.put_manifest(web, MANIFEST, manifest[1], tag="also")
    other = push_image(client, web, b"two", tag="2.0.0")
    assert client.delete_manifest(web, done.digest) is True
    for reference in (web.pinned(done.digest), web.tagged("1.0.0"), web.tagged("also")):
        assert client.resolve(reference) is None
    assert client.tags(web) == ("2.0.0",)
    assert client.resolve(web.tagged("2.0.0")) == other
    assert client.delete_manifest(web, done.digest) is False, "gone already"


def test_a_part_is_deleted_after_the_index_that_listed_it(client: RegistryClient, web: Repository) -> None:
    child = push_image(client, web, b"amd")
    index = client.put_manifest(web, INDEX, index_of([child]), tag="all")
    assert client.delete_manifest(web, index.digest)
    assert client.resolve(web.pinned(child.digest)) == child
    assert client.delete_manifest(web, child.digest)
    assert client.resolve(web.pinned(child.digest)) is None


def test_what_was_deleted_can_be_pushed_again(client: RegistryClient, web: Repository) -> None:
    done = push_image(client, web, b"one", tag="1.0.0")
    assert client.delete_manifest(web, done.digest)
    assert push_image(client, web, b"one", tag="1.0.0") == done
    assert client.resolve(web.tagged("1.0.0")) == done


def test_asking_whether_it_deletes_deletes_nothing(client: RegistryClient, web: Repository) -> None:
    done = push_image(client, web, b"one", tag="1.0.0")
    client.check_deletable(web)
    client.check_deletable(web.child("nothing-there"))
    assert client.resolve(web.tagged("1.0.0")) == done


def test_deleting_needs_somebody_who_may(guarded: World) -> None:
    web = Repository(guarded.host, f"contract/{uuid.uuid4().hex}")
    with closing(guarded.client()) as client:
        done = push_image(client, web, b"one", tag="1.0.0")
    with closing(guarded.client(user="ann", password="wrong")) as client, pytest.raises(Forbidden):
        client.check_deletable(web)
    with closing(guarded.client()) as client:
        assert client.delete_manifest(web, done.digest)
