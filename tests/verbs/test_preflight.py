"""What stands against a release is told before anything is made, all of it at once, each with what mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.image import Repository
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld.make(tmp_path / "one")


def told(events: list[Event]) -> dict[str, str]:
    """Code and hint of every problem."""
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    return {it.code: it.hint for it in outcome.problems}


def test_everything_that_is_wrong_is_told_at_once(world: FakeWorld) -> None:
    world.git.commit("feat: two")  # not pushed
    world.git.files["site/run"] = b"edited"
    world.git.branch = "topic"
    world.git.remotes["origin"].heads["topic"] = world.git.remotes["origin"].heads["main"]
    world.only_registry.closed = {"shop", "shop/web"}
    state = world.state
    status, events = go(Release(), world)
    assert status is Exit.REFUSED
    assert told(events) == {
        "dirty-tree": "git status; commit or stash the changes",
        "not-a-release-branch": "git switch main, or add the branch to version.releaseFrom",
        "branch-ahead": "git push origin topic",
        "forbidden": "docker login registry.example",
    }
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert [it.message for it in outcome.problems[3:]] == [
        "asking whether registry.example/shop may be pushed to: denied",
        "asking whether registry.example/shop/web may be pushed to: denied",
    ]
    assert (world.writes.count, world.state) == (0, state)


def test_an_image_that_was_built_elsewhere_is_recorded_as_it_is(world: FakeWorld) -> None:
    elsewhere = Repository.parse("registry.example/ci/web")
    content = b'{"layers": []}'
    found = world.only_registry.put_manifest(elsewhere, "application/vnd.oci.image.manifest.v1+json", content)
    given = elsewhere.pinned(found.digest)
    world.only_registry.closed = {"shop/web"}  # nothing is pushed there
    status, events = go(Release(images=(("web", given),)), world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    assert dict(events[-1].facts)["image.web"] == str(given)


def test_an_image_that_is_not_there_is_refused(world: FakeWorld) -> None:
    given = Repository.parse("registry.example/ci/web").pinned("sha256:" + "0" * 64)
    status, events = go(Release(images=(("web", given),)), world)
    assert status is Exit.REFUSED
    assert list(told(events)) == ["image-not-found"]
    assert world.writes.count == 0


def test_a_name_that_the_file_has_not_is_a_wrong_word(world: FakeWorld) -> None:
    given = Repository.parse("registry.example/ci/web").pinned("sha256:" + "0" * 64)
    assert go(Release(images=(("wbe", given),)), world)[0] is Exit.USAGE


def test_a_registry_that_may_only_be_read_is_told_before_anything_is_built(world: FakeWorld) -> None:
    world.only_registry.closed = {"shop/web"}
    status, events = go(Release(), world)
    assert status is Exit.FORBIDDEN
    assert not any(isinstance(it, Planned) for it in events)
    assert world.writes.count == 0


def test_a_dry_run_asks_that_too(world: FakeWorld) -> None:
    world.only_registry.closed = {"shop/web"}
    assert go(Release(), world, dry_run=True)[0] is Exit.FORBIDDEN


def test_who_makes_the_tag_must_be_known_before_anything_is_built(world: FakeWorld) -> None:
    world.git.settings["user.useConfigOnly"] = "true"
    status, events = go(Release(), world)
    assert status is Exit.REFUSED
    assert told(events) == {"no-identity": "git config user.name NAME && git config user.email ADDRESS"}
    assert world.writes.count == 0


def test_what_is_there_whole_is_not_asked_about(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK
    world.only_registry.closed = {"shop", "shop/web"}
    assert go(Release(), world)[0] is Exit.OK


def test_a_remote_that_does_not_answer_hides_nothing_else(world: FakeWorld) -> None:
    world.git.remotes["origin"].is_reachable = False
    world.git.files["site/run"] = b"edited"
    world.only_registry.closed = {"shop"}
    status, events = go(Release(), world)
    assert status is Exit.REFUSED  # asking again would not help
    assert list(told(events)) == ["dirty-tree", "unavailable", "forbidden"]


def test_a_version_of_another_commit_is_told_once(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK
    del world.git.tags["v0.1.0"]
    world.git.commit("feat: two")
    world.git.remotes["origin"].heads["main"] = world.git.head
    status, events = go(Release(), world)
    assert status is Exit.REFUSED
    assert told(events) == {"would-clobber": "git fetch --tags origin, then run again"}


def test_a_version_whose_names_are_taken_in_the_registry(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK
    for it in (world.git, world.git.remotes["origin"]):
        it.tags.clear()
    world.git.commit("feat: two")
    world.git.publish("origin")
    status, events = go(Release(), world)
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert status is Exit.REFUSED
    assert [it.code for it in outcome.problems] == ["tag-taken"]
    assert "record registry.example/shop:0.1.0 is of commit" in outcome.problems[0].message


def test_a_remote_that_may_only_be_read_is_told_before_anything_is_built(world: FakeWorld) -> None:
    world.git.remotes["origin"].is_closed = True
    status, events = go(Release(), world)
    assert (status, list(told(events)), world.writes.count) == (Exit.FORBIDDEN, ["forbidden"], 0)
    assert go(Release(), world, dry_run=True)[0] is Exit.FORBIDDEN


def test_a_tag_that_is_there_needs_no_push(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK
    world.git.remotes["origin"].is_closed = True
    world.only_registry.named.clear()
    assert go(Release(), world)[0] is Exit.OK
