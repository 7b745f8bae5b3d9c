"""Which versions run in a target: what its workloads say they are."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.model.kube import Kind, Live, Target
from paasctl.planning.manifests import MARKED, VERSION_MARK
from paasctl.ports.world import Reads

JUDGED = (
    *(Kind("apps", it) for it in ("Deployment", "StatefulSet", "DaemonSet")),
    *(Kind("batch", it) for it in ("Job", "CronJob")),
)
"""Kinds whose objects run something."""


def marks(running: Iterable[Live], name: str) -> tuple[str, ...]:
    """What the workloads say of themselves, each once; several where a deploy stopped half-way."""
    said = {
        str((it.body["metadata"].get("annotations") or {}).get(name, "")) for it in running if it.key.kind in MARKED
    }
    return tuple(sorted(said - {""}))


def running_versions(reads: Reads, target: Target) -> tuple[str, ...]:
    """Versions that run there; none where nothing of ours does."""
    cluster = reads.cluster(target.cluster)
    if not cluster.namespace_exists(target.namespace):
        return ()
    return marks(cluster.snapshot(target.namespace, JUDGED, target.app), VERSION_MARK)
