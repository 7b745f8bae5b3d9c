"""Who made a release: the tagger of its tag, wherever it is finished: the record has the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.reading import record_of
from paasctl.verbs.release import Release
from support.conducted import go
from support.memory_git import Annotated
from support.world import FakeWorld

_WHO = "Anna <anna@shop.example>"


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld.make(tmp_path / "one")


def _author(world: FakeWorld) -> tuple[str, str]:
    found = record_of(world, world.config.registries["dev"].repository, "0.1.0")
    assert found
    return found[0].digest, found[1].author


def test_the_record_names_the_tagger(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK
    assert _author(world)[1] == _WHO


def test_finished_from_a_clone_without_the_tag_it_is_the_same_record(world: FakeWorld, tmp_path: Path) -> None:
    assert go(Release(), world)[0] is Exit.OK
    other = FakeWorld.make(tmp_path / "other")
    tag = world.git.tags["v0.1.0"]
    assert isinstance(tag, Annotated)
    other.git.remotes["origin"].tags["v0.1.0"] = tag
    assert go(Release(), other)[0] is Exit.OK
    assert _author(other) == _author(world)
    assert other.git.tags["v0.1.0"] == tag


def test_a_light_tag_names_nobody(world: FakeWorld) -> None:
    world.git.tags["v0.1.0"] = world.git.remotes["origin"].tags["v0.1.0"] = world.git.head
    assert go(Release(), world)[0] is Exit.OK
    assert _author(world)[1] == ""


def test_a_snapshot_has_no_tag_and_names_nobody(world: FakeWorld) -> None:
    world.git.files["site/run"] = b"edited"
    assert go(Deploy(environment="dev", build=True), world)[0] is Exit.OK
    (tag,) = (it for path, it in world.only_registry.named if path == "shop")
    found = record_of(world, world.config.registries["dev"].repository, tag)
    assert found
    assert found[1].author == ""
