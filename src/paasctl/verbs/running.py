"""Which versions run in a target: what its workloads say they are, or, where none of them can say it, its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Thread

from paasctl.errors import Cancelled, PaasError, TimedOut
from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Kind, Live, Target
from paasctl.planning.manifests import MARKED, VERSION_MARK
from paasctl.planning.release.whereabouts import Seen
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.identity import check_identity
from paasctl.verbs.reading import Place

JUDGED = (
    *(Kind("apps", it) for it in ("Deployment", "StatefulSet", "DaemonSet")),
    *(Kind("batch", it) for it in ("Job", "CronJob")),
)
"""Kinds whose objects run something."""
PATIENCE = 5.0
"""Seconds for all that a cluster is asked for a promotion, credentials included."""
_NAP, _GRACE = 0.05, 0.5
_JUDGED = frozenset(it.name for it in JUDGED)


def marks(running: Iterable[Live], name: str) -> tuple[str, ...]:
    """What the workloads say of themselves, each once; several where a deploy stopped half-way."""
    said = {
        str((it.body["metadata"].get("annotations") or {}).get(name, "")) for it in running if it.key.kind in MARKED
    }
    return tuple(sorted(said - {""}))


def versions_of(running: Sequence[Live], history: Callable[[], Sequence[HistoryEntry]]) -> tuple[str, ...]:
    """Versions that these objects run. Jobs do not say: the last deploy that went well put them there."""
    said = marks(running, VERSION_MARK)
    if said or not any(it.key.kind in _JUDGED for it in running):
        return said
    return tuple(it.version for it in history() if it.outcome == "done")[:1]


def running_versions(cluster: ClusterReads, target: Target) -> tuple[str, ...]:
    """Versions that run there; none where nothing of ours does."""
    if not cluster.namespace_exists(target.namespace):
        return ()
    return versions_of(cluster.snapshot(target.namespace, JUDGED, target.app), lambda: cluster.history(target))


@dataclass(frozen=True, slots=True)
class Glance:
    """What runs in some places, being read beside other work; whoever is too slow is not waited for."""

    threads: tuple[Thread, ...]
    found: dict[tuple[str, Target], Seen]
    """As they come, by environment and target; until then that nothing came."""
    stopped: list[PaasError]

    def look(self, cancel: Cancel) -> tuple[Seen, ...]:
        """All that came, in order. Waits `PATIENCE` seconds from now, and a moment for the last to say why not."""
        for _ in range(round((PATIENCE + _GRACE) / _NAP)):
            if not (slow := [it for it in self.threads if it.is_alive()]):
                break
            slow[0].join(_NAP)
            cancel.check()
        if self.stopped:
            raise self.stopped[0]
        return tuple(self.found.values())


def glance(reads: Reads, places: Iterable[Place]) -> Glance:
    """Begin to read, each cluster for itself. What can't be read hides nothing else, and is said with why."""
    found: dict[tuple[str, Target], Seen] = {}
    stopped: list[PaasError] = []
    wanted: dict[str, list[tuple[Place, Target]]] = {}
    for place in places:
        for target in place.targets:
            late = f"asking {target.cluster}: no answer within {PATIENCE:g} s"
            found[place.environment.name, target] = _seen(place, target, error=late)
            wanted.setdefault(target.cluster, []).append((place, target))

    def read(name: str) -> None:
        try:
            for place, target, seen in _hurried(reads, name, wanted[name]):
                found[place.environment.name, target] = seen
        except (Cancelled, TimedOut) as error:
            stopped.append(error)

    # Daemons: an executor's threads would be waited for at the end of the run, however long they take.
    threads = tuple(Thread(target=read, args=(it,), name=f"glance {it}", daemon=True) for it in wanted)
    for thread in threads:
        thread.start()
    return Glance(threads, found, stopped)


def _hurried(reads: Reads, name: str, wanted: Sequence[tuple[Place, Target]]) -> Iterator[tuple[Place, Target, Seen]]:
    """Of the cluster that is meant: another one behind its name would tell what runs elsewhere."""
    cluster, error = reads.cluster(name).hurried(PATIENCE), ""
    try:
        check_identity(cluster, reads.config.clusters[name], doing="asking")
    except (Cancelled, TimedOut):
        raise
    except PaasError as it:
        error = it.message
    for place, target in wanted:
        yield place, target, _seen(place, target, error=error) if error else _looked(cluster, place, target)


def _looked(cluster: ClusterReads, place: Place, target: Target) -> Seen:
    try:
        return _seen(place, target, versions=running_versions(cluster, target))
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return _seen(place, target, error=error.message)


def _seen(place: Place, target: Target, *, versions: tuple[str, ...] = (), error: str = "") -> Seen:
    return Seen(place.environment.name, place.environment.registry, target, versions, error)
