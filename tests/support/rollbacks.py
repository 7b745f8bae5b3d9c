"""An environment that something was deployed to more than once, and ways back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome, Problem
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from paasctl.verbs.rollback import Rollback
from support.conducted import go
from support.world import FakeWorld

FIRST, SECOND, THIRD = "0.1.0", "0.1.1", "0.1.2"


def deployed_twice(folder: Path) -> FakeWorld:
    """Two releases, both deployed well, the second now."""
    world = FakeWorld.make(folder)
    paas = world.project / "paas.yaml"
    text = paas.read_text().replace("replicas: 2,", "env: {COLOUR: '{{ values.colour }}'},")
    paas.write_text(f"{text}values: {{colour: red}}\n")
    release(world)
    assert deploy(world) is Exit.OK
    release(world)
    assert deploy(world) is Exit.OK
    return world


def release(world: FakeWorld) -> None:
    """One more, of another file."""
    (world.project / "site" / "run").write_text(f"{world.git.head}\n")
    world.git.commit("feat: more")
    world.git.publish("origin")
    assert go(Release(), world)[0] is Exit.OK


def deploy(world: FakeWorld, **how: Any) -> Exit:
    """The release of HEAD, or what `how` says."""
    return go(Deploy(environment="dev", **how), world)[0]


def back(world: FakeWorld, *, dry_run: bool = False, **how: Any) -> tuple[Exit, list[Event]]:
    """A rollback of its own."""
    return go(Rollback(environment="dev", **how), world, dry_run=dry_run)


def end(events: list[Event]) -> Outcome:
    """The outcome."""
    assert isinstance(events[-1], Outcome)
    return events[-1]


def problem(found: tuple[Exit, list[Event]], status: Exit = Exit.REFUSED) -> Problem:
    """The first one."""
    assert found[0] is status
    return end(found[1]).problems[0]


def web(world: FakeWorld) -> dict[str, Any]:
    """The container that runs."""
    live = next(body for key, body in world.only_cluster.state.items() if key.kind == "Deployment")
    container: dict[str, Any] = live["spec"]["template"]["spec"]["containers"][0]
    return container


def entries(world: FakeWorld) -> list[tuple[str, str]]:
    """Oldest first: version and outcome."""
    (records,) = world.only_cluster.records.values()
    return [(it.version, it.outcome) for it in records]


def pinned(world: FakeWorld, version: str) -> str:
    """The image that history has of a version."""
    (records,) = world.only_cluster.records.values()
    return str(dict(next(it.images for it in records if it.version == version))["web"])
