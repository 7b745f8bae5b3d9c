"""`rehearse`: the deploy itself, on copies of the live clusters. What is live is only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paasctl.errors import Exit
from paasctl.model.answer import CopyTold, RehearsalAnswer, StatusAnswer, StatusRow
from paasctl.model.copying import Copy
from paasctl.model.counting import count
from paasctl.model.event import Emit, Noted
from paasctl.model.plan import Apply, Delete, Plan, Step
from paasctl.model.problem import Problem
from paasctl.ports.cancel import Cancel
from paasctl.ports.rehearsal import Rehearsal, Rehearsed
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.copying import ToCopy, read_copy
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.diff import object_diff
from paasctl.verbs.reading import Place, place
from paasctl.verbs.status import AskStatus

_LIMITS = (
    "whether the images start and answer: pods are simulated, and play by script",
    "what webhooks, quotas and limit ranges of the cluster would refuse",
    "whether its nodes have room and may pull: images are asked for from here",
    "what other controllers make of it: routers, certificates, operators",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearse:
    """Rehearse what `deploy` makes: a fresh verb each time, since it remembers what it read."""

    deploy: Callable[[], Deploy]
    stage: Rehearsal

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[RehearsalAnswer, Exit]:
        """The report, and the exit status that the deploy would have had."""
        verb = self.deploy()
        where = place(reads.config, verb.environment, verb.clusters)
        try:
            copies = tuple(self._copied(reads, where, it.name, (emit, cancel)) for it in where.clusters)
            ran = self.stage.act(verb)
            cancel.check()
            return self._told(where, copies, ran), ran.outcome.exit
        finally:
            self.stage.close()

    def _copied(self, reads: Reads, where: Place, name: str, how: tuple[Emit, Cancel]) -> CopyTold:
        emit, cancel = how
        wanted = ToCopy(namespaces=(where.environment.namespace,), held=self.stage.holds(), secrets=True)
        copy = read_copy(reads.cluster(name), wanted, cancel)
        self.stage.copy(copy)
        emit(Noted(f"rehearsing on a copy of {name}: {count(len(copy.objects), 'object')}"))
        return _copy_told(copy)

    def _told(self, where: Place, copies: tuple[CopyTold, ...], ran: Rehearsed) -> RehearsalAnswer:
        faults = self.stage.faults()
        self.stage.calm()
        steps = [step for plan in ran.plans for step in plan.steps]
        outcome = ran.outcome
        return RehearsalAnswer(
            environment=where.environment.name,
            version=dict(outcome.facts).get("version", ""),
            copies=copies,
            asks="; ".join(dict.fromkeys(plan.asks for plan in ran.plans if plan.asks)),
            objects=tuple(object_diff(it) for it in steps if isinstance(it, Apply | Delete)),
            steps=tuple(it for it in steps if not isinstance(it, Apply | Delete)),
            status=outcome.status,
            exit=int(outcome.exit),
            took=outcome.seconds,
            done=len(outcome.done),
            problems=tuple(map(_of_a_copy, outcome.problems)),
            faults=faults,
            targets=self._targets(where),
            left=self._left(),
            limits=_LIMITS,
        )

    def _targets(self, where: Place) -> tuple[StatusRow, ...]:
        found = self.stage.ask(AskStatus(environments=(where.environment.name,)))
        rows = found.environments[0][1] if isinstance(found, StatusAnswer) else ()
        return tuple(it for it in rows if it.target in where.targets)

    def _left(self) -> int | None:
        """Steps that the same deploy would have to do now; None: it can't even be planned."""
        again = self.stage.act(self.deploy(), dry_run=True)
        return len(_steps(again.plans)) if again.outcome.status in ("nothing-to-do", "dry-run") else None


def _of_a_copy(problem: Problem) -> Problem:
    """Without a hint that leads to the live cluster, where nothing of it happened."""
    return replace(problem, hint="") if problem.hint.startswith("kubectl ") else problem


def _steps(plans: tuple[Plan, ...]) -> list[Step]:
    return [step for plan in plans for step in plan.steps]


def _copy_told(copy: Copy) -> CopyTold:
    return CopyTold(
        cluster=copy.cluster,
        namespaces=copy.namespaces,
        objects=len(copy.objects),
        unread=copy.unread,
        unheld=copy.unheld,
    )
