"""What an image says of where it comes from: version, revision, time, base."""

from __future__ import annotations

import json

import pytest

from paasctl.model.config import Squash
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME
from support.bases import put_base
from support.build_worlds import REPRODUCIBLE, World
from support.builds import Built, Wanted
from support.registry import Registry

pytestmark = pytest.mark.contract
_TITLES = "org.opencontainers.image"


def test_the_version_is_an_annotation(world: World) -> None:
    assert world.build(Wanted()).annotations[f"{_TITLES}.version"] == "1.2.3"


def test_the_revision_is_an_annotation(world: World) -> None:
    assert world.build(Wanted()).annotations[f"{_TITLES}.revision"] == "c0ffee"


def test_the_commit_s_time_is_an_annotation(world: World) -> None:
    assert world.build(Wanted()).annotations[f"{_TITLES}.created"] == "2023-11-14T22:13:20Z"


def test_the_version_is_a_label(world: World) -> None:
    assert world.build(Wanted()).runs["Labels"][f"{_TITLES}.version"] == "1.2.3"


def test_the_revision_is_a_label(world: World) -> None:
    assert world.build(Wanted()).runs["Labels"][f"{_TITLES}.revision"] == "c0ffee"


def test_the_base_s_name(world: World, base: str) -> None:
    assert world.build(Wanted(base=base)).annotations[BASE_NAME] == base


def test_the_base_s_digest(world: World, registry: Registry) -> None:
    there = put_base(registry, "base/one")
    assert world.build(Wanted(base=f"{registry.host}/base/one:1")).annotations[BASE_DIGEST] == there.digest


def test_where_a_base_ends_that_a_squash_keeps(world: World, base: str) -> None:
    assert _layers_of_base(world.build(Wanted(base=base, squash=Squash(base="keep")))) == 2


def test_a_pinned_base_s_digest(world: World, registry: Registry) -> None:
    there = put_base(registry, "base/pinned", tag="")
    built = world.build(Wanted(base=f"{registry.host}/base/pinned@{there.digest}"))
    assert built.annotations[BASE_DIGEST] == there.digest
    assert built.annotations[BASE_NAME].startswith(f"{registry.host}/base/pinned")


def test_of_a_base_that_moved_the_digest_is_the_one_that_was_built_on(world: World, registry: Registry) -> None:
    first = put_base(registry, "base/moving", config={"Env": ["WHICH=first"]})
    base = f"{registry.host}/base/moving:1"
    world.build(Wanted(base=base))
    later = put_base(registry, "base/moving", config={"Env": ["WHICH=later"]})
    built = world.build(Wanted(base=base, files={"app/run": "later"}))
    (which,) = [it for it in built.runs["Env"] if it.startswith("WHICH=")]
    assert built.annotations[BASE_DIGEST] == {"WHICH=first": first.digest, "WHICH=later": later.digest}[which]


def test_a_build_from_scratch_has_no_base(world: World) -> None:
    assert {BASE_NAME, BASE_DIGEST} & set(world.build(Wanted()).annotations) == set()


@pytest.mark.parametrize("world", REPRODUCIBLE, indirect=True)
def test_the_same_input_has_the_same_digest(world: World, base: str) -> None:
    one = world.build(Wanted(base=base))
    assert world.build(Wanted(base=base)).descriptor.digest == one.descriptor.digest


@pytest.mark.parametrize("world", REPRODUCIBLE, indirect=True)
def test_the_image_was_made_when_the_commit_was(world: World, base: str) -> None:
    assert world.build(Wanted(base=base)).config["created"] == "2023-11-14T22:13:20Z"


def _layers_of_base(built: Built) -> int:
    """By the annotation of those who know the number, or the manifest of those who have it."""
    said = built.annotations
    if BASE_LAYERS in said:
        return int(said[BASE_LAYERS])
    return len(json.loads(built.layout.path(said[BASE_DIGEST]).read_bytes())["layers"])
