"""Rounds and stages: order, locks, records, what is declared done and left. Steps are files, their writing scripted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.engine.run import Run, carry_out
from paasctl.errors import Cancelled, Locked, PaasError, Refused, RolloutFailed, StalePlan, TimedOut, Unavailable
from paasctl.model.event import Ended, Event, Noted, Planned, Started
from paasctl.model.kube import Holder, Target
from paasctl.model.plan import NOTHING, Apply, AwaitReady, DeployHead, Plan, Step, WriteFile
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy import same_writes
from support.clock import FakeClock
from support.cluster import FakeCluster
from support.make import HOLDER, want
from support.rollouts import Rollout

EU, US = Target("eu", "shop-dev", "shop"), Target("us", "shop-dev", "shop")
Script = Callable[[], None]


@dataclass
class _World:
    """Two clusters, and files whose writing does what the script says."""

    script: Mapping[str, Script] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    clusters: dict[str, FakeCluster] = field(default_factory=lambda: {it: FakeCluster(it) for it in ("eu", "us")})
    written: list[str] = field(default_factory=list)

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        del content, before
        self.script.get(path, lambda: None)()
        self.written.append(path)

    def cluster(self, name: str) -> FakeCluster:
        return self.clusters[name]


def files(names: str) -> tuple[Step, ...]:
    """`a b` -> two steps."""
    return tuple(WriteFile(path=it, content=b"") for it in names.split())


def plan(*stages: str, holds: tuple[Target, ...] = (), heads: tuple[Target, ...] = ()) -> Plan:
    """`plan("a b", "c")`: two stages, the first with two steps."""
    return Plan(
        verb="write",
        subject="it",
        stages=tuple(map(files, stages)),
        holds=holds,
        heads=tuple(
            DeployHead(target=it, environment="dev", version="2", before="1", commit="c", images=()) for it in heads
        ),
    )


@dataclass
class _Case:
    """Carry out plans, one a round."""

    plans: tuple[Plan, ...]
    world: _World = field(default_factory=_World)
    cancel: Cancel = field(default_factory=Cancel)
    jobs: int = 8
    events: list[Event] = field(default_factory=list)
    again: Callable[[Rounds], Plan] | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def go(self) -> Rounds:
        return carry_out(
            self.plans[0],
            self.again or (lambda rounds: self.plans[len(rounds)] if len(rounds) < len(self.plans) else NOTHING),
            Run(
                world=self.world,  # type: ignore[arg-type]  # only files and clusters are written here
                emit=self.events.append,
                cancel=self.cancel,
                holder=HOLDER,
                same=same_writes,
                jobs=self.jobs,
                facts=self.facts,
            ),
        )

    @property
    def told(self) -> list[str]:
        """`+0 -0`: which step began and ended, in order."""
        marks = {Started: "+", Ended: "-"}
        return [f"{marks[type(it)]}{it.index}" for it in self.events if isinstance(it, Started | Ended)]


def names(steps: tuple[Step, ...]) -> list[str]:
    return [it.path for it in steps if isinstance(it, WriteFile)]


def fails(error: PaasError) -> Script:
    def script() -> None:
        raise error

    return script


# --- stages ---------------------------------------------------------------------------------------------------------


def test_stages_are_taken_in_order_and_numbered_through() -> None:
    case = _Case((plan("a", "b", "c d"),), jobs=1)
    (only,) = case.go()
    assert (names(only.done), only.left, only.error) == (["a", "b", "c", "d"], (), None)
    assert case.told == ["+0", "-0", "+1", "-1", "+2", "-2", "+3", "-3"]


def test_a_step_that_comes_twice_has_two_numbers() -> None:
    case = _Case((plan("a", "b", "a"),))
    case.go()
    assert case.told == ["+0", "-0", "+1", "-1", "+2", "-2"]


def test_steps_of_a_stage_run_together() -> None:
    both = threading.Barrier(2, timeout=5)
    case = _Case((plan("a b"),), _World({"a": lambda: void(both.wait()), "b": lambda: void(both.wait())}))
    (only,) = case.go()
    assert only.error is None
    assert set(names(only.done)) == {"a", "b"}


def test_no_more_than_jobs_run_together() -> None:
    now, most, lock = [0], [0], threading.Lock()

    def busy() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1

    paths = [f"f{number}" for number in range(9)]
    case = _Case((plan(" ".join(paths)),), _World(dict.fromkeys(paths, busy)), jobs=3)
    (only,) = case.go()
    assert len(only.done) == 9
    assert most == [3]


def test_a_failure_keeps_what_was_done_beside_it_and_begins_nothing_new() -> None:
    failed = threading.Event()

    def late() -> None:
        assert failed.wait(5)

    def fail() -> None:
        failed.set()
        raise RolloutFailed("b broke")

    case = _Case((plan("a b c", "d"),), _World({"a": late, "b": fail}), jobs=2)
    (only,) = case.go()
    assert names(only.done) == ["a"]
    assert names(only.left) == ["b", "c", "d"]
    assert isinstance(only.error, RolloutFailed)
    assert "+2" not in case.told


def test_a_bug_in_a_step_is_no_verdict() -> None:
    def bug() -> None:
        raise ZeroDivisionError

    case = _Case((plan("a", holds=(EU,), heads=(EU,)),), _World({"a": bug}))
    with pytest.raises(ZeroDivisionError):
        case.go()
    assert case.world.clusters["eu"].records[EU][0].outcome == "interrupted"
    assert case.world.clusters["eu"].held == set()


# --- stopping -------------------------------------------------------------------------------------------------------


def test_asked_to_stop_between_steps_it_stops_there() -> None:
    cancel = Cancel()
    case = _Case((plan("a", "b", "c"),), _World({"b": cancel.ask}), cancel)
    (only,) = case.go()
    assert names(only.done) == ["a", "b"]  # what runs is finished
    assert names(only.left) == ["c"]
    assert isinstance(only.error, Cancelled)


def test_asked_to_stop_within_a_stage_the_rest_is_left() -> None:
    cancel = Cancel()
    case = _Case((plan("a b c"),), _World({"a": cancel.ask}), cancel, jobs=1)
    (only,) = case.go()
    assert (names(only.done), names(only.left)) == (["a"], ["b", "c"])


def test_asked_during_the_last_step_all_is_done() -> None:
    cancel = Cancel()
    case = _Case((plan("a"), plan("b")), _World({"a": cancel.ask}), cancel)
    first, second = case.go()
    assert (names(first.done), first.error) == (["a"], None)
    assert (names(second.done), names(second.left)) == ([], ["b"])


def test_when_time_runs_out_nothing_more_is_tried() -> None:
    cancel = Cancel(0.05)
    case = _Case((plan("a", "b"), plan("c")), _World({"a": lambda: void(threading.Event().wait(0.1))}), cancel)
    (only,) = case.go()
    assert (names(only.done), names(only.left)) == (["a"], ["b"])
    assert isinstance(only.error, TimedOut)


# --- rounds ---------------------------------------------------------------------------------------------------------


def test_rounds_go_on_until_there_is_nothing_left() -> None:
    case = _Case((plan("a"), plan("b"), plan("c")))
    assert [names(it.done) for it in case.go()] == [["a"], ["b"], ["c"]]
    assert [it.round for it in case.events if isinstance(it, Planned)] == [2, 3]  # the first was shown before


def test_after_a_failure_the_verb_may_plan_a_way_back() -> None:
    case = _Case((plan("a"), plan("back")), _World({"a": fails(RolloutFailed("broke"))}))
    first, second = case.go()
    assert isinstance(first.error, RolloutFailed)
    assert (names(second.done), second.error) == (["back"], None)


def test_what_differs_again_right_after_it_was_written_does_not_converge() -> None:
    case = _Case((plan("a"), plan("b a")))
    (only,) = case.go()
    assert names(only.done) == ["a"]
    assert only.error is not None
    assert only.error.code == "not-converging"


def test_waiting_again_for_what_was_waited_for_is_the_end() -> None:
    world, rolled = _World(), _rolled()
    waits = replace(rolled, stages=rolled.stages[1:2])
    (only,) = _Case((rolled, waits), world).go()
    assert only.error is None
    assert only.done == rolled.steps


def test_what_cannot_be_read_once_more_leaves_what_was_done_declared() -> None:
    def again(rounds: Rounds) -> Plan:
        if rounds:
            raise Unavailable("reading eu: refused")
        return plan("a")

    (only,) = _Case((plan("a"),), again=again).go()
    assert names(only.done) == ["a"]
    assert isinstance(only.error, Unavailable)


def test_a_failed_step_outweighs_a_failed_look_afterwards() -> None:
    def again(rounds: Rounds) -> Plan:
        if rounds:
            raise Unavailable("reading eu: refused")
        return plan("a")

    (only,) = _Case((plan("a"),), _World({"a": fails(RolloutFailed("broke"))}), again=again).go()
    assert isinstance(only.error, RolloutFailed)


def test_facts_of_the_run_are_in_its_rounds() -> None:
    facts = {"record": "r@sha256:1"}
    (only,) = _Case((plan("a"),), facts=facts).go()
    assert dict(only.facts) == facts


# --- locks and records ----------------------------------------------------------------------------------------------


def test_locks_are_held_while_acting_and_given_back() -> None:
    world = _World()
    held: list[set[Target]] = []
    world.script = {"a": lambda: held.append(world.clusters["eu"].held | world.clusters["us"].held)}
    _Case((plan("a", holds=(EU, US)), plan("b", holds=(EU,))), world).go()
    assert held == [{EU, US}]
    assert not world.clusters["eu"].held | world.clusters["us"].held


def test_the_plan_is_looked_at_again_under_the_lock() -> None:
    looks = iter([plan("other", holds=(EU,))])
    case = _Case((plan("a", holds=(EU,)),), again=lambda _: next(looks))
    with pytest.raises(StalePlan):
        case.go()
    assert case.world.written == []
    assert not case.world.clusters["eu"].held


def test_without_a_lock_the_plan_is_not_looked_at_again() -> None:
    rounds_asked: list[int] = []

    def again(rounds: Rounds) -> Plan:
        rounds_asked.append(len(rounds))
        return NOTHING

    _Case((plan("a"),), again=again).go()
    assert rounds_asked == [1]


def test_somebody_else_s_lock_is_told_and_refuses_with_nothing_changed() -> None:
    world = _World()
    other = Holder(person="bob", host="x", boot="", pid_namespace="", pid=2, started=0, verb="deploy")
    world.clusters["us"].strangers[US] = other
    case = _Case((plan("a", holds=(EU, US), heads=(EU, US)),), world)
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
    world = _World()
    cluster = world.clusters["eu"]

    def first() -> None:
        assert [it.outcome for it in cluster.records[EU]] == ["open"]
        script()

    world.script = {"a": first}
    case = _Case((plan("a", holds=(EU,), heads=(EU,)),), world)
    case.go()
    (record,) = cluster.records[EU]
    assert (record.outcome, record.message) == (outcome, message)
    assert record.ended
    assert not cluster.held


def test_a_cluster_that_was_not_reached_says_so_in_its_record() -> None:
    world = _World()
    apply_eu = Apply(target=EU, manifest=want("ConfigMap/a", target=EU), change="create")
    apply_us = Apply(target=US, manifest=want("ConfigMap/a", target=US), change="create")
    heads = plan("", heads=(EU, US)).heads
    broken = Plan(
        verb="deploy", subject="dev", stages=((apply_eu,), files("boom"), (apply_us,)), holds=(EU, US), heads=heads
    )
    world.script = {"boom": fails(RolloutFailed("eu broke"))}
    (only,) = _Case((broken,), world, again=_once(broken)).go()
    assert len(only.done) == 1
    assert world.clusters["eu"].records[EU][0].outcome == "failed"
    assert world.clusters["us"].records[US][0].outcome == "not-reached"


def _once(first: Plan) -> Callable[[Rounds], Plan]:
    return lambda rounds: NOTHING if rounds else first


def test_a_record_that_cannot_be_opened_stops_before_the_first_write() -> None:
    world = _World()
    world.clusters["us"].fail_after = 0
    case = _Case((plan("a", holds=(EU, US), heads=(EU, US)),), world)
    with pytest.raises(Unavailable):
        case.go()
    assert world.written == []
    assert world.clusters["eu"].records[EU][0].outcome != "open"
    assert not world.clusters["eu"].held | world.clusters["us"].held


def test_a_record_that_cannot_be_closed_is_part_of_the_verdict() -> None:
    world = _World()
    cluster = world.clusters["eu"]
    world.script = {"a": lambda: setattr(cluster, "fail_after", cluster.writes)}
    (only,) = _Case((plan("a", holds=(EU,), heads=(EU,)),), world).go()
    assert names(only.done) == ["a"]
    assert isinstance(only.error, Unavailable)
    assert not cluster.held


def test_a_later_round_may_need_another_lock() -> None:
    world = _World()
    world.clusters["us"].strangers[US] = HOLDER
    first, second = _Case((plan("a", holds=(EU,)), plan("b", holds=(EU, US))), world).go()
    assert (names(first.done), names(second.left)) == (["a"], ["b"])
    assert isinstance(second.error, Locked)


def test_a_doomed_rollout_leaves_the_rest_and_is_in_the_record() -> None:
    world, rolled = _World(), _rolled()
    world.clusters["eu"].rollouts["Deployment/web"] = Rollout("crash")
    (only,) = _Case((rolled,), world, again=_once(rolled)).go()
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


def void(_: Any) -> None:
    """A script gives nothing."""
