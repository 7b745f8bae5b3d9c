"""What a pod says of the rollout it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from paasctl.model.kube import Live
from paasctl.model.verdict import Cause, PodSeen
from paasctl.planning.readiness.containers import container_causes, crashed, restarts
from paasctl.planning.readiness.look import Look, condition, holds, is_going, number, part
from paasctl.values import dataclass

_TRANSIENT: Final = frozenset(
    {"Evicted", "NodeLost", "NodeShutdown", "Preempting", "Shutdown", "Terminated", "UnexpectedAdmissionError"}
)
"""Reasons of a failed pod that its controller simply replaces (D27)."""
_SCALE_UP: Final = ("TriggeredScaleUp", "Nominated")
"""Events of the cluster autoscaler and of Karpenter: a node is coming (D26)."""


def is_ready(pod: Live) -> bool:
    """Whether it takes traffic."""
    return holds(pod, "Ready") and not is_going(pod)


def seen(pod: Live, *, new: bool = True) -> PodSeen:
    """The pod in a line."""
    phase = "Terminating" if is_going(pod) else str(part(pod.body, "status").get("phase", "Pending"))
    return PodSeen(
        name=pod.key.name, phase=phase, ready=is_ready(pod), restarts=restarts(pod), reason=_reason(pod), new=new
    )


def _reason(pod: Live) -> str:
    status = part(pod.body, "status")
    if status.get("reason"):
        return str(status["reason"])
    for it in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state = part(it, "state")
        found = part(state, "waiting").get("reason") or part(state, "terminated").get("reason")
        if found and found not in ("Completed", "PodInitializing"):
            return str(found)
    return str(condition(pod, "PodScheduled").get("reason") or "")


def trouble(pod: Live, look: Look) -> Cause | None:
    """Why this pod isn't ready, as far as one can tell; None for a healthy, a starting, a leaving or an evicted one."""
    status = part(pod.body, "status")
    if is_going(pod) or is_ready(pod) or _is_transient(pod):
        return None
    if cause := next(container_causes(pod, look), None):
        return cause
    if status.get("phase") == "Failed":
        return _failed(pod)
    if (cause := _unschedulable(pod, look)) or (cause := _unmounted(pod, look)):
        return cause
    return _unready(pod, look)


def _is_transient(pod: Live) -> bool:
    status = part(pod.body, "status")
    disrupted = status.get("phase") == "Failed" and holds(pod, "DisruptionTarget")
    return status.get("reason") in _TRANSIENT or disrupted


def _failed(pod: Live) -> Cause:
    status = part(pod.body, "status")
    for it in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        if number(part(it, "state", "terminated"), "exitCode"):
            told = crashed(it, pod, init=it in (status.get("initContainerStatuses") or ()))
            return Cause(code="pod-failed", message=told.message, pod=told.pod, container=told.container)
    why = status.get("message") or status.get("reason") or "no reason given"
    return Cause(code="pod-failed", message=f"pod {pod.key.name} failed: {why}", pod=pod.key.name)


def _unschedulable(pod: Live, look: Look) -> Cause | None:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False" or scheduled.get("reason") != "Unschedulable":
        return None
    if look.said(pod, *_SCALE_UP):
        return None
    message = f"no node takes pod {pod.key.name}: {scheduled.get('message') or 'the scheduler gives no reason'}"
    return Cause(code="unschedulable", message=message, pod=pod.key.name)


def _unmounted(pod: Live, look: Look) -> Cause | None:
    if part(pod.body, "status").get("phase") != "Pending":
        return None
    said = look.said(pod, "FailedMount", "FailedAttachVolume")
    if not said or "failed to sync" in said:
        return None
    code = "config-missing" if "not found" in said or "non-existent" in said else "volume-not-mounted"
    return Cause(code=code, message=f"mounting the volumes of pod {pod.key.name}: {said}", pod=pod.key.name)


def _unready(pod: Live, look: Look) -> Cause | None:
    status = part(pod.body, "status")
    if status.get("phase") != "Running":
        return None
    for it in status.get("containerStatuses") or ():
        if not it.get("ready") and "running" in part(it, "state"):
            said = look.said(pod, "Unhealthy") or f"{_probe(pod, str(it.get('name')))} has not passed yet"
            message = f"container {it.get('name')} of pod {pod.key.name} runs but is not ready: {said}"
            return Cause(code="not-ready", message=message, pod=pod.key.name, container=str(it.get("name")))
    return None


def _probe(pod: Live, container: str) -> str:
    spec: Sequence[Mapping[str, Any]] = part(pod.body, "spec").get("containers") or ()
    found = next((it for it in spec if it.get("name") == container), {})
    probe = part(found, "readinessProbe")
    if get := part(probe, "httpGet"):
        return f"its readiness probe (GET {get.get('path', '/')} on port {get.get('port')})"
    if tcp := part(probe, "tcpSocket"):
        return f"its readiness probe (TCP port {tcp.get('port')})"
    return "its readiness probe"


# --- many of them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Symptom:
    """The cause that explains best why pods aren't ready, and whether it may doom the rollout once it has stood."""

    cause: Cause
    dooms: bool


def symptom(pods: Sequence[Live], look: Look) -> Symptom | None:
    """One cause for the new pods of a workload: it dooms only where *every* one of them is in trouble (krane's rule).

    A pod that fits on no node is stuck for sure, whatever the others do.
    """
    there = [it for it in pods if not is_going(it) and not _is_transient(it)]
    found = [cause for it in there if (cause := trouble(it, look))]
    if not found:
        return None
    worst = max(found, key=lambda it: _gravity(it.code))
    alone = worst.code == "unschedulable"
    return Symptom(worst, dooms=alone or len(found) == len(there))


def _gravity(code: str) -> int:
    mild = ("not-ready", "unschedulable", "volume-not-mounted", "image-pull", "cannot-start")
    return mild.index(code) if code in mild else len(mild)
