"""Copies within and between registries: the embedded one and a real one (`PAASCTL_TEST_REGISTRY`).

The real one is reached through something that counts bytes, and misbehaves where it is told to.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from paasctl.adapters.images.registry import RegistrySource, RegistryTarget
from paasctl.adapters.registry import RegistryClient, growing
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.errors import PaasError, Unavailable
from paasctl.model.copied import Copied
from paasctl.model.image import Descriptor, Repository
from paasctl.model.location import InRegistry
from support.clock import FakeCancel
from support.copy_faults import BY_FAULT, DONE, LAYERS, WHOLE, Arrange, Scene
from support.proxied import Proxied
from support.registry import CONFIG, LAYER, MANIFEST, Registry, describe, manifest_of
from support.registry_client import Content, CountingClock
from support.registry_values import vouching

pytestmark = pytest.mark.contract

REAL = os.environ.get("PAASCTL_TEST_REGISTRY", "")
KIND = "application/vnd.example.signature"
BIG = random.Random(11).randbytes(3_000_000)


@contextmanager
def reached(name: str) -> Iterator[Proxied]:
    """A registry, through what counts."""
    if name == "real":
        with Proxied(REAL) as found:
            yield found
        return
    with Registry() as embedded, Proxied(embedded.host) as found:
        yield found


WHICH = ["embedded", *(["real"] if REAL else [])]


@pytest.fixture(params=WHICH)
def registry(request: pytest.FixtureRequest) -> Iterator[Proxied]:
    with reached(request.param) as found:
        yield found


@pytest.fixture
def client(registry: Proxied) -> Iterator[RegistryClient]:
    found = RegistryClient(registry.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
    yield found
    found.close()


def fresh(registry: Proxied) -> Repository:
    return Repository(registry.host, f"contract/{uuid.uuid4().hex}")


def push(client: RegistryClient, web: Repository, *layers: bytes, tag: str = "1") -> Descriptor:
    config = b'{"architecture": "amd64", "os": "linux"}'
    for blob in (*layers, config):
        client.push_blob(web, describe(blob), Content.of(blob))
    manifest = manifest_of(describe(config, CONFIG), [describe(it, LAYER) for it in layers])
    return client.put_manifest(web, MANIFEST, manifest, tag=tag)


def sign(client: RegistryClient, web: Repository, subject: Descriptor, note: str) -> Descriptor:
    client.push_blob(web, describe(b"{}"), Content.of(b"{}"))
    return client.put_manifest(web, MANIFEST, vouching(subject, describe(b"{}"), KIND, note))


def copy(client: RegistryClient, source: Repository, target: Repository) -> Copied:
    return copy_image(
        RegistrySource(InRegistry(source.tagged("1")), client),
        RegistryTarget(InRegistry(target.tagged("1")), client),
        CopyWish(),
        progress=lambda *_: None,
        warn=lambda _: None,
        cancel=FakeCancel(),
    )


def test_within_a_registry_no_byte_of_a_blob_moves(registry: Proxied, client: RegistryClient) -> None:
    source, target = fresh(registry), fresh(registry)
    image = push(client, source, BIG, b"small")
    registry.requests.clear()
    registry.up = registry.down = 0
    made = copy(client, source, target)
    assert (made.mounted, made.streamed) == (3, 0)
    assert registry.requests["GET blobs"] == registry.requests["PUT uploads"] == registry.requests["PATCH uploads"] == 0
    assert registry.up + registry.down < 20_000
    assert client.resolve(target.tagged("1")) == image
    with client.open_blob(target, describe(BIG)) as chunks:
        assert b"".join(chunks) == BIG


def test_what_vouches_for_an_image_travels(registry: Proxied, client: RegistryClient) -> None:
    source, target = fresh(registry), fresh(registry)
    image = push(client, source, b"layer")
    sbom = sign(client, source, image, "an SBOM")
    signed = sign(client, source, sbom, "its signature")
    tag = f"{image.digest.replace(':', '-')}.sig"
    by_tag = push(client, source, b"cosign's", tag=tag)
    made = copy(client, source, target)
    assert made.vouchers == 3
    assert [it.digest for it in client.referrers(target, image.digest)] == [sbom.digest]
    assert [it.digest for it in client.referrers(target, sbom.digest)] == [signed.digest]
    assert client.resolve(target.tagged(tag)) == by_tag
    assert copy(client, source, target).manifests == 0


def test_eight_at_once_are_all_listed(registry: Proxied, client: RegistryClient) -> None:
    web = fresh(registry)
    image = push(client, web, b"layer")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda it: sign(client, web, image, str(it)).digest, range(8)))
    assert sorted(it.digest for it in client.referrers(web, image.digest)) == sorted(made)


def test_a_blob_that_grows_arrives(registry: Proxied, client: RegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "PART", 1 << 20)
    web = fresh(registry)
    with client.writer(web) as writer:
        for start in range(0, len(BIG), 100_000):
            writer.write(BIG[start : start + 100_000])
        assert writer.commit(LAYER) == describe(BIG)
    with client.open_blob(web, describe(BIG)) as chunks:
        assert b"".join(chunks) == BIG


@pytest.mark.parametrize("on", ["PATCH uploads", "PUT uploads"])
@pytest.mark.parametrize("after", [0, 300_000])
def test_a_blob_that_grows_and_is_cut_off_arrives_whole_or_not_at_all(
    registry: Proxied, client: RegistryClient, monkeypatch: pytest.MonkeyPatch, on: str, after: int
) -> None:
    """distribution 2.8.2 forgets an upload whose part broke off; what was sent of it before is gone from here, too."""
    monkeypatch.setattr(growing, "PART", 1 << 20)
    web = fresh(registry)
    registry.fault(on, cut=after)
    ended = grow(client, web)
    assert ended in (DONE, "upload-lost")
    assert client.has_blob(web, describe(BIG).digest) == (ended == DONE)
    if ended == DONE:
        with client.open_blob(web, describe(BIG)) as chunks:
            assert b"".join(chunks) == BIG


def grow(client: RegistryClient, web: Repository) -> str:
    """Write it as it grows: `DONE`, or an error's code."""
    try:
        with client.writer(web) as writer:
            for start in range(0, len(BIG), 100_000):
                writer.write(BIG[start : start + 100_000])
            writer.commit(LAYER)
    except Unavailable as error:
        return error.code
    return DONE


@pytest.mark.parametrize("name", WHICH)
@pytest.mark.parametrize(("arrange", "outcome"), BY_FAULT.values(), ids=BY_FAULT)
def test_a_copy_ends_as_it_should(name: str, arrange: Arrange, outcome: str) -> None:
    with reached(name) as here, reached(name) as there:
        scene = Scene(here, there, source=f"contract/{uuid.uuid4().hex}", target=f"contract/{uuid.uuid4().hex}")
        client = scene.client(here.host)
        image = push(client, Repository(here.host, scene.source), *LAYERS)
        began = scene.clock.time
        arrange(scene)
        assert scene.ended() == outcome
        assert scene.clock.time - began <= WHOLE
        client.close()
        with reached_again(there) as looking:
            shown = _shown(looking, Repository(there.host, scene.target))
        assert shown == (image.digest if outcome == DONE else None)


@contextmanager
def reached_again(registry: Proxied) -> Iterator[RegistryClient]:
    registry.clear()
    client = RegistryClient(registry.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
    yield client
    client.close()


def _shown(client: RegistryClient, web: Repository) -> str | None:
    found = client.resolve(web.tagged("1"))
    return found.digest if found else None


def test_a_registry_that_is_gone_is_an_error_and_not_an_empty_one() -> None:
    with Registry() as gone:
        host = gone.host
    client = RegistryClient(host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
    with pytest.raises(PaasError):
        client.tags(Repository(host, "a"))
    client.close()
