"""`promote` to several goals, one after the other: each is read, judged and done when its turn has come.

So a chain goes through in one command: what one goal has got the next one finds there. `conduct` gives the turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from paasctl.config.find import find_registry
from paasctl.config.path import Way, find_ways
from paasctl.errors import Cancelled, Exit, PaasError, TimedOut, UsageError
from paasctl.model.event import Emit, Noted, Outcome, Problem, Warned
from paasctl.model.promoting import Became
from paasctl.planning.promotion.gates import check_overrides, gates_into, gates_of
from paasctl.planning.promotion.several import Goal, Turn, check_deploys, deploy_of, distinct, may_open, turn
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.verbs.promotion.arriving import Arrived, arrived, deployed, whole
from paasctl.verbs.promotion.look import Look
from paasctl.verbs.promotion.promote import Promote, PromoteTyped, check_versions, look_at


@dataclass
class Along:
    """Promote one release or several to each goal in the order given; `asked.to` is not looked at."""

    asked: PromoteTyped
    to: tuple[str, ...]
    onward: Callable[[PromoteTyped], Any] | None = None
    """Makes the verb that promotes and deploys; None: nothing is deployed."""
    clusters: tuple[str, ...] = ()
    _goals: tuple[Goal, ...] = ()
    _ways: dict[str, Way] = field(default_factory=dict)
    _arrived: list[Arrived] = field(default_factory=list)
    _now: Turn = field(default_factory=lambda: Turn(versions=()))
    _verb: Any = None
    _world: tuple[Reads, Emit, Cancel] | None = None

    def begin(self, reads: Reads, emit: Emit, cancel: Cancel) -> str:
        """Refuse what makes no sense before anything is done. Why somebody must agree; "": nobody must."""
        check_overrides(self.asked.overridden, self.asked.reason)
        check_versions(self.asked, " --to ".join(self.to))
        ways = find_ways(reads.config, self.to, self.asked.origin)
        places = reads.config.environments
        self._ways = dict(ways)
        self._goals = distinct(
            Goal(
                typed=name,
                origin=way.origin.name,
                stop=way.goal.name,
                environment=name if self.onward and name in places else "",
            )
            for name, way in ways
        )
        if self.onward:
            if len(self.asked.versions) != 1:
                raise UsageError(
                    "promoting with --deploy: an environment runs one release: name it",
                    hint=f"paasctl promote VERSION --to {' --to '.join(self.to)} --deploy",
                )
            check_deploys(self._goals, self.clusters)
        self._world = (reads, emit, cancel)
        guarded = [it.environment for it in self._goals if it.environment and places[it.environment].protected]
        return f"environment {guarded[0]} is protected" if guarded else ""

    def turn(self) -> Any:
        """The verb for the next goal; None: all have had their turn, or the run was stopped."""
        while self._goal and not (self._arrived and self._arrived[-1].stopped):
            self._verb, goal = None, self._goal
            asked = replace(self.asked, to=goal.typed)
            self._now = turn(goal, self.asked.versions, self._rows)
            self._now = replace(self._now, coming=self._foreseen(goal, self._now.coming))
            self._say(goal)
            if self._now.versions or self.asked.every:
                asked = replace(asked, versions=self._now.versions)
                is_deployed = bool(self.onward and goal.environment)
                self._verb = self.onward(asked) if self.onward and is_deployed else Promote(asked=asked, of_many=True)
                return self._verb
            self._arrived.append(Arrived(goal, (*self._now.coming, *self._now.kept)))
        return None

    def ended(self, outcome: Outcome) -> None:
        """How the goal's own run ended."""
        goal = self._goals[len(self._arrived)]
        outcome, opens = self._opening(outcome)
        if opens:
            found: tuple[Became, ...] = (self._planned(goal, opens),)
        elif isinstance(self._verb, Promote):
            found = outcome.rows or (self._verb.planned() if outcome.status == "dry-run" else ())
            found = found or arrived(goal, self._now.versions or (("",) if self.asked.every else ()), outcome)
        elif self._verb:
            found = (deployed(goal, self._now.versions[0], outcome),)
        else:  # its turn could not begin
            found = arrived(goal, self.asked.versions or ("",), outcome)
        own = {it.version for it in found}
        others = (it for it in (*self._now.coming, *self._now.kept) if it.version not in own)
        named = self.asked.versions
        them = sorted((*found, *others), key=lambda it: named.index(it.version) if it.version in named else len(named))
        self._arrived.append(Arrived(goal, tuple(them), outcome))
        self._verb = None

    def end(self) -> Outcome:
        """What became of each version at each goal."""
        return whole(self.asked, self._goals, tuple(self._arrived))

    @property
    def _goal(self) -> Goal | None:
        at = len(self._arrived)
        return self._goals[at] if at < len(self._goals) else None

    @property
    def _rows(self) -> tuple[Became, ...]:
        return tuple(row for it in self._arrived for row in it.rows)

    def _opening(self, outcome: Outcome) -> tuple[Outcome, str]:
        """Of a dry run: where its only trouble is a gate that a deploy on the way may open, none, and that stop."""
        closed = [it for it in outcome.problems if it.code == "gate-closed"]
        if len(self.asked.versions) != 1 or not closed or len(closed) != len(outcome.problems):
            return outcome, ""
        gates = [gate for it in closed for gate in it.evidence]
        opens = may_open(gates, self.asked.versions[0], self._rows, self._opening_deploys())
        if not opens:
            return outcome, ""
        assert self._world  # noqa: S101 - `begin` came first
        for it in closed if self._verb and not isinstance(self._verb, Promote) else ():
            self._world[1](Warned(f"as things are now: {it.message}", hint=it.hint))
        return replace(outcome, status="dry-run", exit=Exit.OK, problems=()), opens

    def _planned(self, goal: Goal, after: str) -> Became:
        version = self.asked.versions[0]
        return Became(
            version=version,
            goal=goal.stop,
            origin=goal.origin,
            state="planned",
            after=after,
            deployed=deploy_of(goal),
        )

    def _say(self, goal: Goal) -> None:
        assert self._world  # noqa: S101 - `begin` came first
        emit = self._world[1]
        at, many = len(self._arrived) + 1, len(self._goals)
        emit(Noted(f"goal {at} of {many}: {goal.typed}, from {goal.origin}"))
        for it in self._now.kept:
            emit(Warned(f"promoting {it.version} to {goal.stop}: {it.because} ({it.code or it.state})"))
        for it in self._now.coming:
            if it.state == "planned":
                emit(Noted(f"{it.version} to {goal.stop}: {it.word}"))

    def _foreseen(self, goal: Goal, coming: tuple[Became, ...]) -> tuple[Became, ...]:
        """Those of a dry run that are still on their way: what would become of them as things are now."""
        found = (self._foresee(goal, it) for it in coming)
        return tuple(it for it in found if it)

    def _foresee(self, goal: Goal, it: Became) -> Became | None:
        """It is judged by what will arrive, where that lies now. None: nobody asks for it, since it is there."""
        assert self._world  # noqa: S101 - `begin` came first
        reads, emit, cancel = self._world
        if it.after == goal.stop:
            return it
        way = self._ways[goal.typed]
        try:
            if self.asked.every and _is_there(reads, way, it.version):
                return None
            lies = find_registry(reads.config, self._lies_in(it.version, goal.origin)).repository
            look = Look(
                reads,
                Way(origin=replace(way.origin, repository=lies), goal=way.goal),
                cancel,
                goal.typed,
                self.asked.reason,
                self.asked.overridden,
            )
            return it if look_at(look, it.version).stages else replace(it, state="nothing to do", deployed="")
        except (Cancelled, TimedOut):
            raise
        except PaasError as error:
            emit(Warned(f"as things are now: {error.message}", hint=error.hint))
            if error.code == "gate-closed" and may_open(
                error.evidence, it.version, self._rows, self._opening_deploys()
            ):
                return it
            told = arrived(
                goal, (it.version,), Outcome(status="failed", exit=error.exit, problems=(Problem.of(error),))
            )
            return replace(told[0], after=it.after)

    def _opening_deploys(self) -> list[Goal]:
        """Goals that have had their turn whose deploys may open `after` them here and now.

        Where a `soak` follows they do not: to have run somewhere for an hour takes an hour.
        """
        assert self._world  # noqa: S101 - `begin` came first
        environments, goal = self._world[0].config.environments, self._goals[len(self._arrived)]
        rules = list(gates_of(environments.values(), self._ways[goal.typed].goal.name).after)
        if goal.environment:
            rules += gates_into(environments[goal.environment]).after
        soaked = {name for name, soak in rules if soak}
        return [it for it in self._goals[: len(self._arrived)] if it.environment not in soaked]

    def _lies_in(self, version: str, stop: str) -> str:
        """The registry from which the chain takes it, at its beginning."""
        row = next(
            (it for it in self._rows if (it.version, it.goal) == (version, stop) and it.state == "planned"), None
        )
        return self._lies_in(version, row.origin) if row else stop


def _is_there(reads: Reads, way: Way, version: str) -> bool:
    goal = way.goal.repository
    return reads.registry(goal.host).resolve(goal.tagged(image_tag(version))) is not None
