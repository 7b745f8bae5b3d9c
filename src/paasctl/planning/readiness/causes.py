"""Why a rollout is doomed: every code there is, and how long a symptom must stand before it counts as proof.

A symptom that goes away starts anew (failure rows D17, D24, D26; X3). Codes are stable: scripts read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that each family of symptoms may stand without a break; `restarts` is a count since the wait began."""

    certain: float = 0.0
    restarts: int = 5
    config: float = 5.0
    create: float = 10.0
    start: float = 20.0
    pull: float = 45.0
    endpoints: float = 15.0
    route: float = 15.0
    schedule: float = 30.0
    volume: float = 60.0
    readiness: float = 180.0


CAUSES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "image-not-found": ("certain", "the registry says that there is no such image"),
        "image-forbidden": ("certain", "the registry does not let the node pull the image"),
        "image-name-invalid": ("certain", "the image's name is malformed"),
        "image-pull": ("pull", "the image cannot be pulled, and nobody says for sure that it never will be"),
        "crash-loop": ("certain", "every new pod's container exits again and again, or one of them did so too often"),
        "out-of-memory": ("certain", "as crash-loop, killed for using more memory than its limit"),
        "init-failed": ("certain", "as crash-loop, of an init container"),
        "command-not-found": ("certain", "the container's command cannot be executed"),
        "cannot-start": ("start", "the node cannot start the container"),
        "config-missing": ("config", "a ConfigMap, a Secret or a key that the pod mentions is not there"),
        "config-invalid": ("config", "the container's configuration contradicts itself or the image"),
        "volume-not-mounted": ("volume", "a volume cannot be attached or mounted"),
        "quota-exceeded": ("create", "a ResourceQuota leaves no room for new pods"),
        "create-failed": ("create", "the API server does not accept the workload's pods"),
        "unschedulable": ("schedule", "no node takes the pod, and no autoscaler is adding one"),
        "not-ready": ("readiness", "new pods run and never become ready"),
        "progress-deadline": ("certain", "no progress for progressDeadlineSeconds since the apply"),
        "paused": ("create", "the workload is paused"),
        "gone": ("config", "somebody deleted the object"),
        "pod-failed": ("certain", "a bare pod ended with a failure"),
        "job-failed": ("certain", "the Job gave up"),
        "no-endpoints": ("endpoints", "pods are ready, but the Service sends traffic to none of them"),
        "selects-nothing": ("endpoints", "the Service's selector matches no pod"),
        "route-not-accepted": ("route", "the router refuses the route"),
        "claim-lost": ("certain", "the volume behind the claim is gone"),
        "claim-pending": ("volume", "no volume can be made for the claim"),
    }
)
"""Code -> (the field of `Patience` that it has to outlast, what it means)."""


def budget(code: str, patience: Patience) -> float:
    """Seconds that a symptom must stand."""
    return float(getattr(patience, CAUSES[code][0]))
