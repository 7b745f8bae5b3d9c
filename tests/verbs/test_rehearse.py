"""`rehearse` on the world in memory: the copy is written, the live world is not, and it ends as the deploy would."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Unavailable
from paasctl.model.answer import Answer, FaultTold, RehearsalAnswer
from paasctl.model.copying import Copy
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.kube import Served
from paasctl.ports.rehearsal import Rehearsed
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.rehearse import Rehearse
from paasctl.verbs.release import Release
from support.conducted import go
from support.rollouts import Rollout
from support.world import FakeWorld


@dataclass
class FakeStage:
    """Copies of the fake cluster; the rest of the world is the same."""

    live: FakeWorld
    spoil: Callable[[FakeWorld], None] = lambda _: None
    """What goes wrong on the copy."""
    closed: bool = False
    copied: list[Copy] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = copy.copy(self.live)

    def holds(self) -> frozenset[Served]:
        return frozenset(self.live.only_cluster.kinds())

    def copy(self, copied: Copy) -> None:
        self.copied.append(copied)
        self.world.only_cluster = copy.deepcopy(self.live.only_cluster)
        self.spoil(self.world)

    def act(self, verb: Any, *, dry_run: bool = False) -> Rehearsed:
        _, events = go(verb, self.world, dry_run=dry_run)
        outcome = next(it for it in events if isinstance(it, Outcome))
        return Rehearsed(outcome=outcome, plans=tuple(it.plan for it in events if isinstance(it, Planned)))

    def ask(self, question: Any) -> Answer:
        answer: Answer = question.answer(self.world, lambda _: None, Cancel())[0]
        return answer

    def faults(self) -> tuple[FaultTold, ...]:
        return (FaultTold(cluster="testbed", rule="patch deployments: 503", hits=1),)

    def calm(self) -> None:
        self.world.only_cluster.failing.clear()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    made = FakeWorld.make(tmp_path / "shop")
    assert go(Release(), made)[0] is Exit.OK
    return made


def _rehearse(stage: FakeStage, **how: Any) -> tuple[RehearsalAnswer, Exit, list[Event]]:
    events: list[Event] = []
    verb = Rehearse(deploy=lambda: Deploy(environment="dev", timeout=9.0, **how), stage=stage)
    answer, status = verb.answer(stage.live, events.append, Cancel())
    return answer, status, events


def test_what_would_be_written_is_written_to_the_copy_alone(world: FakeWorld) -> None:
    before, writes = copy.deepcopy(world.only_cluster.state), world.writes.count
    stage = FakeStage(world)
    answer, status, _ = _rehearse(stage)
    assert status is Exit.OK
    assert (answer.status, answer.exit, answer.version, answer.left) == ("done", 0, "0.1.0", 0)
    assert "Deployment/web" in {it.key for it in answer.objects if it.change == "create"}
    assert world.only_cluster.state == before
    assert world.writes.count == writes
    assert [(it.cluster, it.namespaces) for it in answer.copies] == [("testbed", ("shop-dev",))]
    assert stage.closed


def test_where_nothing_differs_nothing_would_be_written(world: FakeWorld) -> None:
    assert go(Deploy(environment="dev"), world)[0] is Exit.OK
    answer, status, _ = _rehearse(FakeStage(world))
    assert status is Exit.OK
    assert (answer.status, answer.objects, answer.left) == ("nothing-to-do", (), 0)


def test_it_exits_as_the_deploy_would_have(world: FakeWorld) -> None:
    def spoil(it: FakeWorld) -> None:
        it.only_cluster.rollouts = {"Deployment/web": Rollout("crash")}

    answer, status, _ = _rehearse(FakeStage(world, spoil))
    assert status is Exit.FAILED
    assert (answer.status, answer.exit) == ("failed", 1)
    assert answer.left
    assert [it.state for row in answer.targets for it in row.verdicts] == ["doomed"]
    assert not any(it.hint.startswith("kubectl") for it in answer.problems)


def test_what_is_refused_is_told_as_it_would_be(world: FakeWorld) -> None:
    answer, status, _ = _rehearse(FakeStage(world), version="9.9.9")
    assert status is Exit.REFUSED
    assert [it.code for it in answer.problems] == ["release-not-found"]
    assert answer.left is None


def test_the_stage_is_left_whatever_happens(world: FakeWorld) -> None:
    def spoil(it: FakeWorld) -> None:
        raise Unavailable(f"{it} can't be copied")

    stage = FakeStage(world, spoil)
    with pytest.raises(Unavailable):
        _rehearse(stage)
    assert stage.closed


def test_the_faults_are_told(world: FakeWorld) -> None:
    answer, _, _ = _rehearse(FakeStage(world))
    assert [it.rule for it in answer.faults] == ["patch deployments: 503"]
