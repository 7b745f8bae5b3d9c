"""D2: a run that waited for another's lock goes on with what is left, and never with what nobody agreed to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Outcome, Planned
from paasctl.model.kube import Target
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import HOLDER, FakeWorld

_TARGET = Target("testbed", "shop-dev", "shop")


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    made = FakeWorld.make(tmp_path / "shop")
    assert go(Release(), made)[0] is Exit.OK
    return made


def _held_by_one_that(world: FakeWorld, does: Callable[[], object]) -> None:
    cluster = world.only_cluster
    cluster.strangers[_TARGET] = HOLDER
    cluster.leaving[_TARGET] = lambda: (does(), None)[1]


def _deploy(world: FakeWorld) -> Exit:
    return go(Deploy(environment="dev"), world)[0]


def test_what_the_other_left_is_done(world: FakeWorld) -> None:
    def half() -> None:
        assert world.writes.fail_after is None
        world.writes.fail_after = world.writes.count + 2
        assert _deploy(world) is Exit.UNAVAILABLE
        world.writes.fail_after = None

    _held_by_one_that(world, half)
    status, events = go(Deploy(environment="dev"), world)
    assert status is Exit.OK
    first, second = [len(it.plan.steps) for it in events if isinstance(it, Planned)][:2]
    assert second < first
    assert not go(Deploy(environment="dev"), world)[1][0].plan.steps  # type: ignore[union-attr]  # Planned comes first


def test_nothing_is_left_where_the_other_did_it_all(world: FakeWorld) -> None:
    _held_by_one_that(world, lambda: _deploy(world))
    status, events = go(Deploy(environment="dev"), world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    assert events[-1].status == "nothing-to-do"


def test_a_plan_that_was_agreed_to_is_stale(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    text = paas.read_text().replace(
        "clusters: {testbed: {context: testbed}}", "clusters: {testbed: {context: testbed, identity: uid-of-testbed}}"
    )
    paas.write_text(text.replace("snapshots: true", "protected: true"))
    _held_by_one_that(world, lambda: _deploy(world))
    status, events = go(Deploy(environment="dev"), world)
    assert status is Exit.REFUSED
    assert isinstance(events[-1], Outcome)
    assert events[-1].problems[0].code == "plan-stale"
