"""`status`: what runs where, and how it is. Read-only rights are enough, and one cluster down hides only itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from paasctl.errors import Exit, Forbidden, PaasError
from paasctl.model.answer import HistoryEntry, StatusAnswer, StatusRow
from paasctl.model.event import Emit
from paasctl.model.kube import Key, Kind, Live, Manifest, Target
from paasctl.planning.manifests import COMMIT_MARK, VERSION_MARK
from paasctl.planning.readiness import Look, judge, kinds_for
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import place
from paasctl.verbs.running import JUDGED, marks
from paasctl.verbs.targets import addresses

_ROUTES = (Kind("networking.k8s.io", "Ingress"), Kind("gateway.networking.k8s.io", "HTTPRoute"))
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
    unready = any(verdict.state != "ready" for it in rows for verdict in it.verdicts)
    return Exit.FAILED if unready else Exit.OK  # one look cannot tell "not yet" from "never"; neither is ready


def _row(reads: Reads, target: Target) -> StatusRow:
    try:
        return _read(reads, target)
    except PaasError as error:
        return StatusRow(target=target, error=error.message)


def _read(reads: Reads, target: Target) -> StatusRow:
    cluster = reads.cluster(target.cluster)
    if not cluster.namespace_exists(target.namespace):
        return StatusRow(target=target)
    running = [it for it in cluster.snapshot(target.namespace, JUDGED, target.app) if not _is_made(it)]
    keys: list[Key] = sorted(it.key for it in running)
    verdicts, _ = judge(keys, Look.at(cluster.snapshot(target.namespace, kinds_for(keys), target.app)))
    history, freeze = cluster.history(target), cluster.freeze(target)
    holder, held = _holder(cluster, target)
    newest = history[0] if history else None
    return StatusRow(
        target=target,
        version=_mark(running, VERSION_MARK) or (newest.version if newest else ""),
        commit=_mark(running, COMMIT_MARK) or (newest.commit if newest else ""),
        since=newest.ended or newest.began if newest else "",
        by=newest.by if newest else "",
        verdicts=verdicts,
        urls=addresses(_routes(cluster, target)),
        holder=holder,
        left=_left(newest, running=held),
        freeze=str(freeze) if freeze and freeze.holds(reads.clock.utc()) else "",
    )


def _is_made(live: Live) -> bool:
    """Whether a controller made it: a CronJob its Jobs."""
    return any(ref.get("controller") for ref in live.body["metadata"].get("ownerReferences") or ())


def _routes(cluster: ClusterReads, target: Target) -> tuple[Manifest, ...]:
    """What leads there, of the kinds that the caller may list: addresses are a courtesy (row L4)."""
    found: list[Live] = []
    for kind in _ROUTES:
        try:
            found += cluster.snapshot(target.namespace, (kind,), target.app)
        except Forbidden:
            continue
    return tuple(Manifest(it.key, it.body) for it in found)


def _holder(cluster: ClusterReads, target: Target) -> tuple[str, bool]:
    """Who deploys there now, in words, and whether somebody may. Not being allowed to see it is not "nobody"."""
    try:
        holder = cluster.holder(target)
    except Forbidden as error:
        return f"unknown: {error.message}", True
    return (str(holder), True) if holder else ("", False)


def _mark(running: list[Live], name: str) -> str:
    """What the workloads say they are."""
    return " and ".join(marks(running, name))


def _left(newest: HistoryEntry | None, *, running: bool) -> str:
    if newest is None or newest.ended or running:
        return ""
    return f"deploy #{newest.number} of {newest.version} by {newest.by} never ended: run `paasctl deploy` again"
