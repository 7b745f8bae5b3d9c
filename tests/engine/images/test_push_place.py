"""Pushing what lies at a place to a registry over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.engine.images.push import push_place
from paasctl.errors import Cancelled, Missing, PaasError, Refused, Unavailable
from paasctl.model.image import Pinned, Platform, Repository
from paasctl.model.plan import Push
from paasctl.oci.documents import manifest as documents
from support.clock import FakeCancel
from support.images import document, lay_image, lay_index
from support.registry import Registry
from support.registry_client import talking
from support.tars import tar_of

TARS = [tar_of("a=" + "x" * size) for size in (100, 30_000, 3_000)]


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as it:
        yield it


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    with talking(registry) as it:
        yield it


Told = list[tuple[int, int | None]]


def push(
    layout: FolderLayout, client: RegistryClient, cancel: FakeCancel | None = None, told: Told | None = None
) -> Pinned:
    step = Push(name="web", repository=Repository(client.host, "shop/web"))
    heard = told if told is not None else []
    return push_place(step, layout, client, progress=lambda *it: heard.append(it), cancel=cancel or FakeCancel())


def puts(registry: Registry, word: str) -> list[str]:
    return [it.path for it in registry.log if it.method in ("PUT", "POST", "PATCH") and word in it.path]


def test_an_image_arrives_whole_by_digest_and_without_a_tag(
    layout: FolderLayout, registry: Registry, client: RegistryClient
) -> None:
    old = lay_image(layout, "web", TARS)
    assert push(layout, client) == Pinned(Repository(registry.host, "shop/web"), old.digest)
    manifest = document(layout, old)
    assert set(registry.blobs["shop/web"]) == {it["digest"] for it in [manifest["config"], *manifest["layers"]]}
    assert registry.manifests["shop/web"] == {old.digest: (old.media_type, layout.read(old))}
    assert registry.tags["shop/web"] == {}


def test_an_index_comes_after_its_children(
    layout: FolderLayout, registry: Registry, client: RegistryClient
) -> None:  # B7 P12
    children = [
        lay_image(layout, "", [tar_of("a=1"), tar_of(f"{it}=1")], platform=Platform("linux", it))
        for it in ("arm64", "amd64")
    ]
    index = lay_index(layout, "web", children)
    assert push(layout, client).digest == index.digest
    assert [it.rpartition("/")[2] for it in puts(registry, "/manifests/")] == [it.digest for it in (*children, index)]
    assert registry.tags["shop/web"] == {}


def test_a_second_push_sends_no_blob(layout: FolderLayout, registry: Registry, client: RegistryClient) -> None:  # P10
    lay_image(layout, "web", TARS)
    push(layout, client)
    received, told = registry.received, Told()
    push(layout, client, told=told)
    assert registry.received == received
    assert told[-1][0] == told[-1][1]


def test_a_push_that_broke_off_goes_on(layout: FolderLayout, registry: Registry, client: RegistryClient) -> None:  # P8
    old = lay_image(layout, "web", TARS)
    layers = document(layout, old)["layers"]
    registry.blobs["shop/web"][layers[1]["digest"]] = layout.path(layers[1]["digest"]).read_bytes()
    push(layout, client)
    assert registry.received < sum(it["size"] for it in layers) + 2_000
    assert old.digest in registry.manifests["shop/web"]


def test_the_manifest_is_never_there_before_its_blobs(
    layout: FolderLayout, registry: Registry, client: RegistryClient
) -> None:
    lay_image(layout, "web", TARS)
    push(layout, client)
    last_blob = max(number for number, it in enumerate(registry.log) if it.method == "PUT" and "/blobs/" in it.path)
    first_manifest = min(
        number for number, it in enumerate(registry.log) if it.method == "PUT" and "/manifests/" in it.path
    )
    assert last_blob < first_manifest


@pytest.mark.parametrize("where", ["same host", "other host", "same repository"])
def test_the_bases_layers_are_mounted_where_they_can_be(
    layout: FolderLayout, registry: Registry, client: RegistryClient, where: str
) -> None:
    host = "registry.example" if where == "other host" else registry.host
    path = "shop/web" if where == "same repository" else "base/os"
    old = lay_image(layout, "web", TARS, annotations={documents.BASE_NAME: f"{host}/{path}:1"})
    base = document(layout, old)["layers"][1]["digest"]
    registry.blobs["base/os"][base] = layout.path(base).read_bytes()
    push(layout, client)
    assert ("POST mounts" in registry.requests) == (where == "same host")
    assert base in registry.blobs["shop/web"]


@pytest.mark.parametrize("name", ["", "no reference", "ubuntu:22.04"])
def test_a_base_name_that_names_nothing_is_no_trouble(layout: FolderLayout, client: RegistryClient, name: str) -> None:
    old = lay_image(layout, "web", TARS, annotations={documents.BASE_NAME: name})
    assert push(layout, client).digest == old.digest


def test_progress_counts_every_byte_once(layout: FolderLayout, client: RegistryClient) -> None:
    old = lay_image(layout, "web", TARS)
    told = Told()
    push(layout, client, told=told)
    manifest = document(layout, old)
    total = sum(it["size"] for it in [manifest["config"], *manifest["layers"]])
    assert {it[1] for it in told} == {total}
    assert told[-1] == (total, total)
    assert [it[0] for it in told] == sorted(it[0] for it in told)


@pytest.mark.parametrize("after", [0, 2, 5])
def test_it_can_be_stopped_before_the_manifest_is_there(
    layout: FolderLayout, registry: Registry, client: RegistryClient, after: int
) -> None:
    old = lay_image(layout, "web", TARS)
    with pytest.raises(Cancelled, match="at your request"):
        push(layout, client, FakeCancel(after=after))
    assert old.digest not in registry.manifests["shop/web"]
    push(layout, client)
    assert old.digest in registry.manifests["shop/web"]


def test_one_damaged_blob_fails_the_push_and_no_manifest_appears(
    layout: FolderLayout, registry: Registry, client: RegistryClient
) -> None:  # P9
    old = lay_image(layout, "web", TARS)
    digest = document(layout, old)["layers"][1]["digest"]
    path = layout.path(digest)
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(PaasError) as caught:
        push(layout, client)
    assert not isinstance(caught.value, Cancelled), "the cause, not what followed from it"
    assert digest in caught.value.message
    assert registry.manifests["shop/web"] == {}


def test_a_foreign_layer_that_is_not_here_is_refused(layout: FolderLayout, client: RegistryClient) -> None:
    old = lay_image(layout, "web", TARS)
    manifest: dict[str, Any] = document(layout, old)
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    manifest["layers"].insert(0, {"mediaType": kind, "digest": "sha256:" + "1" * 64, "size": 5})
    layout.lay("web", layout.put(old.media_type, json.dumps(manifest).encode()))
    with pytest.raises(Refused, match="may not be distributed"):
        push(layout, client)


def test_a_blob_that_is_missing_here_is_told(layout: FolderLayout, client: RegistryClient) -> None:
    old = lay_image(layout, "web", TARS)
    layout.path(document(layout, old)["config"]["digest"]).unlink()
    with pytest.raises(Missing) as caught:
        push(layout, client)
    assert caught.value.code == "blob-missing"


def test_an_empty_place_is_told(layout: FolderLayout, client: RegistryClient) -> None:
    with pytest.raises(Unavailable, match="nothing was built"):
        push(layout, client)
