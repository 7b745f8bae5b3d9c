"""Rounds: looking again, locks, history records, and what is declared of a run however it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from paasctl.errors import Cancelled, Locked, Refused, RolloutFailed, StalePlan, Unavailable
from paasctl.model.event import Noted, Planned
from paasctl.model.kube import Holder, Target
from paasctl.model.plan import NOTHING, Apply, AwaitReady, Plan
from paasctl.model.rounds import Rounds
from support.make import HOLDER, want
from support.rollouts import Rollout
from support.runs import EU, US, RunCase, RunWorld, Script, fails, files, names, plan


def test_rounds_go_on_until_there_is_nothing_left() -> None:
    case = RunCase((plan("a"), plan("b"), plan("c")))
    assert [names(it.done) for it in case.go()] == [["a"], ["b"], ["c"]]
    assert [it.round for it in case.events if isinstance(it, Planned)] == [2, 3]  # the first was shown before


def test_after_a_failure_the_verb_may_plan_a_way_back() -> None:
    case = RunCase((plan("a"), plan("back")), RunWorld({"a": fails(RolloutFailed("broke"))}))
    first, second = case.go()
    assert isinstance(first.error, RolloutFailed)
    assert (names(second.done), second.error) == (["back"], None)


def test_what_differs_again_right_after_it_was_written_does_not_converge() -> None:
    case = RunCase((plan("a"), plan("b a")))
    (only,) = case.go()
    assert names(only.done) == ["a"]
    assert only.error is not None
    assert only.error.code == "not-converging"


def test_waiting_again_for_what_was_waited_for_is_the_end() -> None:
    world, rolled = RunWorld(), _rolled()
    waits = replace(rolled, stages=rolled.stages[1:2])
    (only,) = RunCase((rolled, waits), world).go()
    assert only.error is None
    assert only.done == rolled.steps


def test_what_cannot_be_read_once_more_leaves_what_was_done_declared() -> None:
    def again(rounds: Rounds) -> Plan:
        if rounds:
            raise Unavailable("reading eu: refused")
        return plan("a")

    (only,) = RunCase((plan("a"),), again=again).go()
    assert names(only.done) == ["a"]
    assert isinstance(only.error, Unavailable)


def test_a_failed_step_outweighs_a_failed_look_afterwards() -> None:
    def again(rounds: Rounds) -> Plan:
        if rounds:
            raise Unavailable("reading eu: refused")
        return plan("a")

    (only,) = RunCase((plan("a"),), RunWorld({"a": fails(RolloutFailed("broke"))}), again=again).go()
    assert isinstance(only.error, RolloutFailed)


def test_facts_of_the_run_are_in_its_rounds() -> None:
    facts = {"record": "r@sha256:1"}
    (only,) = RunCase((plan("a"),), facts=facts).go()
    assert dict(only.facts) == facts


# --- locks and records ----------------------------------------------------------------------------------------------


def test_locks_are_held_while_acting_and_given_back() -> None:
    world = RunWorld()
    held: list[set[Target]] = []
    world.script = {"a": lambda: held.append(world.clusters["eu"].held | world.clusters["us"].held)}
    RunCase((plan("a", holds=(EU, US)), plan("b", holds=(EU,))), world).go()
    assert held == [{EU, US}]
    assert not world.clusters["eu"].held | world.clusters["us"].held


def test_the_plan_is_looked_at_again_under_the_lock() -> None:
    looks = iter([plan("other", holds=(EU,))])
    case = RunCase((plan("a", holds=(EU,)),), again=lambda _: next(looks))
    with pytest.raises(StalePlan):
        case.go()
    assert case.world.written == []
    assert not case.world.clusters["eu"].held


def test_without_a_lock_the_plan_is_not_looked_at_again() -> None:
    rounds_asked: list[int] = []

    def again(rounds: Rounds) -> Plan:
        rounds_asked.append(len(rounds))
        return NOTHING

    RunCase((plan("a"),), again=again).go()
    assert rounds_asked == [1]


def test_somebody_else_s_lock_is_told_and_refuses_with_nothing_changed() -> None:
    world = RunWorld()
    other = Holder(person="bob", host="x", boot="", pid_namespace="", pid=2, started=0, verb="deploy")
    world.clusters["us"].strangers[US] = other
    case = RunCase((plan("a", holds=(EU, US), heads=(EU, US)),), world)
    with pytest.raises(Locked, match="bob@x"):
        case.go()
    assert [it.text for it in case.events if isinstance(it, Noted)] == [f"{US} is held by {other}; waiting up to 65 s"]
    assert not world.clusters["eu"].held
    assert (world.written, world.clusters["eu"].records) == ([], {})


@pytest.mark.parametrize(
    ("script", "outcome", "message"),
    [
        (lambda: None, "done", ""),
        (fails(RolloutFailed("it broke", evidence=("log",))), "failed", "it broke"),
        (fails(Cancelled("stopped")), "cancelled", "stopped"),
        (fails(Refused("no")), "failed", "no"),
    ],
    ids=["done", "failed", "cancelled", "refused"],
)
def test_the_record_is_opened_before_the_first_write_and_closed_however_it_ends(
    script: Script, outcome: str, message: str
) -> None:  # D4
    world = RunWorld()
    cluster = world.clusters["eu"]

    def first() -> None:
        assert [it.outcome for it in cluster.records[EU]] == ["open"]
        script()

    world.script = {"a": first}
    case = RunCase((plan("a", holds=(EU,), heads=(EU,)),), world)
    case.go()
    (record,) = cluster.records[EU]
    assert (record.outcome, record.message) == (outcome, message)
    assert record.ended
    assert not cluster.held


def test_a_cluster_that_was_not_reached_says_so_in_its_record() -> None:
    world = RunWorld()
    apply_eu = Apply(target=EU, manifest=want("ConfigMap/a", target=EU), change="create")
    apply_us = Apply(target=US, manifest=want("ConfigMap/a", target=US), change="create")
    heads = plan("", heads=(EU, US)).heads
    broken = Plan(
        verb="deploy", subject="dev", stages=((apply_eu,), files("boom"), (apply_us,)), holds=(EU, US), heads=heads
    )
    world.script = {"boom": fails(RolloutFailed("eu broke"))}
    (only,) = RunCase((broken,), world, again=_once(broken)).go()
    assert len(only.done) == 1
    assert world.clusters["eu"].records[EU][0].outcome == "failed"
    assert world.clusters["us"].records[US][0].outcome == "not-reached"


def _once(first: Plan) -> Callable[[Rounds], Plan]:
    return lambda rounds: NOTHING if rounds else first


def test_a_record_that_cannot_be_opened_stops_before_the_first_write() -> None:
    world = RunWorld()
    world.clusters["us"].fail_after = 0
    case = RunCase((plan("a", holds=(EU, US), heads=(EU, US)),), world)
    with pytest.raises(Unavailable):
        case.go()
    assert world.written == []
    assert world.clusters["eu"].records[EU][0].outcome != "open"
    assert not world.clusters["eu"].held | world.clusters["us"].held


def test_a_record_that_cannot_be_closed_is_part_of_the_verdict() -> None:
    world = RunWorld()
    cluster = world.clusters["eu"]
    world.script = {"a": lambda: setattr(cluster, "fail_after", cluster.writes)}
    (only,) = RunCase((plan("a", holds=(EU,), heads=(EU,)),), world).go()
    assert names(only.done) == ["a"]
    assert isinstance(only.error, Unavailable)
    assert not cluster.held


def test_a_later_round_may_need_another_lock() -> None:
    world = RunWorld()
    world.clusters["us"].strangers[US] = HOLDER
    first, second = RunCase((plan("a", holds=(EU,)), plan("b", holds=(EU, US))), world).go()
    assert (names(first.done), names(second.left)) == (["a"], ["b"])
    assert isinstance(second.error, Locked)


def test_a_doomed_rollout_leaves_the_rest_and_is_in_the_record() -> None:
    world, rolled = RunWorld(), _rolled()
    world.clusters["eu"].rollouts["Deployment/web"] = Rollout("crash")
    (only,) = RunCase((rolled,), world, again=_once(rolled)).go()
    assert isinstance(only.error, RolloutFailed)
    assert only.done == rolled.steps[:1]
    assert only.left == rolled.steps[1:]
    assert world.clusters["eu"].records[EU][0].message == only.error.message


def _rolled() -> Plan:
    """A Deployment applied and waited for, then a file."""
    web = want("Deployment/web@v1", target=EU)
    step = Apply(target=EU, manifest=web, change="create")
    waiting = AwaitReady(target=EU, keys=(web.key,), timeout=600)
    stages = ((step,), (waiting,), files("after"))
    return replace(plan(heads=(EU,), holds=(EU,)), stages=stages)
