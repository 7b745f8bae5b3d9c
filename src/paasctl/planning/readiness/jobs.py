"""Jobs, CronJobs, bare pods: things that end."""

from __future__ import annotations

from typing import Final

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Cause
from paasctl.planning.readiness import pods as pod
from paasctl.planning.readiness.look import Look, condition, holds, number, part
from paasctl.planning.readiness.opinion import Opinion, ready, suspect, waiting, wrong
from paasctl.planning.readiness.workloads import create_cause

_RETRIED: Final = frozenset({"crash-loop", "init-failed", "out-of-memory", "pod-failed", "not-ready"})
"""What a Job itself tries again; its own condition says when it gave up."""


def job(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when it completed; doomed when it gave up."""
    state, pods = part(live.body, "status"), look.children(live, "Pod")
    wanted, done = number(part(live.body, "spec"), "completions", 1), number(state, "succeeded")
    counts = {"wanted": wanted, "ready": done, "updated": done, "pods": tuple(pod.seen(it) for it in pods)}
    if holds(live, "Complete"):
        return ready(key, "completed", **counts)
    if holds(live, "Failed"):
        return suspect(waiting(key, "failed", **counts), _gave_up(live, pods, look))
    if part(live.body, "spec").get("suspend"):
        return wrong(key, "paused", f"{key} is suspended: nothing is run")
    failed = number(state, "failed")
    opinion = waiting(key, f"{done} of {wanted} done{f', {failed} failed' if failed else ''}", **counts)
    found = pod.symptom(pods, look)
    if found is None:
        said = look.said(live, "FailedCreate") if not pods else ""
        return suspect(opinion, create_cause(said) if said else None)
    return suspect(opinion, found.cause, dooms=found.dooms and found.cause.code not in _RETRIED)


def _gave_up(live: Live, pods: tuple[Live, ...], look: Look) -> Cause:
    failed = condition(live, "Failed")
    why = failed.get("message") or failed.get("reason") or "it failed"
    by_age = sorted(pods, key=lambda it: str(part(it.body, "metadata").get("creationTimestamp", "")), reverse=True)
    last = next((cause for it in by_age if (cause := pod.trouble(it, look))), None)
    if last is None:
        return Cause(code="job-failed", message=f"{live.key} gave up: {why}")
    message = f"{live.key} gave up ({failed.get('reason') or why}): {last.message}"
    return Cause(code="job-failed", message=message, pod=last.pod, container=last.container, previous=last.previous)


def is_over(live: Live) -> str:
    """How a Job ended: `complete`, `failed`; "" while it runs."""
    return "complete" if holds(live, "Complete") else "failed" if holds(live, "Failed") else ""


def cron_job(key: Key, live: Live, look: Look) -> Opinion:
    """Ready as soon as its controller may know it: its pods come with the hour."""
    del look
    spec = part(live.body, "spec")
    return ready(key, "suspended" if spec.get("suspend") else f"runs at {spec.get('schedule', '?')}")


def bare_pod(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when it serves or has succeeded."""
    seen = pod.seen(live)
    counts = {"wanted": 1, "ready": int(seen.ready), "updated": 1, "pods": (seen,)}
    if seen.phase == "Succeeded":
        return ready(key, "succeeded", **counts)
    if seen.ready:
        return ready(key, "ready", **counts)
    return suspect(waiting(key, seen.reason or seen.phase, **counts), pod.trouble(live, look))
