"""What the project runs between build and tag: it sees what was built, and nothing is tagged where it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event, LogLine, Outcome, Planned
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import FakeWorld


def make(folder: Path, hooks: str) -> FakeWorld:
    world = FakeWorld.make(folder)
    paas = world.project / "paas.yaml"
    paas.write_text(f"{paas.read_text()}hooks:\n{hooks}")
    return world


def lines(events: list[Event]) -> list[tuple[str, str]]:
    return [(it.source, it.text) for it in events if isinstance(it, LogLine)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "one"


def test_they_run_in_order_and_are_told_what_was_built(folder: Path) -> None:
    world = make(
        folder, '  test: echo "$PAASCTL_VERSION $PAASCTL_IMAGE_WEB"\n  scan: echo "$PAASCTL_DIGEST_WEB" >&2; pwd\n'
    )
    status, events = go(Release(), world)
    assert status is Exit.OK
    (plan,) = [it.plan for it in events if isinstance(it, Planned)][:1]
    assert [type(it).__name__ for it in plan.steps] == [
        "Build", "RunHook", "RunHook", "TagCommit", "Push", "Record", "TagImage"
    ]  # fmt: skip
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    digest = dict(outcome.facts)["image.web"].partition("@")[2]
    root = world.layout.root.absolute()
    assert [it for it in lines(events) if it[0] in ("test", "scan")] == [
        ("test", f"0.1.0 oci:{root}:web"),
        ("scan", digest),
        ("scan", str(world.project)),
    ]


def test_where_one_fails_nothing_is_tagged(folder: Path) -> None:
    world = make(folder, "  test: echo almost; echo the reason >&2; exit 3\n  scan: echo never\n")
    status, events = go(Release(), world)
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    (problem,) = outcome.problems
    assert (status, problem.code) == (Exit.FAILED, "hook-failed")
    assert "exited with 3" in problem.message
    assert problem.evidence == ("almost", "the reason")
    assert problem.where.startswith("paas.yaml:")
    assert not world.git.tags
    assert not world.only_registry.named
    assert ("scan", "never") not in lines(events)


def test_a_hook_that_worked_once_runs_again_until_the_release_is_there(folder: Path) -> None:
    world = make(folder, "  test: echo x >> .paasctl/count\n")
    world.git.remotes["origin"].declines = True
    assert go(Release(), world)[0] is Exit.FORBIDDEN
    world.git.remotes["origin"].declines = False
    assert go(Release(), world)[0] is Exit.OK
    assert go(Release(), world)[0] is Exit.OK
    assert (world.project / ".paasctl" / "count").read_text() == "x\nx\n"
