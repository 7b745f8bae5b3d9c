"""The gates of the environment that is deployed to: what they are judged by, read beside what a deploy reads anyway."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace

from paasctl.errors import Unavailable
from paasctl.model.config import Config
from paasctl.model.image import Pinned
from paasctl.model.promoting import Attest, Gate, LetIn
from paasctl.model.release import Release
from paasctl.planning.deploy.facts import DeployFacts
from paasctl.planning.deploy.gates import Door, judge_door, judge_unbuilt, passed_before, ran_before, unjudged
from paasctl.planning.promotion.gates import Evidence, Gates, gates_into, names_of
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import Place
from paasctl.verbs.statements import Standing, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How somebody means to pass."""

    overridden: tuple[str, ...] = ()
    """Gates that are passed though they are closed."""
    reason: str = ""
    since: str = ""
    """When this very release was deployed there well, where somebody goes back to it: no gate asks again."""
    coming: tuple[Gate, ...] = ()
    """What the promotion judged that comes before the deploy; what it lets pass is written down when it has been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A release at the door: where it lies, and how it stands there."""

    where: Place
    release: Release
    stands: Standing | None
    """None: its record went away meanwhile."""
    passing: Passing = Passing()
    kept: dict[str, Evidence] = field(default_factory=dict)
    """By the record's digest: what people and vouchers say is read once in a run, as a promotion does."""


def has_gates(where: Place) -> bool:
    """Whether anything is written on the environment."""
    return any(names_of(gates_into(where.environment)))


def stands_at(reads: Reads, where: Place, version: str, record: Pinned) -> Standing | None:
    """How the release stands where its record was read; promotions only where gates ask."""
    return standing(reads, version, record, into=where.repository if has_gates(where) else None)


def with_gates(reads: Reads, entry: Entry, cancel: Cancel, read: Callable[[], DeployFacts]) -> DeployFacts:
    """What `read` finds, with the gates judged. What they need is asked for at the same time, and nothing without any.

    Could it not be found out, that is raised; but not where the release ran well here before, so that going back
    depends on nothing that it does not need.
    """
    gates, passing = gates_into(entry.where.environment), entry.passing
    if not has_gates(entry.where):
        return replace(read(), reason=passing.reason)
    let_in = _let_in(entry)
    with ThreadPoolExecutor(1, thread_name_prefix="gates") as pool:
        evidence = pool.submit(_evidence, reads, entry, unjudged(gates, let_in), cancel)
        facts = read()
    since = passing.since or ran_before(facts)
    judged = (
        passed_before(gates, since)
        if since
        else judge_door(Door(gates=gates, evidence=evidence.result(), let_in=let_in, overridden=passing.overridden))
    )
    return replace(facts, gates=judged, reason=passing.reason)


def gates_of_unbuilt(reads: Reads, where: Place, passing: Passing) -> tuple[Gate, ...]:
    """Those of a snapshot that is still to be built."""
    return judge_unbuilt(gates_into(where.environment), reads.clock.utc(), passing.overridden)


def overriding_note(entry: Entry, gates: tuple[Gate, ...]) -> Attest | None:
    """What is to be said beside the record of gates that are passed though closed; None: nothing, or it was said."""
    closed = tuple(it for it in gates if it.state == "overridden")
    if not closed or entry.stands is None:
        return None
    name, reason = entry.where.environment.name, entry.passing.reason
    now = {(it.name, it.of) for it in closed}
    for it in entry.stands.said:
        if (it.word, it.environment, it.why) == ("overridden", name, reason) and now <= set(it.passed):
            return None
    return Attest(
        version=entry.release.version,
        word="overridden",
        repository=entry.where.repository,
        tag=entry.stands.tag,
        record=entry.stands.record,
        environment=name,
        reason=reason,
        gates=closed,
    )


def ways(config: Config, where: Place, version: str) -> dict[str, str]:
    """Environment whose deploys are said in a registry before -> the promotions that bring here what was said."""
    path = list(config.registries)
    found = {}
    for name, _ in gates_into(where.environment).after:
        said = config.environments[name].registry
        between = path[path.index(said) + 1 : path.index(where.environment.registry) + 1]
        if between:
            found[name] = " && ".join(f"paasctl promote {version} --to {it}" for it in between)
    return found


def _let_in(entry: Entry) -> tuple[LetIn, ...]:
    coming = tuple((it.name, it.of) for it in entry.passing.coming if it.state != "closed")
    there = entry.stands.let_in if entry.stands else ()
    return (*there, LetIn(by="", when="", passed=coming)) if coming else there


def _evidence(reads: Reads, entry: Entry, gates: Gates, cancel: Cancel) -> Evidence:
    stands = entry.stands
    if stands is None:
        raise Unavailable(
            f"deploying {entry.where.environment.name}: the record of {entry.release.version} is not there any more",
            hint="somebody else deletes there; run the same command again",
            code="release-not-found",
        )
    said, now = stands.said, reads.clock.utc()
    if not (gates.requires or gates.approvals):
        return Evidence(said=said, lacks={}, now=now)
    if known := entry.kept.get(stands.record.digest):
        return replace(known, said=said, now=now)
    from paasctl.verbs.evidence import approvals, what_lacks  # noqa: PLC0415 - who asks nobody pays for no keys

    found = entry.kept[stands.record.digest] = Evidence(
        said=said,
        lacks=what_lacks(reads, entry.release, stands, gates.requires, cancel) if gates.requires else {},
        now=now,
        heard=approvals(reads, entry.release, stands) if gates.approvals else None,
    )
    return found
