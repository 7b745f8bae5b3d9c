"""A release that is signed: record and images, once per key, and completed like everything else."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome
from paasctl.model.image import Pinned, parse_reference
from paasctl.oci.documents.signature import PAYLOAD_TYPE, SIGNATURE, signature_place
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    world = FakeWorld.make(tmp_path / "one")
    for name in ("key.pem", "other.pem"):
        make_key(world.project / name)
    return world


def make_key(path: Path) -> None:
    words = ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def facts(events: list[Event]) -> dict[str, str]:
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    return dict(outcome.facts)


def pinned(text: str) -> Pinned:
    found = parse_reference(text)
    assert isinstance(found, Pinned)
    return found


def signed(world: FakeWorld, what: Pinned) -> list[tuple[dict[str, Any], bytes, bytes]]:
    """Payload as read, as bytes, and signature, of each that lies beside it."""
    found = world.only_registry.manifest(signature_place(what))
    if found is None:
        return []
    layers = json.loads(found[1])["layers"]
    assert {it["mediaType"] for it in layers} == {PAYLOAD_TYPE}
    contents = [world.only_registry.blobs[what.repository.path, it["digest"]] for it in layers]
    return [
        (json.loads(content), content, base64.b64decode(it["annotations"][SIGNATURE]))
        for content, it in zip(contents, layers, strict=True)
    ]


def test_record_and_images_are_signed_so_that_openssl_verifies_it(world: FakeWorld, tmp_path: Path) -> None:
    status, events = go(Release(key="key.pem"), world)
    assert status is Exit.OK
    said = facts(events)
    public = ["openssl", "pkey", "-in", str(world.project / "key.pem"), "-pubout", "-out", str(tmp_path / "pub")]
    subprocess.run(public, check=True)
    for what in (pinned(said["record"]), pinned(said["image.web"])):
        ((payload, content, signature),) = signed(world, what)
        assert payload["critical"] == {
            "identity": {"docker-reference": str(what.repository)},
            "image": {"docker-manifest-digest": what.digest},
            "type": "cosign container image signature",
        }
        (tmp_path / "said").write_bytes(content)
        (tmp_path / "signature").write_bytes(signature)
        words = ("-sha256", "-verify", str(tmp_path / "pub"), "-signature", str(tmp_path / "signature"))
        subprocess.run(["openssl", "dgst", *words, str(tmp_path / "said")], check=True, capture_output=True)


def test_a_second_time_nothing_is_signed_and_another_key_adds_its_own(world: FakeWorld) -> None:
    said = facts(go(Release(key="key.pem"), world)[1])
    assert go(Release(key="key.pem"), world)[1][-1].status == "nothing-to-do"  # type: ignore[union-attr]
    assert go(Release(key="other.pem"), world)[1][-1].status == "done"  # type: ignore[union-attr]
    assert go(Release(key="other.pem"), world)[1][-1].status == "nothing-to-do"  # type: ignore[union-attr]
    assert go(Release(key="key.pem"), world)[1][-1].status == "nothing-to-do"  # type: ignore[union-attr]
    assert [len(signed(world, pinned(said[it]))) for it in ("record", "image.web")] == [2, 2]


def test_a_release_that_was_not_signed_is_signed_later(world: FakeWorld) -> None:
    said = facts(go(Release(), world)[1])
    assert not signed(world, pinned(said["record"]))
    assert facts(go(Release(key="key.pem"), world)[1])["record"] == said["record"]
    assert len(signed(world, pinned(said["record"]))) == 1


def test_a_key_that_cannot_be_read_is_told_before_anything_is_made(world: FakeWorld) -> None:
    status, events = go(Release(key="nowhere.pem"), world)
    assert status is Exit.CONFIG
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.problems[0].code == "key-unreadable"
    assert world.writes.count == 0


def test_killed_between_any_two_writes_it_is_signed_in_the_end(tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    survived = 0
    while True:
        world = FakeWorld.make(tmp_path / str(survived))
        (world.project / "key.pem").write_bytes((tmp_path / "key.pem").read_bytes())
        world.writes.fail_after = survived
        went = go(Release(key="key.pem"), world)[0] is Exit.OK
        world.writes.fail_after = None
        status, events = go(Release(key="key.pem"), world)
        assert status is Exit.OK
        assert [len(signed(world, pinned(facts(events)[it]))) for it in ("record", "image.web")] == [1, 1], survived
        if went:
            break
        survived += 1
    assert survived > 10


def test_what_vouches_for_the_record_names_it_and_the_images(world: FakeWorld) -> None:
    said = facts(go(Release(), world)[1])
    record, web = pinned(said["record"]), pinned(said["image.web"])
    found: dict[str, Any] = {}
    for it in world.only_registry.referrers(record.repository, record.digest):
        manifest = json.loads(world.only_registry.manifests[record.repository.path, it.digest][1])
        (layer,) = manifest["layers"]
        found[manifest["artifactType"]] = json.loads(world.only_registry.blobs[record.repository.path, layer["digest"]])
    assert sorted(found) == ["application/spdx+json", "application/vnd.in-toto+json"]
    statement = found["application/vnd.in-toto+json"]
    assert statement["subject"] == [
        {"name": "shop 0.1.0", "digest": {"sha256": record.digest.removeprefix("sha256:")}},
        {"name": "web", "digest": {"sha256": web.digest.removeprefix("sha256:")}},
    ]
    (source,) = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source == {"name": "source", "digest": {"gitCommit": world.git.head}}
    packages = {it["name"]: it for it in found["application/spdx+json"]["packages"]}
    assert packages["web"]["checksums"][0]["checksumValue"] == web.digest.removeprefix("sha256:")
