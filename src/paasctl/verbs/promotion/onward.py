"""`promote --deploy`: a release to the next registry, and on into the environment there. One story, two chapters.

Both plans are made before anything is written: the record that will arrive is the one that is read, so what keeps the
deploy from going is told before the release goes anywhere. The deploy is planned anew when the release has arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from paasctl.config.path import find_way, takers
from paasctl.config.words import either
from paasctl.errors import Exit, UsageError
from paasctl.model.event import Emit, Noted, Outcome, Status
from paasctl.model.plan import Plan
from paasctl.model.rounds import Round, Rounds
from paasctl.planning.deploy import TargetFacts
from paasctl.planning.promotion.decide import VERB
from paasctl.planning.release.whereabouts import Seen
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.deploy import Facts as DeployFacts
from paasctl.verbs.gating import Passing
from paasctl.verbs.promotion.ending import Asked
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from paasctl.verbs.running import versions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What both chapters decide on."""

    promotion: tuple[Asked, ...]
    deploy: DeployFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Promote one release, then make the environment run it. What was done of it before is not done again."""

    asked: PromoteTyped
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    timeout: float = 600.0
    """Seconds for each wait of the rollout."""
    _chapters: list[tuple[Promote, Deploy]] = field(default_factory=list, repr=False, compare=False)
    _then: list[Plan] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """The release and what is there of it, then the environment. At first as if the release had arrived."""
        begins = not self._chapters
        if begins:
            self._chapters.append(self._made(reads))
        promote, deploy = self._chapters[0]
        promotion = promote.read(reads, emit, cancel)
        if begins:
            way = find_way(reads.config, self.asked.to, self.asked.origin)
            if promotion[0].stages:
                emit(Noted(f"{deploy.environment} is planned as if {deploy.version} had arrived in {way.goal.name}"))
                emit(Noted(f"whether its nodes can pull from {way.goal.repository} shows when they do"))
                judged = promotion[0].facts.gates if promotion[0].facts else ()
                deploy = replace(deploy, ahead=way.origin.repository, passing=replace(deploy.passing, coming=judged))
            else:
                emit(Noted(f"{deploy.version} is in {way.goal.name} already"))
        facts = deploy.read(reads, emit, cancel)
        if begins:
            promotion = promote.beside(_runs_now(deploy.environment, facts))
        return Facts(promotion=promotion, deploy=facts)

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """The promotion, if there is anything to move; then whatever `deploy` does. What asks is asked at once."""
        promote, deploy = self._chapters[0]
        first, second = _parted(rounds)
        plan = promote.next(facts.promotion, first)
        if first and first[-1].error:
            return plan
        later = deploy.next(facts.deploy, second)
        if plan.is_empty:
            return later
        self._then[:] = [later]
        return replace(plan, asks=later.asks, then=() if later.is_empty else (later,))

    def end(self, rounds: Rounds) -> Outcome:
        """The verdict of the deploy, where it came to that, else the promotion's; both as chapters.

        An exit that promises that nothing changed speaks of its chapter: what was promoted stays.
        """
        promote, deploy = self._chapters[0]
        first, second = self._told(rounds)
        moved = promote.end(first)
        whole = f"{moved.subject}, then deploy {deploy.environment}"
        if moved.exit is not Exit.OK:
            left = (*moved.left, *(step for it in self._then for step in it.steps))
            return replace(moved, subject=whole, left=left, chapters=(moved,))
        runs = deploy.end(second)
        return replace(
            runs,
            status=_instead(runs.status) if moved.done else runs.status,
            verb=VERB,
            subject=whole,
            done=(*moved.done, *runs.done),
            facts=tuple({**dict(moved.facts), **dict(runs.facts)}.items()),
            chapters=(moved, runs),
        )

    def _told(self, rounds: Rounds) -> tuple[Rounds, Rounds]:
        """As they are parted; but what went wrong when all was promoted is the deploy's: it could not begin."""
        first, second = _parted(rounds)
        if first and first[-1].error and not first[-1].left:
            later = self._then[0]
            second = (Round(plan=later, left=later.steps, error=first[-1].error),)
            first = (*first[:-1], replace(first[-1], error=None))
        return first, second

    def _made(self, reads: Reads) -> tuple[Promote, Deploy]:
        if len(self.asked.versions) != 1 or self.asked.every:
            raise UsageError(
                "promoting with --deploy: an environment runs one release: name it",
                hint=f"paasctl promote VERSION --to {self.asked.to} --deploy",
            )
        deploy = Deploy(
            environment=_environment(reads, self.asked.to),
            version=self.asked.versions[0],
            clusters=self.clusters,
            sets=self.sets,
            timeout=self.timeout,
            passing=Passing(overridden=self.asked.overridden, reason=self.asked.reason),
        )
        return Promote(asked=self.asked, goes_on=True), deploy


def _runs_now(environment: str, facts: DeployFacts) -> tuple[Seen, ...]:
    """What the deploy has read of its targets: nobody asks the clusters twice."""
    targets = facts.deploy.targets if facts.deploy else ()
    return tuple(Seen(environment, "", it.target, _versions(it)) for it in targets)


def _versions(it: TargetFacts) -> tuple[str, ...]:
    return versions_of(it.owned, lambda: it.history)


def _instead(status: Status) -> Status:
    """Of both, where only the promotion has changed something."""
    words: Mapping[Status, Status] = {"nothing-to-do": "done", "refused": "failed"}
    return words.get(status, status)


def _parted(rounds: Rounds) -> tuple[Rounds, Rounds]:
    """Those of the promotion, and those of the deploy."""
    return tuple(it for it in rounds if it.plan.verb == VERB), tuple(it for it in rounds if it.plan.verb != VERB)


def _environment(reads: Reads, to: str) -> str:
    """The environment that was named, or the only one that takes from the registry that was."""
    if to in reads.config.environments:
        return to
    named = takers(reads.config, to)
    if len(named) == 1:
        return named[0]
    if not named:
        raise UsageError(
            f"promoting to {to} with --deploy: no environment takes its releases from that registry",
            hint=f"leave --deploy out, or environments.NAME.registry: {to}",
        )
    raise UsageError(
        f"promoting to {to} with --deploy: several environments take their releases from there",
        hint=f"--to {either(named)}",
    )
