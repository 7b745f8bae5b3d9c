"""Stages: order, what runs together, what is done and left when something breaks or somebody asks to stop."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, RolloutFailed, TimedOut
from support.runs import EU, RunCase, RunWorld, names, plan, void


def test_stages_are_taken_in_order_and_numbered_through() -> None:
    case = RunCase((plan("a", "b", "c d"),), jobs=1)
    (only,) = case.go()
    assert (names(only.done), only.left, only.error) == (["a", "b", "c", "d"], (), None)
    assert case.told == ["+0", "-0", "+1", "-1", "+2", "-2", "+3", "-3"]


def test_a_step_that_comes_twice_has_two_numbers() -> None:
    case = RunCase((plan("a", "b", "a"),))
    case.go()
    assert case.told == ["+0", "-0", "+1", "-1", "+2", "-2"]


def test_steps_of_a_stage_run_together() -> None:
    both = threading.Barrier(2, timeout=5)
    case = RunCase((plan("a b"),), RunWorld({"a": lambda: void(both.wait()), "b": lambda: void(both.wait())}))
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
    case = RunCase((plan(" ".join(paths)),), RunWorld(dict.fromkeys(paths, busy)), jobs=3)
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

    case = RunCase((plan("a b c", "d"),), RunWorld({"a": late, "b": fail}), jobs=2)
    (only,) = case.go()
    assert names(only.done) == ["a"]
    assert names(only.left) == ["b", "c", "d"]
    assert isinstance(only.error, RolloutFailed)
    assert "+2" not in case.told


def test_a_step_without_memory_leaves_the_run_declared() -> None:
    def greedy() -> None:
        raise MemoryError

    (only,) = RunCase((plan("a", "b"),), RunWorld({"a": greedy})).go()
    assert names(only.left) == ["a", "b"]
    assert only.error is not None
    assert only.error.code == "out-of-memory"


def test_a_bug_in_a_step_is_no_verdict() -> None:
    def bug() -> None:
        raise ZeroDivisionError

    case = RunCase((plan("a", holds=(EU,), heads=(EU,)),), RunWorld({"a": bug}))
    with pytest.raises(ZeroDivisionError):
        case.go()
    assert case.world.clusters["eu"].records[EU][0].outcome == "interrupted"
    assert case.world.clusters["eu"].held == set()


# --- stopping -------------------------------------------------------------------------------------------------------


def test_asked_to_stop_between_steps_it_stops_there() -> None:
    cancel = Cancel()
    case = RunCase((plan("a", "b", "c"),), RunWorld({"b": cancel.ask}), cancel)
    (only,) = case.go()
    assert names(only.done) == ["a", "b"]  # what runs is finished
    assert names(only.left) == ["c"]
    assert isinstance(only.error, Cancelled)


def test_asked_to_stop_within_a_stage_the_rest_is_left() -> None:
    cancel = Cancel()
    case = RunCase((plan("a b c"),), RunWorld({"a": cancel.ask}), cancel, jobs=1)
    (only,) = case.go()
    assert (names(only.done), names(only.left)) == (["a"], ["b", "c"])


def test_asked_during_the_last_step_all_is_done() -> None:
    cancel = Cancel()
    case = RunCase((plan("a"), plan("b")), RunWorld({"a": cancel.ask}), cancel)
    first, second = case.go()
    assert (names(first.done), first.error) == (["a"], None)
    assert (names(second.done), names(second.left)) == ([], ["b"])


def test_a_signal_that_did_not_wake_us_is_heard_while_a_step_runs() -> None:
    """It is blocked here, so another thread gets it: the main thread sleeps on, as where it comes a moment early."""
    cancel, heard = Cancel(), []

    def told_to_stop() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        threading.Event().wait(0.1)  # until it sleeps
        os.kill(os.getpid(), signal.SIGTERM)
        heard.append(any(cancel.asked or threading.Event().wait(0.02) for _ in range(250)))

    before = signal.signal(signal.SIGTERM, lambda *_: cancel.ask())
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        RunCase((plan("a"),), RunWorld({"a": told_to_stop}), cancel).go()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGTERM, before)
    assert heard == [True]


def test_when_time_runs_out_nothing_more_is_tried() -> None:
    cancel = Cancel(0.05)
    case = RunCase((plan("a", "b"), plan("c")), RunWorld({"a": lambda: void(threading.Event().wait(0.1))}), cancel)
    (only,) = case.go()
    assert (names(only.done), names(only.left)) == (["a"], ["b"])
    assert isinstance(only.error, TimedOut)
