"""Verdicts from one look, and what time makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import Final

from paasctl.model.kube import Key, Kind, Live
from paasctl.model.verdict import Cause, Verdict
from paasctl.planning.readiness import jobs, others, traffic, workloads
from paasctl.planning.readiness.causes import Patience, budget
from paasctl.planning.readiness.containers import container_causes, crashed, restarts
from paasctl.planning.readiness.look import Look, is_going, part
from paasctl.planning.readiness.opinion import Opinion, wrong
from paasctl.values import dataclass

_POD: Final = Kind("", "Pod")
_SETS: Final = Kind("apps", "ReplicaSet")
_SLICES: Final = Kind("discovery.k8s.io", "EndpointSlice")
_WORKLOADS: Final = tuple(Kind("apps", name) for name in ("Deployment", "StatefulSet", "DaemonSet"))

_Judge = Callable[[Key, Live, Look], Opinion]
_KINDS: Final[Mapping[Kind, tuple[_Judge, tuple[Kind, ...]]]] = MappingProxyType(
    {
        Kind("apps", "Deployment"): (workloads.deployment, (_SETS, _POD)),
        Kind("apps", "StatefulSet"): (workloads.stateful_set, (_POD,)),
        Kind("apps", "DaemonSet"): (workloads.daemon_set, (_POD,)),
        Kind("batch", "Job"): (jobs.job, (_POD,)),
        Kind("batch", "CronJob"): (jobs.cron_job, ()),
        _POD: (jobs.bare_pod, ()),
        Kind("", "Service"): (traffic.service, (_SLICES, _POD, *_WORKLOADS)),
        Kind("networking.k8s.io", "Ingress"): (traffic.ingress, ()),
        Kind("gateway.networking.k8s.io", "HTTPRoute"): (traffic.http_route, ()),
        Kind("", "PersistentVolumeClaim"): (others.claim, ()),
        Kind("autoscaling", "HorizontalPodAutoscaler"): (others.autoscaler, ()),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the looks before this one showed."""

    since: Mapping[tuple[Key, str], float] = field(default_factory=dict)
    """(object, code) -> seconds after the start at which the symptom was first seen, without a break since."""
    restarts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(namespace, pod) -> how often it had restarted when it was first seen."""


def kinds_for(keys: Sequence[Key]) -> tuple[Kind, ...]:
    """The kinds a snapshot must hold to judge these objects: as many requests a round, however many objects."""
    found: set[Kind] = set()
    for key in keys:
        kind = Kind(key.group, key.kind)
        found |= {kind, *_KINDS.get(kind, (None, ()))[1]}
    return tuple(sorted(found))


def judge(
    keys: Sequence[Key], look: Look, memory: Memory | None = None, patience: Patience | None = None
) -> tuple[tuple[Verdict, ...], Memory]:
    """A verdict per object, in the order of `keys`, and the memory for the next look.

    A symptom becomes doom only after it has stood for its budget (`causes.py`), look after look.
    """
    memory, patience = memory or Memory(), patience or Patience()
    opinions = [_worn(_one(key, look), look, memory, patience) for key in keys]
    suspected = [(it.verdict.key, it.verdict.cause.code) for it in opinions if it.ripens and it.verdict.cause]
    since = {mark: memory.since.get(mark, look.elapsed) for mark in suspected}
    verdicts = tuple(_ripe(it, since, look.elapsed, patience) for it in opinions)
    return verdicts, Memory(since=since, restarts=_first_restarts(look, memory))


def _one(key: Key, look: Look) -> Opinion:
    live = look.by_key.get(key)
    if live is None:
        return wrong(key, "gone", f"{key} is not there")
    if is_going(live):
        return wrong(key, "gone", f"{key} is being deleted")
    return _KINDS.get(Kind(key.group, key.kind), (others.unwatched, ()))[0](key, live, look)


def _ripe(opinion: Opinion, since: Mapping[tuple[Key, str], float], now: float, patience: Patience) -> Verdict:
    verdict = opinion.verdict
    if not opinion.ripens or verdict.cause is None:
        return verdict
    stood = now - since[verdict.key, verdict.cause.code]
    return replace(verdict, state="doomed") if stood >= budget(verdict.cause.code, patience) else verdict


def _worn(opinion: Opinion, look: Look, memory: Memory, patience: Patience) -> Opinion:
    """A pod that restarted too often since the wait began dooms alone, however its neighbours fare (D21)."""
    if opinion.verdict.state != "waiting" or opinion.ripens or opinion.verdict.key.kind == "Job":
        return opinion
    for seen in opinion.verdict.pods:
        mark = (opinion.verdict.key.namespace, seen.name)
        before = min(memory.restarts.get(mark, seen.restarts), seen.restarts)
        if seen.new and seen.restarts - before >= patience.restarts:
            cause = _flapping(look.by_key[Key("", "Pod", *mark)], look)
            return Opinion(replace(opinion.verdict, cause=cause), ripens=True)
    return opinion


def _flapping(pod: Live, look: Look) -> Cause:
    state = part(pod.body, "status")
    init = state.get("initContainerStatuses") or ()
    worst = max((*init, *(state.get("containerStatuses") or ())), key=lambda it: int(it.get("restartCount") or 0))
    return next(container_causes(pod, look), None) or crashed(worst, pod, init=worst in init)


def _first_restarts(look: Look, memory: Memory) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for pod in look.by_kind.get("Pod", ()):
        mark, now = (pod.key.namespace, pod.key.name), restarts(pod)
        found[mark] = min(memory.restarts.get(mark, now if not memory.restarts else 0), now)
    return found
