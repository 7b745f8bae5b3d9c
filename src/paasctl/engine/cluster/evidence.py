"""What a failed rollout is proved with: the cause first, then the log, then the cluster's own warnings (X3, X4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from paasctl.errors import Forbidden, RolloutFailed, Unavailable
from paasctl.model.plan import AwaitReady
from paasctl.model.verdict import Cause, Verdict
from paasctl.planning.readiness import hint
from paasctl.ports.cluster import ClusterReads

LINES: Final = 20
WARNINGS: Final = 5
_NOISE: Final = frozenset({"BackOff", "FailedToRetrieveImagePullSecret", "DNSConfigForming"})
_ECHOES: Final = frozenset({"Error: ErrImagePull", "Error: ImagePullBackOff"})
"""Reasons and messages of warnings that repeat what the cause says, or that say nothing."""


def proof(step: AwaitReady, verdicts: Sequence[Verdict], cluster: ClusterReads) -> RolloutFailed:
    """The error for a doomed rollout: of several causes the first, the others among the evidence."""
    doomed = [it for it in verdicts if it.state == "doomed"]
    first = doomed[0]
    cause = first.cause or Cause(code="rollout-failed", message=first.text)
    others = tuple(f"{it.key}: {it.cause.message if it.cause else it.text}" for it in doomed[1:])
    return RolloutFailed(
        f"rolling out {first.key} in {step.target}: {cause.message}",
        hint=hint(cause, first.key, cluster.kubectl),
        evidence=(*others, *_told(step, first, cause, cluster)),
        code=cause.code,
    )


def late(step: AwaitReady, verdicts: Sequence[Verdict], cluster: ClusterReads) -> RolloutFailed:
    """The error for one that is neither ready nor doomed when its time is up: what is still waited for, and why."""
    waiting = [it for it in verdicts if it.state != "ready"]
    keys = ", ".join(str(it.key) for it in waiting) or ", ".join(map(str, step.keys))
    lines = tuple(f"{it.key}: {it.text}{f'; {it.cause.message}' if it.cause else ''}" for it in waiting)
    first = next((it for it in waiting if it.cause), waiting[0] if waiting else None)
    cause = first.cause if first and first.cause else Cause(code="rollout-late", message="")
    why = f": {cause.message or first.text}" if first else ""
    return RolloutFailed(
        f"rolling out {keys} in {step.target}: not ready after {step.timeout:g} s{why}",
        hint=hint(cause, first.key if first else step.keys[0], cluster.kubectl),
        evidence=(*lines, *(_told(step, first, cause, cluster) if first else ())),
        code="rollout-late",
    )


def _told(step: AwaitReady, verdict: Verdict, cause: Cause, cluster: ClusterReads) -> tuple[str, ...]:
    return (*_log(step, cause, cluster), *_warnings(step, verdict, cause, cluster))


def _log(step: AwaitReady, cause: Cause, cluster: ClusterReads) -> Iterator[str]:
    if not (cause.pod and cause.container):
        return
    try:
        lines = cluster.logs(step.target.namespace, cause, LINES)
        if not lines:  # the run that the cause speaks of may be the other one by now
            cause = replace(cause, previous=not cause.previous)
            lines = cluster.logs(step.target.namespace, cause, LINES)
    except (Unavailable, Forbidden) as error:
        yield f"(its log could not be read: {error.message})"
        return
    if lines:
        run = ", its previous run" if cause.previous else ""
        yield f"the end of the log of {cause.pod}, container {cause.container}{run}:"
        yield from (f"  {line}" for line in lines)


def _warnings(step: AwaitReady, verdict: Verdict, cause: Cause, cluster: ClusterReads) -> Iterator[str]:
    """The newest warnings about the pod, or the object itself where no pod is to blame; each said once."""
    try:
        events = cluster.events(step.target.namespace)
    except (Unavailable, Forbidden) as error:
        yield f"(events could not be read: {error.message})"
        return
    name = cause.pod or verdict.key.name
    found: dict[str, None] = {}
    for event in reversed(events):
        about = event.get("involvedObject") or {}
        message = str(event.get("message") or "").strip()
        if event.get("type") != "Warning" or about.get("name") != name:
            continue
        if event.get("reason") not in _NOISE and message not in _ECHOES:
            found.setdefault(f"{event.get('reason')}: {message}")
    yield from (f"event: {line}" for line in reversed(list(found)[:WARNINGS]))
