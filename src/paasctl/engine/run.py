"""Carry out the rounds of a run: lock, look again, act, look again, until there is nothing left or something broke.

`Run` is everything a step needs. The locks of the first plan are kept across all rounds; a round may only do what
the first plan's `may` names, and one that would repeat an earlier round's write ends as `not-converging`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import field, replace
from functools import partial

from paasctl.engine.history import Records
from paasctl.engine.stage import Taken, take_stage
from paasctl.errors import Cancelled, Overtaken, PaasError, Refused, StalePlan, TimedOut
from paasctl.model.event import Emit, Noted, Planned
from paasctl.model.kube import Holder, Target
from paasctl.model.plan import NOTHING, AwaitReady, Plan, Step
from paasctl.model.rounds import Round, Rounds
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import World
from paasctl.values import dataclass

Again = Callable[[Rounds], Plan]
"""Read the world anew and ask what comes next; an empty plan ends the run."""
Same = Callable[[Plan, Plan], bool]
"""Whether two plans write the same things under the same preconditions."""
Agree = Callable[[Plan], None]
"""Raise unless whoever must agree to the plan did; agreed to once is agreed to for the run."""


def nobody_asks(plan: Plan) -> None:
    """`Agree` of a run whose plans ask nothing."""
    del plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What carrying out needs. `wait_lock` in seconds: how long to wait for another holder."""

    world: World
    emit: Emit
    cancel: Cancel
    holder: Holder
    same: Same
    agree: Agree = nobody_asks
    wait_lock: float = 65.0
    jobs: int = 8
    facts: dict[str, str] = field(default_factory=dict)


def carry_out(first: Plan, again: Again, run: Run) -> Rounds:
    """The rounds of a run, the last one with its error where it broke. Raises only where nothing was changed."""
    # Locks outermost: the records are closed while they are still held.
    with ExitStack() as locks:
        records = Records(run.world, run.holder)
        try:
            rounds = _rounds(first, again, run, _Under(records, locks, set()))
        except PaasError as error:
            records.note((), error)
            with suppress(PaasError):  # the first error is the one to tell
                records.close()
            raise
        except BaseException:
            records.close(broke=True)
            raise
        return _closed(rounds, records)


def _closed(rounds: Rounds, records: Records) -> Rounds:
    """The record is part of the verdict (decision 8): one that can't be written is the run's error, if it has none."""
    try:
        records.close()
    except PaasError as error:
        return (*rounds[:-1], replace(rounds[-1], error=rounds[-1].error or error))
    return rounds


@dataclass(frozen=True, slots=True)
class _Under:
    """What is kept across rounds: the open history records and the locks."""

    records: Records
    locks: ExitStack
    held: set[Target]


def _rounds(plan: Plan, again: Again, run: Run, under: _Under) -> Rounds:
    rounds: Rounds = ()
    while not plan.is_empty:
        if rounds:
            run.emit(Planned(plan, len(rounds) + 1))
        try:
            run.agree(plan)
            plan = _hold(plan, lambda done=rounds: again(done), run, under)  # type: ignore[misc]  # bound now, used now
            if plan.is_empty:  # whoever held the lock did it all
                return rounds
            under.records.open(plan)
        except PaasError as error:
            if not rounds:
                raise
            return (*rounds, Round(plan=plan, left=plan.steps, error=error, facts=tuple(run.facts.items())))
        rounds = (*rounds, _one(plan, run))
        under.records.note(rounds[-1].done, rounds[-1].error)
        if isinstance(rounds[-1].error, Cancelled | TimedOut):
            return rounds
        try:
            plan = _next(again, rounds, run)
        except PaasError as error:
            # What was done stays declared, even where the world cannot be read once more.
            return (*rounds[:-1], replace(rounds[-1], error=rounds[-1].error or error))
    return rounds


def _hold(plan: Plan, replan: Callable[[], Plan], run: Run, under: _Under) -> Plan:
    """Take the locks the plan needs and we lack, then look again, once: what is to be carried out under them.

    A run that had to wait for another goes on with what is left to do after it, unless a person agreed to this very
    plan, or must agree to the new one.
    """
    fresh = [it for it in plan.holds if it not in under.held]
    waited: list[Target] = []
    for target in fresh:
        cluster = run.world.cluster(target.cluster)
        cluster.ensure_namespace(target)
        seen = partial(_seen, target, run, waited)
        under.locks.enter_context(cluster.hold(target, run.holder, wait=run.wait_lock, seen=seen))
        under.held.add(target)
    if not (fresh or plan.again) or run.same(now := replan(), plan):
        return plan
    if waited and not plan.asks and not now.asks and under.held.issuperset(now.holds):
        run.emit(Planned(now))
        return now
    raise StalePlan(
        f"carrying out {plan.verb} {plan.subject}: the world changed after this plan was made",
        hint="run the command again to see the new plan",
    )


def _seen(target: Target, run: Run, waited: list[Target], holder: Holder) -> None:
    waited.append(target)
    run.emit(Noted(f"{target} is held by {holder}; waiting up to {run.wait_lock:g} s"))


def _next(again: Again, rounds: Rounds, run: Run) -> Plan:
    plan = again(rounds)
    if rounds[-1].error is None and all(isinstance(it, AwaitReady) and it in rounds[-1].done for it in plan.steps):
        return NOTHING  # it was waited for: what stirs after that is the next run's news, or we would never end
    written = {_mark(step) for it in rounds for step in it.done if not isinstance(step, AwaitReady)}
    repeated = [step for step in plan.steps if _mark(step) in written]
    if repeated and not run.cancel.asked:
        raise Refused(
            f"{plan.verb} {plan.subject}: {_mark(repeated[0])} differs again right after it was written",
            hint="something rewrites it (a webhook or a controller): see `paasctl diff`",
            code="not-converging",
        )
    return plan


def _mark(step: Step) -> str:
    key = getattr(getattr(step, "manifest", None), "key", None) or getattr(step, "key", None)
    return f"{type(step).__name__} {getattr(step, 'target', '')} {key}" if key else repr(step)


def _one(plan: Plan, run: Run) -> Round:
    done: list[Step] = []
    first = 0
    for stage in plan.stages:
        taken: Taken = take_stage(stage, first, run)
        first += len(stage)
        done += taken.done
        if taken.error:
            overtaken = isinstance(taken.error, Overtaken)
            left = tuple(step for step in plan.steps if not any(step is it for it in done))
            if overtaken:
                run.emit(Noted(taken.error.message))
            error = None if overtaken else taken.error
            return Round(plan=plan, done=tuple(done), left=left, error=error, facts=tuple(run.facts.items()))
    return Round(plan=plan, done=tuple(done), facts=tuple(run.facts.items()))
