"""One object written or removed, under the preconditions that the plan was made with."""

from __future__ import annotations

from paasctl.model.kube import Live
from paasctl.model.plan import Apply, Delete
from paasctl.ports.cluster import Cluster


def apply_one(step: Apply, cluster: Cluster) -> Live:
    """Apply it. Raises `StalePlan` where it is no longer the one that was planned with, `Refused` on a conflict."""
    return cluster.apply(step.target, step.manifest, uid=step.uid)


def delete_one(step: Delete, cluster: Cluster) -> None:
    """Delete it, if it is still the one that was seen; gone is success."""
    cluster.delete(step.target, step.key, uid=step.uid)
