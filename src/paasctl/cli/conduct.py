"""What every verb has in common. A verb that acts is three functions and a loop; a question is one function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any, Literal, Protocol

from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, Exit, PaasError, Protected, Refused, Unavailable, exhausted
from paasctl.model.answer import Answer
from paasctl.model.event import Answered, Emit, Outcome, Planned, Problem
from paasctl.model.kube import Holder
from paasctl.model.plan import Plan, Step
from paasctl.model.rounds import Rounds
from paasctl.ports.cancel import Cancel as CancelPort
from paasctl.ports.embedded import Embedded
from paasctl.ports.world import Reads, World
from paasctl.values import dataclass


class Act(Protocol):
    """A verb that acts: read the world, decide, and say how it ended. Only the engine changes anything."""

    def read(self, reads: Reads, emit: Emit, cancel: CancelPort) -> Any:
        """The facts that `next` decides on."""
        ...

    def next(self, facts: Any, rounds: Rounds) -> Plan:
        """What to do now, given what was done; an empty plan ends the run. Pure."""
        ...

    def end(self, rounds: Rounds) -> Outcome:
        """How it ended, exit status included. Pure."""
        ...


class Journey(Protocol):
    """Verbs that act, one after the other: each is read, planned and judged when its turn has come."""

    def begin(self, reads: Reads, emit: Emit, cancel: CancelPort) -> str:
        """Refuse what makes no sense before the first turn. What somebody must agree to on the way; "": nothing."""
        ...

    def turn(self) -> Act | None:
        """Whose turn it is; None: nobody's any more."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """How that one ended."""
        ...

    def end(self) -> Outcome:
        """How all of it ended, exit status included. Pure."""
        ...


class Question(Protocol):
    """A verb that only asks."""

    def answer(self, reads: Reads, emit: Emit, cancel: CancelPort) -> tuple[Answer, Exit]:
        """The answer, and the exit status it means."""
        ...


class Stay(Protocol):
    """A verb that stays until it is stopped, or plays on embedded parts until it is done."""

    def stay(self, embedded: Embedded, emit: Emit, cancel: CancelPort) -> Outcome:
        """How it ended; `Cancelled` where it was stopped, which is how most of them end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How to go about it: the world (read-only for verbs), where events go, who we are, whom to ask."""

    reads: Reads
    world: World
    emit: Emit
    cancel: Cancel
    holder: Callable[[], Holder]
    """Who we are: asked for only by what takes a lock."""
    same: Callable[[Plan, Plan], bool]
    """Whether two plans write the same things under the same preconditions."""
    agreed: Callable[[Plan], bool | None]
    """True: go on; False: declined; None: there is nobody to ask."""
    now: Callable[[], float]
    answers: bool = True
    """Whether somebody has agreed to everything, or can be asked."""
    drain: Callable[[], None] = lambda: None
    """Returns when all that was emitted is on the screen."""
    dry_run: bool = False
    exit_code: bool = False
    wait_lock: float = 65.0


def act(verb: Act, how: Conduct) -> Exit:
    """Run one verb that acts, from facts to exit status. Every way out emits one `Outcome`, last."""
    return _conclude(lambda: _act(verb, how), how)


def travel(journey: Journey, how: Conduct) -> Exit:
    """Run its verbs, each from facts to its own end. Every way out emits one `Outcome`, last."""
    return _conclude(lambda: _travel(journey, how), how)


def _conclude(run: Callable[[], Outcome], how: Conduct) -> Exit:
    began = how.now()
    try:
        outcome = run()
    except PaasError as error:
        outcome = failed(error)
    except (MemoryError, OSError, RuntimeError) as error:
        if not (lack := exhausted(error)):
            raise
        outcome = failed(lack)
    return ended(outcome, began, how)


def _travel(journey: Journey, how: Conduct) -> Outcome:
    asks = journey.begin(how.reads, how.emit, how.cancel)
    if asks and not (how.dry_run or how.answers):
        raise Protected(
            f"going that far: {asks}, and there is no terminal to ask on", hint="add --yes if that is meant"
        )
    while True:
        try:
            verb = journey.turn()
            if verb is None:
                return journey.end()
            how.cancel.check()
            outcome = _act(verb, how)
        except PaasError as error:
            outcome = failed(error)
        journey.ended(outcome)


def _act(verb: Act, how: Conduct) -> Outcome:
    def again(rounds: Rounds) -> Plan:
        return verb.next(verb.read(how.reads, how.emit, how.cancel), rounds)

    plan = again(())
    if plan.is_empty:
        outcome = verb.end(())
        how.emit(Planned(replace(plan, verb=outcome.verb, subject=outcome.subject), 1, how.dry_run))
        return outcome
    how.emit(Planned(plan, 1, how.dry_run))
    if how.dry_run:
        return _dry(plan, how)
    agree = _Agreed(how)
    agree(plan)
    how.cancel.free = False
    from paasctl.engine.run import Run, carry_out  # a question, a dry run, nothing to do: they pay for no engine

    run = Run(
        world=how.world,
        emit=how.emit,
        cancel=how.cancel,
        holder=how.holder(),
        same=how.same,
        agree=agree,
        wait_lock=how.wait_lock,
    )
    rounds = carry_out(plan, again, run)
    return verb.end(rounds)


def _dry(plan: Plan, how: Conduct) -> Outcome:
    status = plan.foreseen or (Exit.CHANGES if how.exit_code else Exit.OK)
    return Outcome(
        status="dry-run", exit=status, verb=plan.verb, subject=plan.subject, left=_all(plan), problems=plan.amiss
    )


def _all(plan: Plan) -> tuple[Step, ...]:
    return (*plan.steps, *(step for it in plan.then for step in it.steps))


@dataclass
class _Agreed:
    """Ask about a plan that asks, once for each reason; a later round's plan may ask what the first did not."""

    how: Conduct
    reasons: set[str] = field(default_factory=set)

    def __call__(self, plan: Plan) -> None:
        if not plan.asks or plan.asks in self.reasons:
            return
        answer = self.how.agreed(plan)
        if answer is None:
            raise Protected(
                f"{plan.verb} {plan.subject}: {plan.asks}, and there is no terminal to ask on",
                hint="add --yes if that is meant",
            )
        if not answer:
            raise Refused(f"{plan.verb} {plan.subject}: not agreed to", code="declined")
        self.reasons.add(plan.asks)


def stay(verb: Stay, embedded: Embedded, how: Conduct) -> Exit:
    """Let a verb stay. Nothing is half done when it is stopped, so every signal may end its wait."""
    began = how.now()
    how.cancel.free = False  # a signal must not leave parts running: they are stopped on the way out
    try:
        outcome = verb.stay(embedded, how.emit, how.cancel)
    except PaasError as error:
        outcome = failed(_or_stopped(error, how.cancel))
    return ended(outcome, began, how)


def ask(question: Question, how: Conduct) -> Exit:
    """Answer one question."""
    began = how.now()
    try:
        answer, status = question.answer(how.reads, how.emit, how.cancel)
        how.emit(Answered(answer))
        outcome = Outcome(status="answered", exit=status)
    except PaasError as error:
        outcome = failed(_or_stopped(error, how.cancel))
    except (MemoryError, OSError, RuntimeError) as error:
        if not (lack := exhausted(error)):
            raise
        outcome = failed(lack)
    return ended(outcome, began, how)


def _or_stopped(error: PaasError, cancel: Cancel) -> PaasError:
    """A wait for an answer that came to nothing is not what ended a run that was told to stop meanwhile."""
    if isinstance(error, Unavailable):
        try:
            cancel.check()
        except PaasError as stopped:
            return stopped
    return error


def ended(outcome: Outcome, began: float, how: Conduct) -> Exit:
    """Emit the outcome. The exit of one that was stopped says which signal it was, wherever it was stopped."""
    how.cancel.free = False  # from here on there is an outcome to tell, and only one
    status = how.cancel.exit if outcome.exit is Exit.CANCELLED else outcome.exit
    how.emit(replace(outcome, exit=status, seconds=how.now() - began))
    return status


def failed(error: PaasError) -> Outcome:
    """The outcome of an error that came before anything was done."""
    return Outcome(status=_status(error), exit=error.exit, problems=tuple(map(Problem.of, error.problems)))


def _status(error: PaasError) -> Literal["refused", "cancelled", "failed"]:
    if isinstance(error, Refused):
        return "refused"
    return "cancelled" if isinstance(error, Cancelled) else "failed"
