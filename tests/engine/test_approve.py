"""An approval, said: signed before anything is written, newer than what was said before, and by whom the plan says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.engine.approve import approve
from paasctl.errors import ConfigError, StalePlan
from paasctl.model.approving import Approve, PublicKey, SigningWith
from paasctl.model.image import Descriptor, Repository
from paasctl.oci.documents.approval import SIGNATURE_TYPE, STATEMENT_TYPE, read_statement, signed_parts
from paasctl.oci.documents.statement import moment
from support.sshkeys import key_name, public_key, write_key
from support.world import FakeWorld

_WHERE = Repository.parse("registry.example/shop")


def _step(person: str = "anna", **more: str) -> Approve:
    fingerprint = PublicKey.parse(public_key(person)).fingerprint
    return Approve(
        version="0.1.0",
        voice="approved",
        environments=("production",),
        by=person,
        key=SigningWith(fingerprint=fingerprint, key=key_name("anna"), source="--key"),
        repository=_WHERE,
        tag="0.1.0",
        record=Descriptor("application/vnd.oci.image.manifest.v1+json", f"sha256:{'1' * 64}", 10),
        **more,
    )


def _world(folder: Path) -> FakeWorld:
    world = FakeWorld.make(folder / "one")
    write_key(world.project, "anna")
    return world


def test_it_is_a_statement_and_its_signature_beside_the_record(tmp_path: Path) -> None:
    world = _world(tmp_path)
    approve(_step(reason="tried it"), world)
    ((_, content),) = world.only_registry.manifests.values()
    manifest = json.loads(content)
    assert manifest["subject"]["digest"] == f"sha256:{'1' * 64}"
    assert [it["mediaType"] for it in manifest["layers"]] == [STATEMENT_TYPE, SIGNATURE_TYPE]
    parts = signed_parts(content, "it")
    assert parts
    assert not isinstance(parts, str)
    statement = world.only_registry.blobs["shop", parts.statement.digest]
    signature = world.only_registry.blobs["shop", parts.signature.digest]
    said = read_statement(statement, "it")
    assert (said.record, said.environments, said.why) == (f"sha256:{'1' * 64}", ("production",), "tried it")
    assert world.ssh.why_unsound(statement, signature, [PublicKey.parse(public_key("anna"))]) == ""


def test_a_key_that_is_another_by_now_signs_for_nobody(tmp_path: Path) -> None:
    world = _world(tmp_path)
    with pytest.raises(StalePlan, match=r"is SHA256:.* now, and was SHA256:.* of bob"):
        approve(_step("bob"), world)
    assert world.writes.count == 0


def test_a_key_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    world = _world(tmp_path)
    (world.project / key_name("anna")).unlink()
    with pytest.raises(ConfigError):
        approve(replace(_step()), world)
    assert world.writes.count == 0


@pytest.mark.parametrize(
    ("seconds", "after", "at"),
    [
        (0.0, "", "1970-01-01T00:00:00.000000Z"),
        (2.5, "1970-01-01T00:00:01.000000Z", "1970-01-01T00:00:02.500000Z"),
        (1.0, "1970-01-01T00:00:01.000000Z", "1970-01-01T00:00:01.000001Z"),
        (1.0, "1970-01-01T01:00:00.999999Z", "1970-01-01T01:00:01.000000Z"),
        (1.0, "9998-12-31T23:59:59.999999Z", "9999-01-01T00:00:00.000000Z"),
    ],
)
def test_what_is_said_is_newer_than_what_was_said(seconds: float, after: str, at: str) -> None:
    assert moment(seconds, after) == at
