from __future__ import annotations

import threading

import pytest

from paasctl.engine.images.together import Meter, together
from paasctl.errors import Cancelled, Unavailable
from support.clock import FakeCancel


def meter(
    total: int = 100, cancel: FakeCancel | None = None, told: list[tuple[int, int | None]] | None = None
) -> Meter:
    heard = told if told is not None else []
    return Meter(lambda *it: heard.append(it), cancel or FakeCancel(), total)


def test_results_come_in_the_order_of_the_jobs() -> None:
    release = threading.Event()

    def slow() -> int:
        assert release.wait(10)
        return 1

    def quick() -> int:
        release.set()
        return 2

    assert together([slow, quick], 2, meter()) == [1, 2]


def test_jobs_begin_in_their_order() -> None:
    begun: list[int] = []
    together([lambda it=it: begun.append(it) for it in range(5)], 1, meter())  # type: ignore[misc]  # bound now
    assert begun == [0, 1, 2, 3, 4]


def test_the_first_failure_is_told_and_the_others_stop() -> None:
    shared = meter()
    begun: list[str] = []
    running = threading.Event()

    def endless() -> None:
        running.set()
        while True:
            shared.moved(0)

    def broken() -> None:
        assert running.wait(10)
        raise Unavailable("the cause")

    with pytest.raises(Unavailable, match="the cause"):
        together([endless, broken, lambda: begun.append("late")], 2, shared)
    with pytest.raises(Cancelled, match="something else failed"):
        shared.check()


def test_a_request_to_stop_stops_all() -> None:
    shared = meter(cancel=FakeCancel(after=10))

    def endless() -> None:
        while True:
            shared.moved(1)

    with pytest.raises(Cancelled, match="at your request"):
        together([endless, endless], 2, shared)


def test_nothing_to_do_is_done() -> None:
    assert together([], 4, meter()) == []


def test_counts_never_pass_the_total() -> None:
    told: list[tuple[int, int | None]] = []
    counting = meter(5, told=told)
    counting.moved(3)
    counting.moved(3)
    counting.finish()
    assert told == [(3, 5), (5, 5), (5, 5)]
