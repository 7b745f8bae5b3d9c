"""The next command for a cause."""

from __future__ import annotations

from paasctl.model.kube import Key
from paasctl.model.verdict import Cause

_LOGS = ("crash-loop", "out-of-memory", "init-failed", "job-failed", "pod-failed", "not-ready")


def hint(cause: Cause, key: Key, kubectl: str) -> str:
    """A command that shows more of it, or mends it. `kubectl` is how it is called for that cluster."""
    kubectl = f"{kubectl} -n {key.namespace}"
    if cause.code in _LOGS and cause.pod:
        container = f" -c {cause.container}" if cause.container else ""
        return f"{kubectl} logs {cause.pod}{container}{' --previous' if cause.previous else ''}"
    match cause.code:
        case "image-not-found":
            return "paasctl releases   (which versions are there)"
        case "image-forbidden":
            return "paasctl config show   (is registries.NAME.pullSecret right?)"
        case "config-missing":
            return f"{kubectl} get configmaps,secrets   (make the missing one, then deploy again)"
        case "quota-exceeded":
            return f"{kubectl} describe resourcequota"
        case "no-endpoints" | "selects-nothing":
            return f"{kubectl} get pods --show-labels"
        case "paused":
            return f"{kubectl} rollout resume {key.kind.lower()}/{key.name}"
        case _:
            return f"{kubectl} describe {f'pod {cause.pod}' if cause.pod else f'{key.kind.lower()} {key.name}'}"
