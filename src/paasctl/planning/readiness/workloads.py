"""Deployments, StatefulSets, DaemonSets: krane's rules (peers.md 1.1), rows D17, D24, D25, D28."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Cause
from paasctl.planning.readiness.look import Look, condition, holds, is_observed, number, part
from paasctl.planning.readiness.opinion import Counted, Opinion, of_pods, suspect, waiting, wrong
from paasctl.planning.readiness.pods import is_ready

REVISION: Final = "deployment.kubernetes.io/revision"
_HASH: Final = "controller-revision-hash"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def deployment(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when its newest ReplicaSet, and nothing else, is complete and serves the images that were asked for."""
    if not is_observed(live):
        return waiting(key, "its controller has not seen the change yet")
    newest = _newest(live, look)
    if newest is None:
        return _stuck(key, live, (live,), look) or waiting(key, "its new ReplicaSet is being made")
    pods, olds = look.children(newest, "Pod"), _others(live, newest, look)
    state = part(live.body, "status")
    counted = Counted(
        wanted=_wanted(live),
        updated=number(state, "updatedReplicas"),
        ready=number(part(newest.body, "status"), "readyReplicas"),
        old=max(0, number(state, "replicas") - number(state, "updatedReplicas")),
        new_pods=pods,
        old_pods=olds,
    )
    opinion = of_pods(key, counted, look, done=_is_complete(live, newest, pods))
    late = _is_out_of_time(live, look)
    if opinion.verdict.state == "ready" or (opinion.ripens and not late):
        return opinion
    return _stuck(key, live, (newest, live), look, opinion) or opinion


def _newest(live: Live, look: Look) -> Live | None:
    """The ReplicaSet of the newest revision: by owner UID *and* revision, made from the template as it is."""
    revision = _annotation(live, REVISION)
    mine = (it for it in look.children(live, "ReplicaSet") if _annotation(it, REVISION) == revision)
    images = _images(live)
    return next((it for it in mine if revision and _images(it) == images), None)


def _others(live: Live, newest: Live, look: Look) -> tuple[Live, ...]:
    sets = [it for it in look.children(live, "ReplicaSet") if it.uid != newest.uid]
    return tuple(pod for it in sets for pod in look.children(it, "Pod"))


def _is_complete(live: Live, newest: Live, pods: Iterable[Live]) -> bool:
    wanted, of, own = _wanted(live), part(live.body, "status"), part(newest.body, "status")
    whole = all(number(own, it) == wanted for it in ("replicas", "readyReplicas", "availableReplicas"))
    every = number(of, "updatedReplicas") == wanted == number(of, "availableReplicas") and is_observed(newest)
    return whole and every and all(runs(it, _images(live)) for it in pods if is_ready(it))


def _stuck(key: Key, live: Live, told: tuple[Live, ...], look: Look, opinion: Opinion | None = None) -> Opinion | None:
    """What the workload's own conditions say, where its pods do not explain it."""
    opinion = opinion or waiting(key, "no new pod yet")
    failing = next((it for it in told if holds(it, "ReplicaFailure")), None)
    if failing is not None:
        return suspect(opinion, create_cause(str(condition(failing, "ReplicaFailure").get("message") or "")))
    if part(live.body, "spec").get("paused"):
        return wrong(key, "paused", f"{key} is paused: nothing is rolled out")
    if _is_out_of_time(live, look):
        pods = opinion.verdict.cause
        why = pods.message if pods else opinion.verdict.text
        late = f"no progress for {number(part(live.body, 'spec'), 'progressDeadlineSeconds', 600)} s: {why}"
        cause = Cause(code="progress-deadline", message=late)
        return suspect(opinion, replace(pods, code=cause.code, message=late) if pods else cause)
    return None


def _is_out_of_time(live: Live, look: Look) -> bool:
    # The condition may be left from before the apply: it counts only after that much time of our own (D24).
    if condition(live, "Progressing").get("reason") != "ProgressDeadlineExceeded":
        return False
    return look.elapsed >= number(part(live.body, "spec"), "progressDeadlineSeconds", 600)


def create_cause(message: str) -> Cause:
    """Why pods are not even made: the API server's words, which for a quota hold what is used and what is the limit."""
    code = "quota-exceeded" if "exceeded quota" in message else "create-failed"
    return Cause(code=code, message=f"pods cannot be made: {message}")


def stateful_set(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when every pod that the update strategy updates has the new revision, and all are ready."""
    if not is_observed(live):
        return waiting(key, "its controller has not seen the change yet")
    spec, state, pods = part(live.body, "spec"), part(live.body, "status"), look.children(live, "Pod")
    wanted, revision = _wanted(live), state.get("updateRevision")
    new = tuple(it for it in pods if _label(it, _HASH) == revision)
    old = tuple(it for it in pods if _label(it, _HASH) != revision)
    held = number(part(spec, "updateStrategy", "rollingUpdate"), "partition")
    by_hand = part(spec, "updateStrategy").get("type") == "OnDelete"
    same = revision == state.get("currentRevision")
    updated = wanted if same else number(state, "updatedReplicas")
    whole = all(number(state, it) == wanted for it in ("replicas", "readyReplicas", "availableReplicas"))
    intended = all(runs(it, _images(live)) for it in new if is_ready(it))
    done = whole and intended and (by_hand or updated >= wanted - held)
    ready = number(state, "readyReplicas") if same else sum(map(is_ready, new))
    counted = Counted(wanted=wanted, updated=updated, ready=ready, old=len(old), new_pods=new, old_pods=old)
    opinion = of_pods(key, counted, look, done=done)
    if opinion.verdict.state == "waiting" and not opinion.ripens and not new:
        said = look.said(live, "FailedCreate")
        return suspect(opinion, create_cause(said) if said else None)
    return opinion


def daemon_set(key: Key, live: Live, look: Look) -> Opinion:
    """Ready when every node that should run a pod runs a new, available one."""
    if not is_observed(live):
        return waiting(key, "its controller has not seen the change yet")
    state, pods = part(live.body, "status"), look.children(live, "Pod")
    wanted = number(state, "desiredNumberScheduled")
    template = _annotation(live, "deprecated.daemonset.template.generation")
    new = tuple(it for it in pods if not template or _label(it, "pod-template-generation") == template)
    old = tuple(it for it in pods if it not in new)
    counts = ("updatedNumberScheduled", "numberReady", "numberAvailable", "currentNumberScheduled")
    counted = Counted(
        wanted=wanted,
        updated=number(state, "updatedNumberScheduled"),
        ready=sum(map(is_ready, new)) if pods else number(state, "numberReady"),
        old=len(old),
        new_pods=new,
        old_pods=old,
    )
    return of_pods(key, counted, look, done=all(number(state, it) == wanted for it in counts))


def runs(pod: Live, images: Mapping[str, str]) -> bool:
    """Whether the pod runs the intended images (D28): the same reference, or the same digest from another place.

    The kubelet's `imageID` proves a digest where it names the same one; where it names another, it may be the digest
    of the platform's manifest inside of an index, which proves nothing against a reference that is pinned.
    """
    ids = _named(part(pod.body, "status").get("containerStatuses"), "imageID")
    own = _named(part(pod.body, "spec").get("containers"), "image")
    return all(_is_image(wanted, own.get(name, ""), ids.get(name, "")) for name, wanted in images.items())


def _is_image(wanted: str, own: str, proof: str) -> bool:
    digest = found[0] if (found := _DIGEST.search(wanted)) else ""
    return own == wanted or bool(digest and (digest in own or digest in proof))


def _images(live: Live) -> dict[str, str]:
    return _named(part(live.body, "spec", "template", "spec").get("containers"), "image")


def _named(found: Any, field: str) -> dict[str, str]:
    return {str(it.get("name")): str(it.get(field, "")) for it in found or ()}


def _wanted(live: Live) -> int:
    return number(part(live.body, "spec"), "replicas", 1)


def _annotation(live: Live, name: str) -> str:
    return str(part(live.body, "metadata", "annotations").get(name, ""))


def _label(live: Live, name: str) -> str:
    return str(part(live.body, "metadata", "labels").get(name, ""))
