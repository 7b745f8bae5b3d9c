"""In which order things are done, so that nothing is asked for before it is there, nor taken away while it is used.

What others mention comes first, then what runs, then the wait; traffic is led there only after it, and what is no
longer wanted goes last.
"""

from __future__ import annotations

from typing import Final, Literal

from paasctl.model.kube import Key

Turn = Literal["ground", "before", "run", "around", "traffic", "routes"]

_GROUND: Final = ("Namespace", "CustomResourceDefinition")
_FIRST: Final = (
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Service",
)
_RUN: Final = ("StatefulSet", "Deployment", "DaemonSet", "Job", "CronJob", "Pod")
_AROUND: Final = ("HorizontalPodAutoscaler", "PodDisruptionBudget")
_ROUTES: Final = ("Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_RANK: Final = {kind: at for at, kind in enumerate((*_GROUND, *_FIRST, "", *_RUN, *_AROUND, *_ROUTES))}

AWAITED: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"})
"""Kinds that run something and can fail at it."""
KEPT: Final = frozenset({"Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition", "Lease"})
"""Kinds that are never pruned: what they hold cannot be made again (D14, D31)."""


def turn(key: Key) -> Turn:
    """When an object is applied; a kind nobody listed comes before what runs, as what makes Secrets does."""
    for kinds, when in ((_GROUND, "ground"), (_RUN, "run"), (_AROUND, "around"), (_ROUTES, "routes")):
        if key.kind in kinds:
            return when  # type: ignore[return-value]  # the literals stand right above
    return "before"


def rank(key: Key) -> tuple[int, str, str]:
    """Order within a stage, and, backwards, of pruning."""
    return _RANK.get(key.kind, _RANK[""]), key.kind, key.name
