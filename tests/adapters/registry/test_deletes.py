"""Deleting manifests: what registries say to it, and what that means."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import Forbidden, Refused
from support.registry import Registry
from support.registry_client import talking

DIGEST = f"sha256:{'1' * 64}"


@contextmanager
def logged_in(registry: Registry, root: Path, user: str) -> Iterator[RegistryClient]:
    entry = {"auth": base64.b64encode(f"{user}:secret".encode()).decode()}
    (root / "config.json").write_text(json.dumps({"auths": {registry.host: entry}}))
    with talking(registry, environ={"DOCKER_CONFIG": str(root)}) as client:
        yield client


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as found:
        yield found


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    with talking(registry) as found:
        yield found


@pytest.mark.parametrize("status", [405, 501])
def test_a_registry_that_deletes_nothing_says_so(registry: Registry, client: RegistryClient, status: int) -> None:
    web = registry.repository("web")
    registry.fault("DELETE manifests", status=status)
    with pytest.raises(Refused, match="this registry deletes nothing") as caught:
        client.delete_manifest(web, DIGEST)
    assert caught.value.code == "deletes-unsupported"
    registry.rules.deletes = False
    with pytest.raises(Refused) as caught:
        client.check_deletable(web)
    assert "REGISTRY_STORAGE_DELETE_ENABLED" in caught.value.hint


@pytest.mark.parametrize("status", [405, 501])
def test_a_registry_that_lists_no_tags_says_so(registry: Registry, client: RegistryClient, status: int) -> None:
    registry.put_image("web", b"one", tag="1")
    registry.fault("GET tags", status=status)
    with pytest.raises(Refused, match="this registry lists no tags") as caught:
        client.tags(registry.repository("web"))
    assert caught.value.code == "listing-unsupported"


def test_deleted_though_the_answer_was_lost(registry: Registry, client: RegistryClient) -> None:
    made = registry.put_image("web", b"one", tag="1")
    registry.fault("DELETE manifests", status=503)
    assert client.delete_manifest(registry.repository("web"), made.digest) is True
    assert client.delete_manifest(registry.repository("web"), made.digest) is False
    assert registry.requests["DELETE manifests"] == 3


def test_a_token_that_may_delete_is_asked_for(tmp_path: Path) -> None:
    with Registry(auth="token", users={"ann": "secret"}) as registry:
        made = registry.put_image("web", b"one", tag="1")
        with logged_in(registry, tmp_path, "ann") as client:
            assert client.delete_manifest(registry.repository("web"), made.digest)
        asked = [it.path for it in registry.log if "/token" in it.path]
        assert any("delete" in it for it in asked)


def test_who_may_not_delete_is_told_so(tmp_path: Path) -> None:
    with Registry(auth="token", users={"bob": "secret"}, pull_only={"bob"}) as registry:
        with logged_in(registry, tmp_path, "bob") as client, pytest.raises(Forbidden) as caught:
            client.check_deletable(registry.repository("web"))
        assert caught.value.code == "delete-forbidden"
        assert "may not delete there" in caught.value.message
