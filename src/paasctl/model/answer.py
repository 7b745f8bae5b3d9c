"""Answers to questions, as values. A verb says what is true; `views/answers.py` says it in words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from paasctl.model.kube import Manifest, Target
from paasctl.model.plan import FieldChange
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
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """`status`: what runs where."""

    environments: tuple[tuple[str, tuple[StatusRow, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One deploy: who, when, from, to, how it ended. Times are RFC 3339, UTC."""

    number: int
    target: Target
    version: str
    before: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnswer:
    """`history`: newest first."""

    environment: str
    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """One release record found in a registry."""

    version: str
    registry: str
    record: str
    commit: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesAnswer:
    """`releases`: the records of the registries, newest version first."""

    rows: tuple[ReleaseRow, ...]


Answer = (
    VersionAnswer
    | Findings
    | Rendered
    | ConfigShown
    | SchemaShown
    | DiffAnswer
    | StatusAnswer
    | HistoryAnswer
    | ReleasesAnswer
)
