"""Two releases of one commit at once: the git tag is the claim, and the record of whoever had it is adopted (V6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from paasctl.engine.release import PATIENCE
from paasctl.errors import Exit
from paasctl.model.event import Event, Noted, Outcome, Planned
from paasctl.verbs.release import Release
from support.clock import FakeClock
from support.conducted import go
from support.memory_git import Annotated, MemoryGit
from support.world import FakeWorld


@dataclass
class Waiting(FakeClock):
    """Something happens at the first pause."""

    then: Callable[[], object] | None = None

    def pause(self, seconds: float) -> None:
        then, self.then = self.then, None
        if then:
            then()
        super().pause(seconds)


class Beaten(MemoryGit):
    """Somebody else pushes the same tag at the last moment."""

    on: str = ""

    def push_tag(self, remote: str, tag: str) -> bool:
        self.remotes[remote].tags.setdefault(tag, Annotated(self.on or self.head, "theirs"))
        return super().push_tag(remote, tag)


@pytest.fixture
def ours(tmp_path: Path) -> FakeWorld:
    world = FakeWorld.make(tmp_path / "ours")
    world.git.__class__ = Beaten
    world.clock = Waiting()
    return world


@pytest.fixture
def theirs(ours: FakeWorld, tmp_path: Path) -> FakeWorld:
    """Another machine, at the same remote and registry, whose build has other bytes."""
    world = FakeWorld.make(tmp_path / "theirs")
    world.git.remotes = ours.git.remotes
    world.registries, world.only_registry = ours.registries, ours.only_registry
    (world.project / "site" / "run").write_text("built elsewhere\n")
    return world


def ended(events: list[Event]) -> Outcome:
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    return outcome


def notes(events: list[Event]) -> list[str]:
    return [it.text for it in events if isinstance(it, Noted)]


def test_who_loses_the_tag_waits_and_adopts_the_record(ours: FakeWorld, theirs: FakeWorld) -> None:
    assert isinstance(ours.clock, Waiting)
    ours.clock.then = lambda: go(Release(), theirs)
    status, events = go(Release(), ours)
    assert status is Exit.OK
    assert notes(events) == [
        "another run was first to push tag v0.1.0 on this commit: waiting for its record",
        "another run has recorded registry.example/shop:0.1.0: it is this release",
    ]
    theirs_end = ended(go(Release(), theirs)[1])
    assert theirs_end.status == "nothing-to-do"
    for name in ("version", "tag", "record", "image.web"):
        assert dict(ended(events).facts)[name] == dict(theirs_end.facts)[name]
    assert ours.git.tags["v0.1.0"] == Annotated(ours.git.head, "theirs")


def test_who_loses_the_tag_to_one_that_died_goes_on_in_its_stead(ours: FakeWorld) -> None:
    status, events = go(Release(), ours)
    assert status is Exit.OK
    assert ours.clock.now() > PATIENCE
    plans = [it.plan for it in events if isinstance(it, Planned)]
    assert [[type(it).__name__ for it in plan.steps] for plan in plans] == [
        ["Build", "TagCommit", "Push", "Record", "TagImage"],
        ["Push", "Record", "TagImage"],  # nothing is built twice
    ]
    assert ended(go(Release(), ours)[1]).status == "nothing-to-do"


def test_another_record_at_the_last_moment_is_adopted(ours: FakeWorld, theirs: FakeWorld) -> None:
    """Two that go on in the stead of one that died: whoever records first has made the release."""
    ours.git.remotes["origin"].tags["v0.1.0"] = Annotated(ours.git.head, "a dead one's")
    put = ours.only_registry.push_blob
    begun: list[str] = []

    def late(*args: object, **more: object) -> object:
        if not begun:
            begun.append("theirs")
            assert go(Release(), theirs)[0] is Exit.OK
        return put(*args, **more)  # type: ignore[arg-type]

    ours.only_registry.push_blob = late  # type: ignore[method-assign,assignment]
    status, events = go(Release(), ours)
    assert status is Exit.OK
    assert notes(events) == ["another run has recorded registry.example/shop:0.1.0 meanwhile"]
    theirs_end = ended(go(Release(), theirs)[1])
    assert dict(ended(events).facts)["image.web"] == dict(theirs_end.facts)["image.web"]


def test_a_tag_lost_to_another_commit_is_a_clear_stop(ours: FakeWorld) -> None:
    assert isinstance(ours.git, Beaten)
    ours.git.on = ours.git.add("theirs", (ours.git.head,))
    status, events = go(Release(), ours)
    assert status is Exit.REFUSED
    (problem,) = ended(events).problems
    assert (problem.code, problem.hint.partition(",")[0]) == ("would-clobber", "git pull --ff-only origin")
    assert ours.git.tag_commit("v0.1.0") == ours.git.on
    assert not ours.only_registry.named
