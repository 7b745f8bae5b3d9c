"""What happened, as it happens. Views render events; nobody else prints. Seconds are floats, monotonic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Literal

from paasctl.errors import Exit
from paasctl.model.answer import Answer
from paasctl.model.plan import Plan, Step
from paasctl.model.problem import Problem as Problem  # noqa: PLC0414 - events are where problems are looked for
from paasctl.model.promoting import Became
from paasctl.model.verdict import Verdict
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """A round's plan, before anything is done. `round` counts from 1."""

    plan: Plan
    round: int = 1
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """Step `index` of the round's plan begins."""

    index: int
    step: Step


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth a line; `index` is the step it belongs to, None where there is none."""

    text: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the reader should act on one day, but that stops nothing."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long step is. `total` is None where nobody knows; `unit` is `bytes`, `steps`, `objects`."""

    index: int | None
    what: str
    done: int
    total: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Observed:
    """One consistent look at the rollout: a verdict per workload."""

    index: int | None
    target: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line somebody else wrote: a build, a container."""

    source: str
    text: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Step `index` is done."""

    index: int
    step: Step
    seconds: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Nothing else was said for a while; `seconds` since the run began. Plain views print a sign of life."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Something that stays until it is stopped is up: `facts` for scripts (addresses, files), `tips` for people."""

    what: str
    facts: tuple[tuple[str, str], ...]
    tips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene of the demo begins: what it is about, and the command that is about to be run, as one would type it."""

    number: int
    total: int
    title: str
    said: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A command of the demo has ended, as `exit` says."""

    number: int
    command: str
    exit: int
    seconds: float


Status = Literal["done", "nothing-to-do", "dry-run", "answered", "refused", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended: what is true now, what was left undone, and the exit status that says so."""

    status: Status
    exit: Exit
    verb: str = ""
    subject: str = ""
    done: tuple[Step, ...] = ()
    left: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    urls: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = field(default=())
    """Named results for scripts: `version`, `digest.web`, `record` …"""
    chapters: tuple[Outcome, ...] = ()
    """Of a run of several verbs: how each of them ended that was begun."""
    rows: tuple[Became, ...] = ()
    """Of a promotion of several versions, or to several goals: what became of each version at each goal."""
    seconds: float = 0.0
    again: str = ""
    """The command that goes on from here, where the verb knows it: `paasctl deploy dev`."""
    back: str = ""
    """The command that leads back to what ran well before: `paasctl rollback dev`."""


Event = (
    Planned
    | Started
    | Noted
    | Warned
    | Progress
    | Observed
    | LogLine
    | Ended
    | Ticked
    | Answered
    | Ready
    | Scene
    | Played
    | Outcome
)
Emit = Callable[[Event], None]
