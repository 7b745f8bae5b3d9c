"""When to try again, with a clock that only counts."""

from __future__ import annotations

import pytest

from paasctl.adapters.registry.retry import Attempts, Fault, Gate, Patience, is_passing, retry_after, status_fault
from paasctl.errors import TimedOut, Unavailable
from support.registry_client import CountingClock


def fail_for_ever(attempts: Attempts, fault: Fault) -> None:
    for _ in range(1000):
        attempts.failed(fault)


NOON = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110

WAITS = [
    ("3", 3.0),
    (" 120 ", 120.0),
    ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
    ("Sun, 06 Nov 1994 08:49:07 GMT", 0.0),
    ("", None),
    ("soon", None),
    ("-1", None),
]


@pytest.mark.parametrize(("text", "seconds"), WAITS)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(text, now=NOON) == seconds


def test_a_date_is_measured_by_the_registrys_own_clock() -> None:
    said = {"Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT", "Date": "Sun, 06 Nov 1994 08:49:40 GMT"}
    assert status_fault(503, said, now=0.0).wait == 7.0


def test_what_passes_is_told_from_what_does_not() -> None:
    assert [it for it in range(400, 600) if is_passing(it)][:3] == [408, 425, 429]
    assert is_passing(503)
    assert not is_passing(501)


def test_pauses_grow_with_jitter_up_to_the_longest_and_end_at_the_deadline() -> None:
    clock = CountingClock()
    attempts = Attempts("reading x", Gate(clock), Patience(total=60.0, first=1.0, longest=8.0))
    with pytest.raises(Unavailable, match=r"reading x: it broke \(\d+ tries in \d+ s\)"):
        fail_for_ever(attempts, Fault("it broke"))
    assert 0.5 <= clock.pauses[0] <= 1.0
    assert 4.0 <= max(clock.pauses) <= 8.0
    assert 50.0 < sum(clock.pauses) <= 60.0


def test_progress_renews_the_patience() -> None:
    clock = CountingClock()
    attempts = Attempts("reading x", Gate(clock), Patience(total=10.0, first=4.0, longest=4.0))
    for _ in range(20):
        attempts.failed(Fault("it broke"))
        attempts.progressed()
    assert sum(clock.pauses) > 10.0


class _Up(CountingClock):
    """The time given is up in the midst of the second pause."""

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        if len(self.pauses) > 1:
            raise TimedOut("stopped: the 9 s given by --timeout ran out")


def test_who_runs_out_of_time_between_two_tries_says_what_was_waited_for() -> None:
    attempts = Attempts("reading registry.example/web:1", Gate(_Up()), Patience())
    with pytest.raises(TimedOut) as caught:
        fail_for_ever(attempts, Fault("the registry answers 503 Service Unavailable", wait=5.0))
    assert caught.value.message == (
        "stopped: the 9 s given by --timeout ran out;"
        " reading registry.example/web:1: the registry answers 503 Service Unavailable (2 tries in 10 s)"
    )


def test_who_has_not_failed_yet_blames_nobody() -> None:
    clock = _Up()
    clock.pauses += [0.0, 0.0]
    with pytest.raises(TimedOut, match=r"ran out$"):
        Attempts("reading x", Gate(clock), Patience()).enter()


def test_p6_what_one_thread_was_told_holds_for_the_whole_host() -> None:
    clock = CountingClock()
    gate = Gate(clock)
    with pytest.raises(Unavailable):
        Attempts("a", gate, Patience(total=5.0)).failed(Fault("429", wait=30.0))  # no patience for that, and goes
    Attempts("b", gate, Patience()).enter()
    assert clock.pauses == [30.0]


def test_p6_a_longer_wait_than_our_patience_fails_at_once_and_says_when() -> None:
    clock = CountingClock()
    with pytest.raises(Unavailable) as caught:
        Attempts("reading x", Gate(clock), Patience(total=60.0)).failed(Fault("429", wait=3600.0))
    assert caught.value.hint == "try again in 3600 seconds"
    assert clock.pauses == []


def test_a_host_that_takes_no_call_is_not_waited_for_long() -> None:
    clock = CountingClock()
    attempts = Attempts("reading x", Gate(clock), Patience())
    with pytest.raises(Unavailable, match="3 tries"):
        fail_for_ever(attempts, Fault("refused", dialled=True))
    assert sum(clock.pauses) < 2.0
