"""The gates of an environment, as a deploy to it judges them: what no promotion let pass, at the door itself. Pure.

A promotion judges the gates of all environments of a registry and writes down which it let pass; those are not judged
twice. All others are: in the registry where releases are made nobody is promoted, and what runs in one environment of a
registry may be what another waits for. `frozen` is about the moment, so it is always judged. What ran well here before
is in already: neither staying with it nor going back to it is letting anything in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from paasctl.errors import Refused
from paasctl.model.answer import GOOD
from paasctl.model.promoting import Gate, LetIn
from paasctl.planning.deploy.facts import DeployFacts, TargetFacts
from paasctl.planning.promotion.approvals import GATE
from paasctl.planning.promotion.brings import is_back
from paasctl.planning.promotion.gates import Evidence, Gates, judge_gates, names_of, overriding, refuse_closed
from paasctl.values import dataclass

_EARLY = "a snapshot that is not built yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is known of a release at the door of an environment."""

    gates: Gates
    """All that are written on it."""
    evidence: Evidence
    """Of what `unjudged` leaves."""
    let_in: tuple[LetIn, ...] = ()
    """The promotions into its registry."""
    overridden: tuple[str, ...] = ()


def unjudged(gates: Gates, let_in: tuple[LetIn, ...]) -> Gates:
    """Those for which something must be read: what a promotion let pass needs no evidence any more."""
    passed = _passed(let_in)
    return Gates(
        after=gates.after,
        frozen=gates.frozen,
        requires=tuple(it for it in gates.requires if ("requires", str(it)) not in passed),
        approvals=tuple(it for it in gates.approvals if ("approvals", it[0]) not in passed),
    )


def judge_door(door: Door) -> tuple[Gate, ...]:
    """Every gate, open or not, in the order of the rules."""
    passed = _passed(door.let_in)
    judged = {
        (it.name, it.of): it for it in judge_gates(unjudged(door.gates, door.let_in), door.evidence, door.overridden)
    }
    found = (passed.get(it) or judged.get(it) for it in names_of(door.gates))
    return tuple(it for it in found if it)


def judge_unbuilt(gates: Gates, now: float, overridden: tuple[str, ...]) -> tuple[Gate, ...]:
    """Of a snapshot that is still to be built: what can be said of it. `now` in seconds since the epoch.

    What must vouch for it is judged when it is built.
    """
    early = (
        Gate(name="after", of=name, state="closed", why=f"it is {_EARLY}: it ran nowhere") for name, _ in gates.after
    )
    asked = (
        Gate(name="approvals", of=name, state="closed", why=f"nobody can approve {_EARLY}")
        for name, _ in gates.approvals
    )
    at = Evidence(said=(), lacks={}, now=now)
    frozen = judge_gates(Gates(frozen=gates.frozen), at, overridden)
    return (*overriding(early, overridden), *frozen, *overriding(asked, overridden))


def check_unbuilt(gates: tuple[Gate, ...], version: str, environment: str) -> None:
    """`Refused` where one is closed."""
    closed = {it.name: it.of for it in reversed(gates) if it.state == "closed"}
    mend = "wait"
    if "after" in closed:
        mend = f"paasctl deploy {closed['after']} --build, then paasctl deploy {environment} --version {version}"
    elif GATE in closed:
        mend = f"paasctl release, then have it approved: paasctl approve VERSION --to {environment}"
    refuse_closed(gates, version, f"deploying {environment}", mend)


def passed_before(gates: Gates, since: str) -> tuple[Gate, ...]:
    """All of them, of a release that ran well here `since` then."""
    why = f"it ran well here before, since {since}"
    return tuple(Gate(name=name, of=of, state="open", why=why) for name, of in names_of(gates))


def ran_before(facts: DeployFacts) -> str:
    """Since when this release ran well in every target, where it is the newest there or came before that.

    Empty: it did not, or what came after it was gone back from.
    """
    found = [_ran_before(it, facts) for it in facts.targets]
    return max(found) if found and all(found) else ""


def check_takes(environment: str, version: str, *, snapshot: bool, snapshots: bool) -> None:
    """`Refused` where it is a snapshot, and none may run there."""
    if snapshot and not snapshots:
        raise Refused(
            f"deploying {environment}: {version} is a snapshot, and it takes releases only",
            hint=f"paasctl release && paasctl deploy {environment}, or environments.{environment}.snapshots: true",
            code="no-snapshots",
        )


def _ran_before(of: TargetFacts, facts: DeployFacts) -> str:
    if not of.history:
        return ""
    newest, this = of.history[0].version, (facts.version, facts.commit, facts.images)
    ours = [at for at, it in enumerate(of.history) if (it.version, it.commit, it.images) == this and it.outcome == GOOD]
    if of.history[-1].number > 1 and is_back(newest, facts.version):
        return ""  # the history is cut at its old end, and a later release than the newest there goes forward
    # What ran before an entry may be all that is left of when the newest came.
    came = max(at + (it.before == newest) for at, it in enumerate(of.history) if newest in (it.version, it.before))
    return of.history[ours[-1]].began if ours and (newest == facts.version or ours[-1] > came) else ""


def _passed(let_in: tuple[LetIn, ...]) -> Mapping[tuple[str, str], Gate]:
    """What promotions let pass. `frozen` is about another moment."""
    return {(it.name, it.of): it for one in let_in for it in _of(one)}


def _of(one: LetIn) -> Iterator[Gate]:
    on = f" on {one.when}" if one.when else ""
    who = f"{one.by} promoted it past this{on}" if one.by else "the promotion before takes it past this"
    gate = Gate(name="", of="", state="open", why=who)
    yield from (replace(gate, name=name, of=of) for name, of in one.passed if name != "frozen")
