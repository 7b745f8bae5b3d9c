"""Claims, autoscalers, and whatever nobody watches."""

from __future__ import annotations

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Cause
from paasctl.planning.readiness.look import Look, condition, number, part
from paasctl.planning.readiness.opinion import Opinion, ready, suspect, waiting, wrong


def claim(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when bound, or when it only waits for its first pod."""
    phase = part(live.body, "status").get("phase", "Pending")
    if phase == "Bound":
        return ready(key, f"bound to {part(live.body, 'spec').get('volumeName', 'a volume')}")
    if phase == "Lost":
        return wrong(key, "claim-lost", f"{key} lost its volume")
    if look.said(live, "WaitForFirstConsumer", "WaitForPodScheduled"):
        return ready(key, "waits for its first pod")
    said = look.said(live, "ProvisioningFailed", "FailedBinding")
    cause = Cause(code="claim-pending", message=f"{key} gets no volume: {said}") if said else None
    return suspect(waiting(key, str(phase).lower()), cause)


def autoscaler(key: Key, live: Live, look: Look) -> Opinion:
    """Ready at once: one without metrics scales nothing, and says so."""
    del look
    spec, state = part(live.body, "spec"), part(live.body, "status")
    text = f"{number(state, 'currentReplicas')} of {number(spec, 'minReplicas', 1)} to {number(spec, 'maxReplicas')}"
    active = condition(live, "ScalingActive")
    if active.get("status") == "False":
        return ready(key, f"{text}, not scaling: {active.get('message') or active.get('reason')}")
    return ready(key, text)


def unwatched(key: Key, live: Live, look: Look) -> Opinion:
    """Ready: it exists, and more nobody knows."""
    del live, look
    return ready(key, "exists; its state is not watched")
