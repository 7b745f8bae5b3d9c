"""The registries of a rehearsal: what is said beside a record is heard there, and nowhere else."""

from __future__ import annotations

import json
from typing import cast

import pytest

from paasctl.cli.copies import Copies, ReadThrough
from paasctl.cli.wiring import Outside
from paasctl.model.image import Repository
from paasctl.model.location import InLayout, InRegistry
from paasctl.oci.documents.manifest import OCI_MANIFEST
from support.world import FakeRegistry, Writes

_PLACE = Repository("registry.example", "shop")


def _copies(live: FakeRegistry, own: FakeRegistry) -> Copies:
    def taking(*, make: bool) -> FakeRegistry:
        del make
        return own

    return Copies(cast(Outside, None), lambda _: ReadThrough(live, taking))


def test_what_a_deploy_says_of_a_release_goes_to_our_own() -> None:
    live, own = FakeRegistry(Writes()), FakeRegistry(Writes())
    target = _copies(live, own).target(InRegistry(_PLACE.tagged("1.2.4")))
    empty = target.put_blob("application/vnd.oci.empty.v1+json", b"{}")
    made = target.put(OCI_MANIFEST, json.dumps({"config": {"digest": empty.digest}, "layers": []}).encode())
    assert target.has(made)
    assert [path for path, _ in own.manifests] == ["shop"]
    assert not live.manifests
    assert not live.blobs


def test_nothing_else_is_written() -> None:
    registry = FakeRegistry(Writes())
    with pytest.raises(AssertionError, match="a rehearsal writes no image to oci:images"):
        _copies(registry, registry).target(InLayout("images", "web"))
