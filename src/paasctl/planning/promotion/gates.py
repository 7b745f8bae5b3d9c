"""The gates of a registry, or of an environment: what must be so before a release is let in. Pure.

A registry has the strictest gates of all environments that take their releases from it (decision 6), but for `after` an
environment that takes them from there, too: what is not in yet cannot have run there, so the deploy judges that one
(`planning/deploy/gates.py`). Gates say what they saw, and read only what lies beside the release: no cluster is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from paasctl.errors import Refused, UsageError
from paasctl.model.approving import Approvals
from paasctl.model.config import Environment, Requirement
from paasctl.model.promoting import Gate, Statement
from paasctl.model.window import Window
from paasctl.planning.promotion.approvals import GATE, Heard, approvals_gates
from paasctl.values import dataclass

NAMES = ("after", "soak", "frozen", "requires", GATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The rules."""

    after: tuple[tuple[str, float], ...] = ()
    """(environment, soak in seconds)."""
    frozen: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    approvals: tuple[tuple[str, Approvals], ...] = ()
    """(environment, what it wants)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a release: what was said of it, what its images lack, and what time it is."""

    said: tuple[Statement, ...]
    lacks: Mapping[Requirement, Mapping[str, str]]
    """Of what is required: image -> why it has it not."""
    now: float
    """Seconds since the epoch."""
    heard: Heard | None = None
    """Approvals; None: nobody wants any."""


def gates_of(environments: Iterable[Environment], registry: str) -> Gates:
    """The strictest of all environments of this registry."""
    ours = [it for it in environments if it.registry == registry]
    inside = {it.name for it in ours}
    found = _strictest(ours)
    return replace(found, after=tuple(it for it in found.after if it[0] not in inside))


def gates_into(environment: Environment) -> Gates:
    """All that are written on one environment."""
    return _strictest([environment])


def names_of(gates: Gates) -> Iterator[tuple[str, str]]:
    """(name, of) of every gate that these rules come to, in the order in which they are judged."""
    for name, soak in gates.after:
        yield "after", name
        if soak:
            yield "soak", name
    yield from (("frozen", it) for it in gates.frozen)
    yield from (("requires", str(it)) for it in gates.requires)
    yield from ((GATE, name) for name, _ in gates.approvals)


def _strictest(ours: list[Environment]) -> Gates:
    soaks: dict[str, float] = {}
    for it in ours:
        for name in it.after:
            soaks[name] = max(soaks.get(name, 0.0), it.soak or 0.0)
    return Gates(
        after=tuple(soaks.items()),
        frozen=tuple(dict.fromkeys(window for it in ours for window in it.frozen)),
        requires=tuple(dict.fromkeys(one for it in ours for one in it.requires)),
        approvals=tuple((it.name, it.approvals) for it in ours if it.approvals),
    )


def judge_gates(gates: Gates, evidence: Evidence, overridden: tuple[str, ...]) -> tuple[Gate, ...]:
    """Every gate, open or not, in the order of the rules."""
    found = (
        *_after(gates, evidence),
        *_frozen(gates, evidence),
        *_requires(gates, evidence),
        *approvals_gates(gates.approvals, evidence.heard),
    )
    return overriding(found, overridden)


def overriding(gates: Iterable[Gate], names: tuple[str, ...]) -> tuple[Gate, ...]:
    """The same, those passed that are closed and named."""
    return tuple(_overridden(it) if it.state == "closed" and it.name in names else it for it in gates)


def check_gates(gates: Iterable[Gate], version: str, head: str, again: Mapping[str, str]) -> None:
    """`Refused` where one is closed: all of them are told, each with its reason.

    `again`: environment -> the command that brings here what was said there; absent: it is heard here as it is said.
    """
    every = tuple(gates)
    closed = [it for it in every if it.state == "closed"]
    mends = dict.fromkeys(filter(None, (_mend(it, version, again) for it in closed)))
    waits = any(it.name in ("soak", "frozen") for it in closed)
    alone = "wait, then the same again" if waits else "mend what is said of the images, then the same again"
    refuse_closed(every, version, head, "; ".join(mends) or alone)


def refuse_closed(gates: Iterable[Gate], version: str, head: str, mend: str) -> None:
    """The same; `mend`: what opens it."""
    every = tuple(gates)
    closed = [it for it in every if it.state == "closed"]
    if closed:
        # Those overridden already, too: the hint is the whole of what passes.
        names = tuple(dict.fromkeys(it.name for it in every if it.state != "open"))
        options = " ".join(f"--override {it}" for it in names)
        raise Refused(
            f"{head}: {version} may not go there yet: {closed[0].why}",
            hint=f"{mend}; or {options} --reason WHY, which is written down",
            evidence=tuple(f"{it.name} {it.of}: {it.why}" for it in closed),
            code="gate-closed",
        )


def _mend(gate: Gate, version: str, again: Mapping[str, str]) -> str:
    """The command that opens it; "": there is none."""
    if gate.name == GATE:
        return f"paasctl approve {version} --to {gate.of}"
    if gate.name != "after":
        return ""
    deploy = f"paasctl deploy {gate.of} --version {version}"
    return (
        f"{deploy}, where it does not run yet; then {again[gate.of]}, which brings word of it"
        if gate.of in again
        else deploy
    )


def check_overrides(names: Iterable[str], reason: str) -> None:
    """`UsageError` where a gate is unknown, or nobody says why."""
    for it in names:
        if it not in NAMES:
            raise UsageError(f"--override {it}: there is no such gate", hint=f"there is {', '.join(NAMES)}")
        if not reason.strip():
            raise UsageError(f"--override {it}: say why", hint=f"--override {it} --reason WHY")


def _overridden(gate: Gate) -> Gate:
    return Gate(name=gate.name, of=gate.of, state="overridden", why=gate.why)


def _after(gates: Gates, evidence: Evidence) -> Iterator[Gate]:
    for name, soak in gates.after:
        said = [it for it in evidence.said if it.word == "healthy" and it.environment == name]
        since = min(said, key=lambda it: it.at, default=None)
        why = f"it runs well there since {since.when}" if since else f"it never ran well in {name}, as far as is said"
        yield Gate(name="after", of=name, state="open" if since else "closed", why=why)
        if soak and since:
            yield _soak(soak, name, since.at, evidence.now)


def _soak(soak: float, name: str, since: str, now: float) -> Gate:
    lasted = now - datetime.fromisoformat(since).timestamp()
    why = f"it has run well in {name} for {_span(lasted)} of {_span(soak)}"
    return Gate(name="soak", of=name, state="open" if lasted >= soak else "closed", why=why)


def _frozen(gates: Gates, evidence: Evidence) -> Iterator[Gate]:
    for text in gates.frozen:
        is_in = Window.parse(text).holds(evidence.now)
        why = "nothing is let in now" if is_in else "it is not that time"
        yield Gate(name="frozen", of=text, state="closed" if is_in else "open", why=why)


def _requires(gates: Gates, evidence: Evidence) -> Iterator[Gate]:
    for it in gates.requires:
        lacking = evidence.lacks.get(it, {})
        why = "; ".join(f"image {image}: {why}" for image, why in lacking.items())
        yield Gate(name="requires", of=str(it), state="closed" if lacking else "open", why=why or "every image has it")


def _span(seconds: float) -> str:
    """`1 h 05 m`, `12 m`, `30 s`: whole units."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes:02d} m"
    return f"{minutes} m" if minutes else f"{whole} s"
