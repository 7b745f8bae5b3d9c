"""`rollback`: what ran well before, with the values of then."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Unavailable
from paasctl.model.answer import RollbackAnswer
from paasctl.model.event import Noted, Planned, Started
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.rollback import AskRollback, Rollback
from support.conducted import go
from support.rollbacks import (
    FIRST,
    SECOND,
    THIRD,
    back,
    deploy,
    deployed_twice,
    end,
    entries,
    problem,
    release,
    web,
)
from support.rollouts import Rollout
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return deployed_twice(tmp_path / "one")


def test_the_last_that_ran_well_runs_again(world: FakeWorld) -> None:
    now = web(world)["image"]
    status, events = back(world, reason="loses baskets")
    assert status is Exit.OK
    ended = end(events)
    assert (ended.verb, ended.status) == ("rollback", "done")
    assert dict(ended.facts) == {"version": FIRST, "environment": "dev", "from": SECOND}
    assert web(world)["image"] != now
    assert entries(world) == [(FIRST, "done"), (SECOND, "done"), (FIRST, "done")]
    (records,) = world.only_cluster.records.values()
    assert records[-1].reason == "loses baskets"
    planned = next(it.plan for it in events if isinstance(it, Planned))
    assert planned.verb == "rollback"


def test_a_second_time_goes_further_back_and_never_forward(world: FakeWorld) -> None:
    release(world)
    assert deploy(world) is Exit.OK
    assert back(world)[0] is Exit.OK
    assert dict(end(back(world)[1]).facts)["version"] == FIRST
    found = problem(back(world))
    assert (found.code, found.message) == (
        "no-way-back",
        f"rolling back dev: nothing ran well there before {FIRST}",
    )


def test_it_takes_the_values_of_then(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("colour: red", "colour: blue"))
    release(world)
    assert deploy(world, sets=("size.big=3",)) is Exit.OK
    paas.write_text(
        paas.read_text().replace("dev: {cluster: testbed,", "dev: {values: {colour: green}, cluster: testbed,")
    )
    assert deploy(world, version=SECOND) is Exit.OK
    assert web(world)["env"] == [{"name": "COLOUR", "value": "green"}]
    assert back(world)[0] is Exit.OK  # to the first: the third is what one came back from
    assert web(world)["env"] == [{"name": "COLOUR", "value": "red"}]
    (records,) = world.only_cluster.records.values()
    assert records[-1].settings == records[0].settings == (("colour", '"red"'),)


def test_after_a_failed_deploy_it_goes_to_what_ran_well_last(world: FakeWorld) -> None:
    release(world)
    world.only_cluster.rollouts["Deployment/web"] = Rollout("crash")
    status, events = go(Deploy(environment="dev"), world)
    assert (status, end(events).back) == (Exit.FAILED, "paasctl rollback dev")
    world.only_cluster.rollouts.clear()
    status, events = back(world)
    assert status is Exit.OK
    assert dict(end(events).facts)["version"] == SECOND


def test_stopped_on_the_way_the_same_command_goes_on(world: FakeWorld) -> None:
    status, _ = go(Rollback(environment="dev"), world, stops_at=lambda it: isinstance(it, Started) and it.index == 0)
    assert status is Exit.CANCELLED
    assert entries(world)[-1] == (FIRST, "cancelled")
    status, events = back(world)
    assert status is Exit.OK
    assert dict(end(events).facts)["version"] == FIRST
    assert entries(world)[-1] == (FIRST, "done")


def test_a_way_back_that_fails_does_not_point_to_where_it_came_from(world: FakeWorld) -> None:
    world.only_cluster.rollouts["Deployment/web"] = Rollout("crash")
    status, events = back(world)
    assert status is Exit.FAILED
    assert end(events).back == "paasctl history dev"
    found = problem(back(world))
    assert found.message.endswith(f"nothing that ran well before can be taken: {FIRST} passed over")
    world.only_cluster.rollouts.clear()
    assert back(world, to=FIRST)[0] is Exit.OK


def test_a_version_may_be_named_if_it_ran_well_there(world: FakeWorld) -> None:
    assert dict(end(back(world, to=FIRST)[1]).facts)["version"] == FIRST
    found = problem(back(world, to="9.9.9"))
    assert found.code == "no-way-back"
    assert "--list" in found.hint


def test_a_rejected_version_is_passed_over_and_not_taken_by_name(world: FakeWorld) -> None:
    release(world)
    assert deploy(world) is Exit.OK
    assert go(Judge(version=SECOND, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    assert problem(back(world, to=SECOND)).code == "release-rejected"
    status, events = back(world)
    assert status is Exit.OK
    assert dict(end(events).facts)["version"] == FIRST
    assert any(
        isinstance(it, Noted) and it.text.startswith(f"{SECOND} is passed over: a@here rejected") for it in events
    )


def test_a_dry_run_says_whether_it_could_and_writes_nothing(world: FakeWorld) -> None:
    writes = world.writes.count
    status, events = back(world, dry_run=True)
    assert (status, end(events).status) == (Exit.OK, "dry-run")
    assert world.writes.count == writes
    assert [it.text for it in events if isinstance(it, Noted)][
        -1
    ] == f"what {FIRST} needs was looked for: 1 pinned image"


def test_the_list_has_what_differs(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("colour: red", "colour: blue, api_token: t0p, db: [{password: hunter2}]"))
    release(world)
    assert deploy(world) is Exit.OK
    assert go(Judge(version=SECOND, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    answer, status = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert status is Exit.OK
    assert isinstance(answer, RollbackAnswer)
    assert (answer.environment, answer.now) == ("dev", (THIRD,))
    second, first = answer.rows
    assert (second.version, first.version) == (SECOND, FIRST)
    assert second.rejected
    assert (second.rejected.by, second.rejected.why) == ("a@here", "loses baskets")
    assert first.rejected is None
    told = {it.what: (it.now, it.then) for it in first.differs}
    assert told["value colour"] == ('"blue"', '"red"')
    assert told["value api_token"] == ('"***"', "")
    assert told["value db"] == ('[{"password": "***"}]', "")
    assert told["image web"][0] != told["image web"][1]


def test_a_list_whose_rejections_cannot_be_read_says_so(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise Unavailable("asking registry.example: no answer")

    monkeypatch.setattr(type(world.only_registry), "resolve", dead)
    answer, status = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert status is Exit.UNAVAILABLE
    assert [it.unread for it in answer.rows] == ["asking registry.example: no answer"]


def test_where_nothing_was_deployed_there_is_no_way_back(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "new")
    assert problem(back(world)).code == "no-way-back"
    answer, _ = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert (answer.now, answer.rows) == ((), ())


def test_killed_at_any_write_the_same_again_ends_there(tmp_path: Path) -> None:
    for writes in range(1, 40):
        world = FakeWorld.make(tmp_path / str(writes))
        release(world)
        assert deploy(world) is Exit.OK
        release(world)
        assert deploy(world) is Exit.OK
        world.writes.fail_after = world.writes.count + writes
        status, _ = back(world)
        world.writes.fail_after = None
        again, events = back(world)
        if status is Exit.OK:
            assert writes > 2
            return
        assert again is Exit.OK, end(events).problems
        assert dict(end(events).facts)["version"] == "0.1.0"
    raise AssertionError("it never got through")
