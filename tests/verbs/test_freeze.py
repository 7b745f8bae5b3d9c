"""`freeze` and `unfreeze`: who deploys is told by whom, until when and why; what runs already is left alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Forbidden, Unavailable
from paasctl.model.event import Event, Outcome, Problem, Warned
from paasctl.model.kube import Target
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.freeze import Freezing
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from paasctl.verbs.release import Release
from paasctl.verbs.status import AskStatus
from support.conducted import go
from support.world import HOLDER, FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    made = FakeWorld.make(tmp_path / "one")
    assert go(Release(), made)[0] is Exit.OK
    return made


def freeze(world: FakeWorld, **more: Any) -> tuple[Exit, list[Event]]:
    typed = {"freezes": True, "message": "the shop is on television", **more}
    return go(Freezing(environment="dev", **typed), world)


def lift(world: FakeWorld, reason: str = "over") -> tuple[Exit, list[Event]]:
    return go(Freezing(environment="dev", freezes=False, message=reason), world)


def deploy(world: FakeWorld, **more: Any) -> tuple[Exit, list[Event]]:
    return go(Deploy(environment="dev", **more), world)


def problem(events: list[Event]) -> Problem:
    assert isinstance(events[-1], Outcome)
    return events[-1].problems[0]


def test_a_frozen_environment_takes_no_deploy_and_says_who_until_when_and_why(world: FakeWorld) -> None:
    assert freeze(world, until="2h")[0] is Exit.OK
    before = world.writes.count
    status, events = deploy(world)
    found = problem(events)
    assert (status, found.code) == (Exit.LOCKED, "frozen")
    assert "until 2023-11-15T00:13:20Z, by " in found.message
    assert "the shop is on television" in found.message
    assert found.hint == "wait, or lift it: paasctl unfreeze dev --reason WHY"
    assert world.writes.count == before


def test_whoever_freezes_is_told_of_a_deploy_that_goes_on(world: FakeWorld) -> None:
    target = Target("testbed", "shop-dev", "shop")
    world.only_cluster.strangers[target] = HOLDER
    status, events = freeze(world)
    assert status is Exit.OK
    (warned,) = (it for it in events if isinstance(it, Warned))
    assert warned.text == f"{target} is held by {HOLDER}: what has begun there goes on to its end"
    assert isinstance(events[-1], Outcome)
    assert dict(events[-1].facts)[f"running.{target}"] == str(HOLDER)
    assert not [it for it in lift(world)[1] if isinstance(it, Warned)]


def test_a_dry_run_is_told_the_same(world: FakeWorld) -> None:
    freeze(world)
    assert go(Deploy(environment="dev"), world, dry_run=True)[0] is Exit.LOCKED


def test_what_builds_first_is_told_before_it_builds(world: FakeWorld) -> None:
    freeze(world)
    world.git.files["site/run"] = b"edited"
    before = world.writes.count
    status, events = deploy(world, build=True)
    assert (status, problem(events).code) == (Exit.LOCKED, "frozen")
    assert world.writes.count == before


def test_what_runs_already_is_no_write(world: FakeWorld) -> None:
    assert deploy(world)[0] is Exit.OK
    freeze(world)
    status, events = deploy(world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    assert events[-1].status == "nothing-to-do"


def test_a_promotion_is_not_stopped_by_it_but_what_goes_on_into_the_environment_is(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    first = '{dev: {repository: "registry.example/shop"}'
    paas.write_text(paas.read_text().replace(first, f'{first}, rc: {{repository: "rc.example/shop"}}'))
    live = "environments: {live: {cluster: testbed, registry: rc}, "
    paas.write_text(paas.read_text().replace("environments: {", live))
    assert go(Freezing(environment="live", freezes=True, message="fairs"), world)[0] is Exit.OK
    typed = PromoteTyped(versions=("0.1.0",), to="live")
    before = world.writes.count
    status, events = go(Onward(asked=typed), world)
    assert (status, problem(events).code) == (Exit.LOCKED, "frozen")
    assert world.writes.count == before, "it did not even leave"
    assert go(Promote(asked=typed), world)[0] is Exit.OK


def test_it_is_over_by_itself(world: FakeWorld) -> None:
    freeze(world, until="2h")
    world.clock.time += 2 * 3600 - 1
    assert deploy(world)[0] is Exit.LOCKED
    world.clock.time += 1
    assert deploy(world)[0] is Exit.OK


def test_lifted_it_stops_nothing_and_who_lifted_it_stays_written(world: FakeWorld) -> None:
    freeze(world)
    assert lift(world, "the fix must go out")[0] is Exit.OK
    assert deploy(world)[0] is Exit.OK
    (said,) = world.only_cluster.freezes.values()
    assert (said.lifted, said.message) == (True, "the fix must go out")
    assert "@" in said.by


def test_saying_the_same_again_and_lifting_what_is_over_is_nothing_to_do(world: FakeWorld) -> None:
    acts = (partial(lift, world), partial(freeze, world, until="2030-01-01"), partial(lift, world))
    for act in acts:
        act()
        before = world.writes.count
        status, events = act()
        assert status is Exit.OK
        assert isinstance(events[-1], Outcome)
        assert (events[-1].status, world.writes.count) == ("nothing-to-do", before)


@pytest.mark.parametrize("verb", [True, False])
@pytest.mark.parametrize("message", ["", "  "])
def test_somebody_must_say_why(world: FakeWorld, verb: bool, message: str) -> None:
    status, events = go(Freezing(environment="dev", freezes=verb, message=message), world)
    assert status is Exit.USAGE
    assert problem(events).hint.startswith(f"paasctl {'freeze' if verb else 'unfreeze'} dev --")


def test_a_cluster_that_does_not_answer_is_no_open_door(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any) -> None:
        raise Unavailable("asking testbed: no answer")

    deploy(world)
    monkeypatch.setattr(world.only_cluster, "freeze", silent)
    assert deploy(world)[0] is Exit.UNAVAILABLE
    assert freeze(world)[0] is Exit.UNAVAILABLE
    assert lift(world)[0] is Exit.UNAVAILABLE


def test_status_tells_it_while_it_holds(world: FakeWorld) -> None:
    deploy(world)
    freeze(world, until="2h")
    told = [_told(world)]
    world.clock.time += 3 * 3600
    told.append(_told(world))
    assert told[0].startswith("frozen until 2023-11-15T00:13:20Z, by ")
    assert told[1] == ""


def _told(world: FakeWorld) -> str:
    answer, _ = AskStatus(environments=("dev",)).answer(world, lambda _: None, Cancel())
    return answer.environments[0][1][0].freeze


def test_whoever_may_not_read_the_lock_says_it_all_the_same(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> None:
        raise Forbidden("reading the lease: 403", hint="ask for it", code="forbidden")

    monkeypatch.setattr(type(world.only_cluster), "holder", forbidden)
    status, events = freeze(world)
    assert status is Exit.OK
    warned = [it.text for it in events if isinstance(it, Warned)]
    assert [it.partition(" could not")[0] for it in warned] == ["whether a deploy goes on at testbed/shop-dev/shop"]
    assert deploy(world)[0] is Exit.LOCKED
