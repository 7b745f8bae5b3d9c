"""Which kinds and subresources the simulation serves; the generator asks a real API server about exactly these."""

from __future__ import annotations

from collections.abc import Sequence

GROUPS: dict[str, Sequence[str]] = {
    "v1": [
        *("namespaces", "configmaps", "secrets", "services", "serviceaccounts", "pods", "events", "nodes"),
        *("persistentvolumeclaims", "endpoints", "resourcequotas", "limitranges"),
    ],
    "apps/v1": ["deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"],
    "batch/v1": ["jobs", "cronjobs"],
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "policy/v1": ("poddisruptionbudgets",),
    "networking.k8s.io/v1": ["ingresses", "ingressclasses", "networkpolicies"],
    "coordination.k8s.io/v1": ("leases",),
    "discovery.k8s.io/v1": ("endpointslices",),
    "events.k8s.io/v1": ("events",),
    "storage.k8s.io/v1": ("storageclasses",),
    "rbac.authorization.k8s.io/v1": ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
    "apiextensions.k8s.io/v1": ("customresourcedefinitions",),
    "gateway.networking.k8s.io/v1": ["gateways", "gatewayclasses", "httproutes"],
}
"""Group version -> plurals."""
CUSTOM = ("gateway.networking.k8s.io/v1",)
"""Group versions that CustomResourceDefinitions make."""
SUBRESOURCES = ("status", "scale", "log", "eviction")


def path(group_version: str) -> str:
    """Where a group version lies: ``/api/v1``, ``/apis/apps/v1``."""
    return f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"
