"""Answers in words and tables, for people and pipes: no colour, no cursor; `rich.py` paints the same lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, assert_never

from paasctl.model.answer import (
    Answer,
    ApprovalsAnswer,
    ConfigShown,
    DiffAnswer,
    Finding,
    Findings,
    HistoryAnswer,
    HistoryEntry,
    RehearsalAnswer,
    ReleaseRow,
    ReleasesAnswer,
    Rendered,
    RollbackAnswer,
    SchemaShown,
    StatusAnswer,
    StatusRow,
    VersionAnswer,
    WayBack,
)
from paasctl.model.approving import Pending
from paasctl.model.cleanup import CleanupAnswer, CleanupExplained
from paasctl.model.counting import count
from paasctl.model.imageanswer import ImageDiff, InspectAnswer, VerifyAnswer
from paasctl.model.promoting import Statement
from paasctl.model.verdict import Verdict
from paasctl.views.approving import HEADS, nothing_pending, pending_notes, pending_row
from paasctl.views.clean import clean
from paasctl.views.cleanup import cleanup_text
from paasctl.views.imageanswers import image_text
from paasctl.views.mask import fields_of, masked_body, shown
from paasctl.views.promoting import say_gates
from paasctl.views.rehearsal import report
from paasctl.views.words import say_change, say_pod, troubled

LAST_GOOD = "LAST GOOD: what had gone well last when this deploy began; -: nothing had"
_LONGEST = 60
"""Letters of a value that are shown."""
THERE = "there: it lies in that environment's registry, and does not run; gates may still be closed"
Dump = Callable[[Any], str]
"""A value as YAML text; handed in, because the library lives in an adapter."""


def text(  # noqa: C901, PLR0911, PLR0912 - a match over a closed union
    answer: Answer, dump: Dump, width: int | None = None
) -> list[str]:
    """The lines of an answer, ready for standard output. `width` is the terminal's: some tables are cut to it."""
    match answer:
        case InspectAnswer() | ImageDiff() | VerifyAnswer():
            return image_text(answer, width)
        case RehearsalAnswer():
            return report(answer)
        case VersionAnswer():
            return [answer.named.text, *(f"  {it}" for it in answer.named.story if answer.explain)]
        case Findings():
            return _findings(answer)
        case Rendered():
            return _rendered(answer, dump)
        case ConfigShown():
            return _config(answer, dump)
        case SchemaShown():
            return json.dumps(answer.schema, indent=2, ensure_ascii=False).split("\n")
        case DiffAnswer():
            return _diff(answer)
        case StatusAnswer():
            return _status(answer)
        case HistoryAnswer():
            return _history(answer)
        case RollbackAnswer():
            return _ways_back(answer)
        case ReleasesAnswer():
            return _releases(answer)
        case ApprovalsAnswer():
            return _pending(answer.rows) or [nothing_pending(answer)]
        case CleanupAnswer() | CleanupExplained():
            return cleanup_text(answer, width)
        case _:
            assert_never(answer)


def _findings(answer: Findings) -> list[str]:
    bad = [it for it in answer.findings if not it.ok]
    lines = [line for it in answer.findings for line in _finding(it)]
    return [*lines, f"{answer.verb}: {count(len(bad), 'problem')}" if bad else f"{answer.verb}: all is well"]


def _finding(it: Finding) -> list[str]:
    place = f"{it.where}: " if it.where else ""
    about = "" if it.where.startswith(it.name) else f"{it.name}: "
    lines = [f"{'ok ' if it.ok else 'BAD'} {about}{place}{clean(it.message)}"]
    return [*lines, f"      → {clean(it.hint)}"] if it.hint and not it.ok else lines


def _rendered(answer: Rendered, dump: Dump) -> list[str]:
    lines: list[str] = []
    for it in answer.manifests:
        lines += ["---", f"# {it.source}"] if it.source else ["---"]
        lines += [f"# {path}: {source}" for path, source in answer.explained.get(str(it.key), ())]
        lines += dump(masked_body(it.body)).rstrip("\n").split("\n")
    return lines


def _config(answer: ConfigShown, dump: Dump) -> list[str]:
    if not answer.explain:
        return dump(shown(answer.document)).rstrip("\n").split("\n")
    rows = [(it.path, json.dumps(shown(it.value), ensure_ascii=False), it.source) for it in answer.settings]
    if not rows:
        return ["no values are set: `values:` of the file, an environment or a cluster, and --set would be"]
    return table(("VALUE", "IS", "FROM"), rows)


def _diff(answer: DiffAnswer) -> list[str]:
    if not answer.objects:
        return [f"{answer.environment}: no difference, {answer.version} is what was deployed there"]
    lines: list[str] = []
    mark = {"create": "+", "update": "~", "delete": "-"}
    for it in answer.objects:
        lines.append(f"{mark[it.change]} {it.key}  ({it.change} on {it.target.cluster}/{it.target.namespace})")
        lines += [f"    {say_change(change)}" for change in fields_of(it)]
    lines += say_gates(answer.gates)
    return [*lines, f"{answer.environment}: {count(len(answer.objects), 'object')} would change to {answer.version}"]


def _status(answer: StatusAnswer) -> list[str]:
    heads = ("ENVIRONMENT", "CLUSTER", "VERSION", "COMMIT", "SERVICES", "SINCE", "BY")
    every = [(name, it) for name, rows in answer.environments for it in rows]
    lines = table(heads, [_status_row(name, it) for name, it in every])
    for name, it in every:
        if notes := _status_notes(it):
            lines += ["", f"{name} on {it.target.cluster}:", *(f"  {line}" for line in notes)]
    return lines


def _status_row(environment: str, row: StatusRow) -> tuple[str, ...]:
    if row.error:
        return (environment, row.target.cluster, "unknown", "", "", "", "")
    ready = sum(it.state == "ready" for it in row.verdicts)
    services = f"{ready}/{len(row.verdicts)} ready" if row.verdicts else "none"
    return (environment, row.target.cluster, row.version or "-", row.commit[:7], services, row.since, row.by)


def _status_notes(row: StatusRow) -> list[str]:
    lines = [f"✗ {clean(row.error)}"] if row.error else []
    lines += [line for it in row.verdicts if it.state != "ready" for line in _unready(it)]
    lines += [f"held by {row.holder}"] if row.holder else []
    lines += [clean(row.freeze)] if row.freeze else []
    lines += [f"left open: {clean(row.left)}"] if row.left else []
    return [*lines, *row.urls]


def _unready(it: Verdict) -> list[str]:
    cause = [f"    ! {clean(it.cause.message)}"] if it.cause else []
    pods = [f"    {say_pod(pod)}" for pod in troubled(it)]
    return [f"{'✗' if it.state == 'doomed' else '…'} {it.key}: {it.text}", *pods, *cause]


def _history(answer: HistoryAnswer) -> list[str]:
    if not answer.entries:
        return [f"{answer.environment}: nothing was deployed there yet"]
    several = len({it.target.cluster for it in answer.entries}) > 1
    rows = [_history_row(it, several=several) for it in answer.entries]
    heads = ("#", *(("CLUSTER",) if several else ()), "VERSION", "LAST GOOD", "OUTCOME", "BEGAN", "BY", "COMMIT")
    notes = [line for it in answer.entries for line in _history_notes(it)]
    return [*table(heads, rows), *notes, LAST_GOOD]


def _history_row(it: HistoryEntry, *, several: bool) -> tuple[str, ...]:
    where = (it.target.cluster,) if several else ()
    return (str(it.number), *where, it.version, it.before or "-", it.outcome, it.began, it.by, it.commit[:7])


def _history_notes(it: HistoryEntry) -> list[str]:
    said = (it.message, *(f"overridden {gate}" for gate in it.passed), it.reason and f"why: {it.reason}")
    lines = [f"  #{it.number}: {clean(line)}" for line in said if line]
    return [*lines, f"  #{it.number}: {it.link}"] if it.link else lines


def _ways_back(answer: RollbackAnswer) -> list[str]:
    now = ", ".join(answer.now) or "nothing"
    if not answer.rows:
        return [f"{answer.environment}: {now} was deployed last; there is nothing to go back to", *_unread(answer)]
    rows = [(it.version, it.ended, it.by, it.commit[:7], _way_back_note(it)) for it in answer.rows]
    lines = [f"{answer.environment}: {now} was deployed last; it can go back to", ""]
    lines += table(("VERSION", "WENT WELL", "BY", "COMMIT", "IMAGES AND VALUES"), rows)
    for it in answer.rows:
        told = _way_back_standing(it)
        told += [f"  {clean(of.what)}: {_short(of.now)} → {_short(of.then)}" for of in it.differs]
        lines += ["", f"{clean(it.version)}:", *told] if told else []
    return [*lines, *_unread(answer)]


def _unread(answer: RollbackAnswer) -> list[str]:
    if not answer.unread:
        return []
    return ["", "there may be more: history records that nobody can read", *(f"  {clean(it)}" for it in answer.unread)]


def _way_back_note(it: WayBack) -> str:
    said = [
        *(["REJECTED"] if it.rejected else []),
        *(["GONE"] if it.is_gone else []),
        *(["rejected or not: unknown"] if it.unread else []),
    ]
    return "; ".join((f"{count(len(it.differs), 'other')}" if it.differs else "the same", *said))


def _way_back_standing(it: WayBack) -> list[str]:
    lines = [f"  {_rejection(it.rejected)}"] if it.rejected else []
    lines += ["  its record is not in the registry any more"] if it.is_gone else []
    return [*lines, f"  whether it was rejected could not be found out: {clean(it.unread)}"] if it.unread else lines


def _short(text: str) -> str:
    """What tells two images apart: of a digest its beginning."""
    head, at, digest = clean(text).partition("@sha256:")
    whole = f"{head}{at}{digest[:12]}"
    return whole if 0 < len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…" if whole else "-"


def _releases(answer: ReleasesAnswer) -> list[str]:
    lines = _release_rows(answer.rows) if answer.rows else ["no releases"]
    if answer.matrix:
        heads = ("VERSION", *(name for name, _ in answer.matrix[0].environments))
        cells = [(clean(it.version), *(at or "-" for _, at in it.environments)) for it in answer.matrix]
        lines += ["", *table(heads, cells)]
        if any("there" in row[1:] for row in cells):
            lines.append(THERE)
    if answer.pending:
        lines += ["", *_pending(answer.pending)]
    return [*lines, *(f"? {target}: {clean(why)}" for target, why in answer.unknown)]


def _release_rows(rows: Sequence[ReleaseRow]) -> list[str]:
    """The table, and below it who rejected what; a column for that only where there is something in it."""
    told = any(it.rejected or it.unread for it in rows)
    heads = ("VERSION", "REGISTRY", "COMMIT", "CREATED", *(("STANDING",) if told else ()), "RECORD")
    cells = [
        (it.version, it.registry, it.commit[:7], it.created, *((_standing(it),) if told else ()), it.record)
        for it in rows
    ]
    notes = [f"  {clean(it.version)}: {_rejection(it.rejected)}" for it in rows if it.rejected]
    unread = [f"? {clean(it.version)} in {it.registry}: {clean(it.unread)}" for it in rows if it.unread]
    return [*table(heads, cells), *dict.fromkeys(notes), *unread]


def _rejection(said: Statement) -> str:
    why = f": {clean(said.why)}" if said.why else ""
    return f"rejected by {clean(said.by)} on {said.when}{why}"


def _standing(it: ReleaseRow) -> str:
    return "unknown" if it.unread else "rejected" if it.rejected else "-"


def _pending(rows: Sequence[Pending]) -> list[str]:
    return [*table(HEADS, [pending_row(it) for it in rows]), *pending_notes(rows)] if rows else []


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, two spaces between, nothing to the right of the last."""
    rows = [[clean(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)
    ]
