"""`status`: what runs where, and how it is. Read-only rights are enough, and one cluster down hides only itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from paasctl.errors import Exit, PaasError
from paasctl.model.answer import HistoryEntry, StatusAnswer, StatusRow
from paasctl.model.event import Emit
from paasctl.model.kube import Key, Live, Manifest, Target
from paasctl.planning.deploy import to_watch
from paasctl.planning.manifests import COMMIT_MARK, MARKED, VERSION_MARK
from paasctl.planning.readiness import Look, judge
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.verbs.deploy import addresses
from paasctl.verbs.reading import place

_JUDGED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})
_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStatus:
    """Every environment, or those that are named."""

    environments: tuple[str, ...] = ()

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[StatusAnswer, Exit]:
        """A row per target. Exit 0 where all could be read and is ready, 1 where something isn't, 75 where unknown."""
        del emit
        config = reads.config
        names = self.environments or tuple(config.environments)
        places = [place(config, name) for name in names]
        cancel.check()
        with ThreadPoolExecutor(_READERS, thread_name_prefix="status") as pool:
            rows = {it: pool.submit(_row, reads, it) for where in places for it in where.targets}
            found = tuple((it.environment.name, tuple(rows[t].result() for t in it.targets)) for it in places)
        return StatusAnswer(environments=found), _exit([row for _, of in found for row in of])


def _exit(rows: list[StatusRow]) -> Exit:
    if any(it.error for it in rows):
        return Exit.UNAVAILABLE
    sick = any(verdict.state == "doomed" for it in rows for verdict in it.verdicts)
    return Exit.FAILED if sick else Exit.OK


def _row(reads: Reads, target: Target) -> StatusRow:
    try:
        return _read(reads, target)
    except PaasError as error:
        return StatusRow(target=target, error=error.message)


def _read(reads: Reads, target: Target) -> StatusRow:
    cluster = reads.cluster(target.cluster)
    if not cluster.namespace_exists(target.namespace):
        return StatusRow(target=target)
    owned = cluster.owned(target)
    manifests = tuple(Manifest(it.key, it.body) for it in owned)
    look = Look.at(cluster.snapshot(target.namespace, to_watch(manifests), target.app))
    keys: list[Key] = sorted(it.key for it in owned if it.key.kind in _JUDGED)
    verdicts, _ = judge(keys, look)
    history = cluster.history(target)
    holder = cluster.holder(target)
    newest = history[0] if history else None
    return StatusRow(
        target=target,
        version=_mark(owned, VERSION_MARK) or (newest.version if newest else ""),
        commit=_mark(owned, COMMIT_MARK) or (newest.commit if newest else ""),
        since=newest.ended or newest.began if newest else "",
        by=newest.by if newest else "",
        verdicts=verdicts,
        urls=addresses(manifests),
        holder=str(holder) if holder else "",
        left=_left(newest, running=holder is not None),
    )


def _mark(owned: tuple[Live, ...], name: str) -> str:
    """What the workloads say they are; several where a deploy stopped half-way."""
    marks = {
        str((it.body["metadata"].get("annotations") or {}).get(name, "")) for it in owned if it.key.kind in MARKED
    } - {""}
    return " and ".join(sorted(marks))


def _left(newest: HistoryEntry | None, *, running: bool) -> str:
    if newest is None or newest.ended or running:
        return ""
    return f"deploy #{newest.number} of {newest.version} by {newest.by} never ended: run `paasctl deploy` again"
