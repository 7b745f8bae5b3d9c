"""What every verb shares, as a table over small verbs: what is asked, what is written, how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from paasctl.cli import conduct
from paasctl.engine.cancel import Cancel
from paasctl.errors import (
    Cancelled,
    ConfigError,
    Exit,
    Forbidden,
    Locked,
    PaasError,
    Refused,
    RolloutFailed,
    TimedOut,
    Unavailable,
    UsageError,
)
from paasctl.model.answer import Findings
from paasctl.model.event import Answered, Event, Outcome, Planned, Problem
from paasctl.model.plan import NOTHING, Plan, WriteFile
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy import same_writes
from support.clock import FakeClock
from support.make import HOLDER

_STEP = WriteFile(path="paas.yaml", content=b"")
_PLAN = Plan(verb="write", subject="it", stages=((_STEP,),))


@dataclass
class _World:
    """Only what `WriteFile` needs; `writes` are the engine's."""

    clock: FakeClock = field(default_factory=FakeClock)
    writes: list[str] = field(default_factory=list)
    fails: PaasError | None = None

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        del content, before
        if self.fails:
            raise self.fails
        self.writes.append(path)


@dataclass
class _Verb:
    """Plans `plans` in turn; then nothing."""

    plans: tuple[Plan, ...] = (_PLAN,)
    reading: PaasError | None = None
    reads: list[Any] = field(default_factory=list)
    asked: list[Rounds] = field(default_factory=list)

    def read(self, reads: Any, emit: Any, cancel: Any) -> int:
        del emit, cancel
        self.reads.append(reads)
        if self.reading:
            raise self.reading
        return len(self.reads)

    def next(self, facts: int, rounds: Rounds) -> Plan:
        del facts
        self.asked.append(rounds)
        return self.plans[len(rounds)] if len(rounds) < len(self.plans) else NOTHING

    def end(self, rounds: Rounds) -> Outcome:
        if not rounds:
            return Outcome(status="nothing-to-do", exit=Exit.OK, verb="write")
        error = rounds[-1].error
        return Outcome(
            status="cancelled" if isinstance(error, Cancelled) else "failed" if error else "done",
            exit=error.exit if error else Exit.OK,
            verb="write",
            done=rounds[-1].done,
            left=rounds[-1].left,
            problems=(Problem.of(error),) if error else (),
        )


@dataclass
class _Case:
    """One run: what it was given, and what came of it."""

    verb: _Verb = field(default_factory=_Verb)
    world: _World = field(default_factory=_World)
    answers: bool | None = True
    cancel: Cancel = field(default_factory=Cancel)
    dry_run: bool = False
    exit_code: bool = False
    same: Callable[[Plan, Plan], bool] = same_writes
    events: list[Event] = field(default_factory=list)
    questions: list[Plan] = field(default_factory=list)

    def go(self, run: Callable[[Any, conduct.Conduct], Exit] = conduct.act, verb: Any = None) -> Exit:
        def agreed(plan: Plan) -> bool | None:
            self.questions.append(plan)
            return self.answers

        how = conduct.Conduct(
            reads=self.world,  # type: ignore[arg-type]  # these verbs read nothing
            world=self.world,  # type: ignore[arg-type]  # and only files are written
            emit=self.events.append,
            cancel=self.cancel,
            holder=lambda: HOLDER,
            same=self.same,
            agreed=agreed,
            now=self.world.clock.now,
            dry_run=self.dry_run,
            exit_code=self.exit_code,
        )
        return run(verb or self.verb, how)

    @property
    def outcome(self) -> Outcome:
        found = [it for it in self.events if isinstance(it, Outcome)]
        assert len(found) == 1
        assert self.events[-1] is found[0], "the outcome comes last"
        return found[0]


_ASKING = Plan(verb="write", subject="it", stages=((_STEP,),), asks="it deletes")


@pytest.mark.parametrize(
    ("case", "exit_", "status", "writes", "questions"),
    [
        pytest.param(_Case(), Exit.OK, "done", 1, 0, id="a plan is carried out, and nobody is asked"),
        pytest.param(_Case(dry_run=True), Exit.OK, "dry-run", 0, 0, id="a dry run is shown only"),
        pytest.param(_Case(dry_run=True, exit_code=True), Exit.CHANGES, "dry-run", 0, 0, id="with --exit-code it is 3"),
        pytest.param(_Case(_Verb(())), Exit.OK, "nothing-to-do", 0, 0, id="an empty plan is nothing to do"),
        pytest.param(
            _Case(_Verb(()), dry_run=True, exit_code=True), Exit.OK, "nothing-to-do", 0, 0, id="also with --exit-code"
        ),
        pytest.param(_Case(_Verb((_ASKING,))), Exit.OK, "done", 1, 1, id="agreed to"),
        pytest.param(_Case(_Verb((_ASKING,)), answers=False), Exit.REFUSED, "refused", 0, 1, id="declined is 4"),
        pytest.param(_Case(_Verb((_ASKING,)), answers=None), Exit.REFUSED, "refused", 0, 1, id="nobody to ask is 4"),
        pytest.param(_Case(_Verb((_ASKING,)), dry_run=True), Exit.OK, "dry-run", 0, 0, id="a dry run asks nobody"),
    ],
)
def test_what_is_asked_and_written(case: _Case, exit_: Exit, status: str, writes: int, questions: int) -> None:
    assert case.go() is exit_
    assert case.outcome.status == status
    assert case.outcome.exit is exit_
    assert len(case.world.writes) == writes
    assert len(case.questions) == questions


def test_the_plan_is_shown_before_anybody_is_asked() -> None:
    case = _Case(_Verb((_ASKING,)), answers=None)
    case.go()
    assert [type(it) for it in case.events] == [Planned, Outcome]
    assert "no terminal" in case.outcome.problems[0].message
    assert "--yes" in case.outcome.problems[0].hint


def test_a_dry_run_says_what_is_left() -> None:
    case = _Case(dry_run=True)
    case.go()
    assert case.outcome.left == (_STEP,)
    assert case.events[0] == Planned(_PLAN, 1, dry_run=True)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x"), "failed"),
        (ConfigError("x"), "failed"),
        (Refused("x"), "refused"),
        (Locked("x"), "refused"),
        (Unavailable("x"), "failed"),
        (Forbidden("x"), "failed"),
        (TimedOut("x"), "failed"),
        (Cancelled("x"), "cancelled"),
    ],
    ids=lambda it: getattr(it, "code", None),
)
def test_what_goes_wrong_while_reading_has_its_exit(error: PaasError, status: str) -> None:
    case = _Case(_Verb(reading=error))
    assert case.go() is error.exit
    assert case.outcome.status == status
    assert [it.code for it in case.outcome.problems] == [error.code]
    assert case.world.writes == []


@pytest.mark.parametrize("error", [RolloutFailed("x"), Unavailable("x"), TimedOut("x")], ids=lambda it: it.code)
def test_what_goes_wrong_while_acting_is_told_by_the_verb(error: PaasError) -> None:
    case = _Case(world=_World(fails=error))
    assert case.go() is error.exit
    assert case.outcome.left == (_STEP,)


@pytest.mark.parametrize("signal", [Exit.CANCELLED, Exit.TERMINATED])
def test_the_exit_says_which_signal_it_was(signal: Exit) -> None:
    cancel = Cancel()
    cancel.ask(signal)
    stopped = _Case(cancel=cancel)
    assert stopped.go() is signal
    assert stopped.outcome.status == "cancelled"
    assert stopped.outcome.left == (_STEP,)
    reading = _Case(_Verb(reading=Cancelled("stopped")), cancel=cancel)
    assert reading.go() is signal
    asking = _Case(cancel=cancel)
    assert asking.go(conduct.ask, _Question(Cancelled("stopped"))) is signal


def test_every_problem_of_a_file_is_told() -> None:
    several = ConfigError.of((ConfigError("a", where="paas.yaml:1:1"), ConfigError("b", where="paas.yaml:2:1")))
    case = _Case(_Verb(reading=several))
    assert case.go() is Exit.CONFIG
    assert [(it.message, it.where) for it in case.outcome.problems] == [("a", "paas.yaml:1:1"), ("b", "paas.yaml:2:1")]


def test_rounds_go_on_until_nothing_is_left() -> None:
    second = Plan(verb="write", subject="more", stages=((WriteFile(path="other", content=b""),),))
    case = _Case(_Verb((_PLAN, second)))
    assert case.go() is Exit.OK
    assert case.world.writes == ["paas.yaml", "other"]
    assert [it.round for it in case.events if isinstance(it, Planned)] == [1, 2]
    assert [len(it) for it in case.verb.asked] == [0, 1, 2]


def test_a_run_says_how_long_it_took() -> None:
    case = _Case()
    case.world.clock.time = 5
    case.go()
    assert case.outcome.seconds == 0


@dataclass
class _Question:
    error: PaasError | None = None

    def answer(self, reads: Any, emit: Any, cancel: Any) -> tuple[Findings, Exit]:
        del reads, emit, cancel
        if self.error:
            raise self.error
        return Findings(verb="lint", findings=()), Exit.CHANGES


def test_a_question_is_answered_with_the_exit_it_means() -> None:
    case = _Case()
    assert case.go(conduct.ask, _Question()) is Exit.CHANGES
    assert isinstance(case.events[0], Answered)
    assert case.outcome.status == "answered"


def test_a_question_that_cannot_be_answered_says_why() -> None:
    case = _Case()
    assert case.go(conduct.ask, _Question(Unavailable("reading eu: refused"))) is Exit.UNAVAILABLE
    assert case.outcome.problems[0].message == "reading eu: refused"


def test_too_little_memory_is_no_bug_of_ours() -> None:
    class _Greedy:
        def answer(self, reads: Any, emit: Any, cancel: Any) -> tuple[Findings, Exit]:
            del reads, emit, cancel
            raise MemoryError

    case = _Case()
    assert case.go(conduct.ask, _Greedy()) is Exit.UNAVAILABLE
    assert case.outcome.problems[0].code == "out-of-memory"


@pytest.mark.parametrize(
    ("error", "exit_"),
    [(Unavailable("reading eu: no answer"), Exit.TERMINATED), (ConfigError("the file is wrong"), Exit.CONFIG)],
)
def test_an_answer_that_is_missed_while_it_is_told_to_stop_is_no_reason(error: PaasError, exit_: Exit) -> None:
    case = _Case()
    case.cancel.ask(Exit.TERMINATED)
    assert case.go(conduct.ask, _Question(error)) is exit_


_MORE = replace(_PLAN, stages=((WriteFile(path="other", content=b""),),))


@pytest.mark.parametrize(
    ("first", "second", "questions"),
    [("", "it deletes", 1), ("it is protected", "it is protected", 1), ("it is protected", "it deletes", 2)],
    ids=["only a later round asks", "the same is asked once", "another reason is asked again"],
)
def test_a_later_round_does_only_what_was_agreed_to(first: str, second: str, questions: int) -> None:
    plans = (replace(_PLAN, asks=first), replace(_MORE, asks=second))
    agreed = _Case(_Verb(plans))
    assert agreed.go() is Exit.OK
    assert (len(agreed.questions), len(agreed.world.writes)) == (questions, 2)


def test_a_later_round_that_is_declined_leaves_what_was_done_declared() -> None:
    case = _Case(_Verb((_PLAN, replace(_MORE, asks="it deletes"))), answers=None)
    assert case.go() is Exit.REFUSED
    assert case.world.writes == ["paas.yaml"]
    assert case.outcome.left == _MORE.steps
    assert case.outcome.problems[0].code == "protected"
