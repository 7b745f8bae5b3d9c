"""The pump: many threads emit, one shows, nothing is lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from paasctl.cli.pump import pumped
from paasctl.model.event import Event, LogLine, Noted, Progress, Ticked


@dataclass
class _Seeing:
    """Remembers what it was shown, by which threads, and whether it was closed."""

    slowly: float = 0.0
    fails_at: int = -1
    shown: list[Event] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    closed: int = 0

    def __call__(self, event: Event) -> None:
        self.threads.add(threading.current_thread().name)
        if isinstance(event, Ticked):
            self.shown.append(event)
            return
        if len(self.said) == self.fails_at:
            raise OSError("the terminal is gone")
        threading.Event().wait(self.slowly)
        self.shown.append(event)

    def close(self) -> None:
        self.closed += 1

    @property
    def said(self) -> list[Event]:
        return [it for it in self.shown if not isinstance(it, Ticked)]


def test_everything_is_shown_before_it_returns() -> None:
    view = _Seeing(slowly=0.002)
    with pumped(view) as emit:
        for number in range(50):
            emit(Noted(str(number)))
    assert view.said == [Noted(str(number)) for number in range(50)]
    assert view.closed == 1


def test_many_threads_emit_and_one_shows() -> None:
    view = _Seeing()
    with pumped(view) as emit:

        def work(name: str) -> None:
            for number in range(100):
                emit(LogLine(name, str(number)))

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for it in threads:
            it.start()
        for it in threads:
            it.join()
    assert view.threads == {"view"}
    for name in "abcd":
        assert [it.text for it in view.said if isinstance(it, LogLine) and it.source == name] == list(
            map(str, range(100))
        )


def test_it_ticks_though_events_flood() -> None:
    view = _Seeing(slowly=0.001)
    with pumped(view) as emit:
        for number in range(600):
            emit(Noted(str(number)))
    ticks = [number for number, it in enumerate(view.shown) if isinstance(it, Ticked)]
    assert ticks
    assert ticks[0] < 599


def test_it_ticks_in_silence_and_time_goes_forward() -> None:
    view = _Seeing()
    with pumped(view):
        threading.Event().wait(0.5)
    seconds = [it.seconds for it in view.shown if isinstance(it, Ticked)]
    assert len(seconds) >= 2
    assert seconds == sorted(seconds)


def _far(done: int, index: int = 1) -> Progress:
    return Progress(index, "web", done, 100, "bytes")


def test_how_far_a_step_is_wakes_nobody_and_its_last_word_comes_before_what_follows() -> None:
    view = _Seeing()
    with pumped(view) as emit:
        emit(Noted("a"))
        emit.drain()
        for done in range(101):
            emit(_far(done))
        emit(Noted("b"))
    assert view.said[0] == Noted("a")
    assert view.said[-2:] == [_far(100), Noted("b")]
    assert len(view.said) < 20


def test_how_far_a_step_is_comes_by_the_clock_while_nothing_else_does() -> None:
    view = _Seeing()
    with pumped(view) as emit:
        emit(_far(1))
        emit(_far(2, index=2))
        threading.Event().wait(0.5)
        assert view.said == [_far(1), _far(2, index=2)]


def test_how_far_a_step_is_never_comes_before_its_start() -> None:
    """The view is slow: what is told meanwhile waits for what was queued before it."""
    view = _Seeing(slowly=0.02)
    with pumped(view) as emit:
        for number in range(20):
            emit(Noted(str(number)))
        emit(_far(5))
        emit(Noted("end"))
    assert view.said == [*(Noted(str(number)) for number in range(20)), _far(5), Noted("end")]


def test_all_that_was_told_is_shown_before_a_question() -> None:
    view = _Seeing()
    with pumped(view) as emit:
        emit(_far(7))
        emit.drain()
        assert view.said == [_far(7)]


def test_a_question_waits_until_all_was_shown() -> None:
    view = _Seeing(slowly=0.01)
    with pumped(view) as emit:
        for number in range(20):
            emit(Noted(str(number)))
        emit.drain()
        assert len(view.said) == 20


def test_a_failing_view_is_told_and_the_run_goes_on() -> None:
    view, ran = _Seeing(fails_at=2), []
    with pytest.raises(OSError, match="the terminal is gone"), pumped(view) as emit:  # noqa: PT012 - it is raised at the end
        for number in range(5):
            emit(Noted(str(number)))
        emit.drain()
        ran.append("to the end")
    assert ran == ["to the end"]
    assert len(view.said) == 2
    assert view.closed == 1


def test_an_error_of_the_run_comes_through_and_the_view_is_closed() -> None:
    view = _Seeing()
    with pytest.raises(ZeroDivisionError), pumped(view) as emit:  # noqa: PT012 - it is raised inside
        emit(Noted("begun"))
        raise ZeroDivisionError
    assert view.said == [Noted("begun")]
    assert view.closed == 1
