"""Pods that ran before: in a simulation that was ended and begun again, or in the live cluster that it is a copy of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.controllers.node.play import Play, backoff_after
from paasctl.embedded.kube.controllers.shapes import moment, number, part

_GROUPS = ("initContainerStatuses", "containerStatuses")


def go_on(play: Play, status: Mapping[str, Any], now: float) -> None:
    """Take it over as its status tells it."""
    said = _containers(status)
    for it in play.containers:
        found = said.get(it.name, {})
        state = found.get("state") or {}
        it.restarts = number(found, "restartCount")
        it.last = part(found, "lastState", "terminated")
        if "running" in state:
            it.at, it.started = "running", moment(state["running"].get("startedAt"))
            it.since = it.started
            it.say(it.started, *(it.does.logs or (f"{it.name}: listening",)))
            if it.does.crash:
                it.next = it.started + it.does.crash.after
            elif it.does.ends is not None:
                it.next = it.started + it.does.ready
        elif "terminated" in state and (it.is_init or play.policy != "Always"):
            it.at, it.ended, it.since = "ended", state["terminated"], play.began
        elif (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
            it.backoff = backoff_after(it.restarts + 1)
            it.at, it.since = "backing-off", moment(it.last.get("finishedAt"))
            it.next = max(now, it.since + backoff_after(it.restarts))


def says_the_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a status says all that matters already: what came from a live cluster is then left as it is."""
    then, here = _containers(before), _containers(now)
    return before.get("phase") == now.get("phase") and all(
        name in then and _essence(then[name]) == _essence(it) for name, it in here.items()
    )


def _containers(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {it["name"]: it for group in _GROUPS for it in status.get(group) or ()}


def _essence(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a container's status says, but for times and names that only a node knows."""
    state = part(said, "state")
    waiting, ended = part(state, "waiting"), part(state, "terminated")
    why = (waiting.get("reason"), waiting.get("message"), ended.get("exitCode"), ended.get("reason"))
    return (bool(said.get("ready")), number(said, "restartCount"), "running" in state, *why)
