"""Answers to questions, as values. A verb says what is true; `views/answers.py` says it in words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from paasctl.model.approving import Pending
from paasctl.model.cleanup import CleanupAnswer, CleanupExplained
from paasctl.model.imageanswer import ImageDiff, InspectAnswer, VerifyAnswer
from paasctl.model.kube import Kind, Manifest, Target
from paasctl.model.plan import FieldChange, Step
from paasctl.model.problem import Problem
from paasctl.model.promoting import Gate, Statement
from paasctl.model.verdict import Verdict
from paasctl.model.version import Named
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAnswer:
    """`version`: the version of this commit, and why."""

    named: Named
    explain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `lint` or `doctor`."""

    ok: bool
    name: str
    message: str
    hint: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`lint`, `doctor`: everything that was looked at, and every problem at once."""

    verb: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`render`: the manifests. `explained` maps an object to (field, where it came from)."""

    manifests: tuple[Manifest, ...]
    explained: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One resolved value, and which layer of the cascade won."""

    path: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigShown:
    """`config show`: the resolved file, secrets masked."""

    document: Mapping[str, Any]
    settings: tuple[Setting, ...] = ()
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaShown:
    """`config schema`: JSON Schema 2020-12 of `paas.yaml`."""

    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDiff:
    """What would change of one object."""

    target: Target
    key: str
    change: str
    """`create`, `update`, `delete`."""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffAnswer:
    """`diff`: what a deploy would change, field by field, secrets masked."""

    environment: str
    version: str
    objects: tuple[ObjectDiff, ...]
    gates: tuple[Gate, ...] = ()
    """Those of the environment, as a deploy would find them now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One target. `error` is set where it could not be read: not knowing is not "nothing runs"."""

    target: Target
    version: str = ""
    commit: str = ""
    since: str = ""
    by: str = ""
    verdicts: tuple[Verdict, ...] = ()
    urls: tuple[str, ...] = ()
    holder: str = ""
    left: str = ""
    """What an interrupted run left open, where one did."""
    freeze: str = ""
    """Until when, by whom and why nobody deploys there; empty: anybody may."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """`status`: what runs where."""

    environments: tuple[tuple[str, tuple[StatusRow, ...]], ...]


GOOD, UNREADABLE = "done", "unreadable"
"""Outcomes of a deploy that went well, and of one whose record nobody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One deploy: who, when, from, to, how it ended. Times are RFC 3339, UTC."""

    number: int
    target: Target
    version: str
    before: str
    """The version that had run well last when it began; empty: none had."""
    commit: str
    by: str
    began: str
    ended: str
    outcome: str
    images: tuple[tuple[str, str], ...] = ()
    message: str = ""
    evidence: tuple[str, ...] = ()
    link: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    passed: tuple[str, ...] = ()
    """Gates that were passed though they were closed, each with what it saw."""
    verb: str = "deploy"
    """`deploy`, or `rollback`: whoever was stopped on the way back has left nevertheless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnswer:
    """`history`: newest first."""

    environment: str
    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Differs:
    """One thing that is not now what it was then. Empty: it is not there."""

    what: str
    """`image web`, `value replicas.web`."""
    now: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """A release that an environment can go back to."""

    version: str
    commit: str
    ended: str
    """When the last deploy of it had gone well: RFC 3339, UTC."""
    by: str
    differs: tuple[Differs, ...]
    """Images and values that were others in what was deployed last."""
    rejected: Statement | None = None
    is_gone: bool = False
    """Its record is not in the registry any more."""
    unread: str = ""
    """Why it could not be found out whether it was rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackAnswer:
    """`rollback --list`: the last first."""

    environment: str
    now: tuple[str, ...]
    """What was deployed last, well or not; of several clusters perhaps several."""
    rows: tuple[WayBack, ...]
    unread: tuple[str, ...] = ()
    """Deploys whose history records nobody can read: there may be more to go back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """One release record found in a registry."""

    version: str
    registry: str
    record: str
    commit: str
    created: str
    rejected: Statement | None = None
    """The rejection that is in force there: by whom, when, why; None: there is none, unless `unread` says else."""
    unread: str = ""
    """Why it could not be found out whether it is rejected; empty: it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A version, and of each environment what it is there: `runs`, `runs on CLUSTER, …`, `there`, or "": neither.

    `there`: the environment's registry has it, so that it could run. Its clusters can't be read: `?`, or `there, ?`.
    """

    version: str
    environments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesAnswer:
    """`releases`: the records of the registries, newest version first, and what is where."""

    rows: tuple[ReleaseRow, ...]
    matrix: tuple[Whereabouts, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """Target that could not be read, and why."""
    pending: tuple[Pending, ...] = ()
    """Releases that wait for approvals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsAnswer:
    """`approve --list`: who approved what, and who is missing."""

    rows: tuple[Pending, ...]
    asking: tuple[str, ...]
    """The environments that want approvals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTold:
    """What a rehearsal took place on."""

    cluster: str
    namespaces: tuple[str, ...]
    objects: int
    unread: tuple[Kind, ...] = ()
    """Kinds that the caller may not read: the copy has none of them, the live cluster may."""
    unheld: tuple[Kind, ...] = ()
    """Kinds that are there and that no copy can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTold:
    """What became of a fault that was switched on."""

    cluster: str
    rule: str
    hits: int
    requests: tuple[str, ...] = ()
    """What it struck, each once: `patch deployments/web`."""
    waits: tuple[float, ...] = ()
    """Seconds from being struck to the same request again, for each that came again."""
    given_up: int = 0
    """Struck requests that were not sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalAnswer:
    """`rehearse`: a deploy, carried out on copies of the live clusters."""

    environment: str
    version: str
    copies: tuple[CopyTold, ...]
    asks: str
    """Why the deploy itself would ask first; empty: it would not."""
    objects: tuple[ObjectDiff, ...]
    """What would be written to the clusters."""
    steps: tuple[Step, ...]
    """The rest of the plan: what would be built and pushed, and waited for."""
    status: str
    """How the deploy ended: an `Outcome.status`."""
    exit: int
    """The exit status that the deploy would have."""
    took: float
    """Seconds, of a rollout of simulated pods."""
    done: int
    """How many steps were done."""
    problems: tuple[Problem, ...]
    faults: tuple[FaultTold, ...]
    targets: tuple[StatusRow, ...]
    """Where it ended."""
    left: int | None
    """Steps that the same deploy would have to do once more; None: it could not be told."""
    limits: tuple[str, ...]
    """What no rehearsal can know."""


Answer = (
    RehearsalAnswer
    | VersionAnswer
    | Findings
    | Rendered
    | ConfigShown
    | SchemaShown
    | DiffAnswer
    | StatusAnswer
    | HistoryAnswer
    | RollbackAnswer
    | ReleasesAnswer
    | ApprovalsAnswer
    | InspectAnswer
    | ImageDiff
    | VerifyAnswer
    | CleanupAnswer
    | CleanupExplained
)
