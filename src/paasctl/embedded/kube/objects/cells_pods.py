"""Cells of pods: what became of their containers, told in one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.ages import seconds, since
from paasctl.embedded.kube.objects.cells import Cells, age

Json = Mapping[str, Any]


def _ended(state: Json) -> str:
    """Why a container ended: its reason, else its signal or exit code."""
    if state.get("reason"):
        return str(state["reason"])
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _state(it: Json, name: str) -> Json | None:
    found: Json | None = (it.get("state") or {}).get(name)
    return found


def _starting(spec: Json, status: Json) -> str:
    """What an init container that isn't done is about; empty: all are done."""
    containers = {it.get("name"): it for it in spec.get("initContainers") or []}
    for index, it in enumerate(status.get("initContainerStatuses") or []):
        ended, waiting = _state(it, "terminated"), _state(it, "waiting")
        if ended is not None and not ended.get("exitCode", 0):
            continue
        if containers.get(it.get("name"), {}).get("restartPolicy") == "Always" and it.get("started"):
            continue
        if ended is not None:
            return f"Init:{_ended(ended)}"
        if waiting is not None and waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(containers)}"
    return ""


def _running(status: Json, word: str) -> str:
    """The word that the last container in trouble gives."""
    runs = False
    for it in reversed(status.get("containerStatuses") or []):
        waiting, ended = _state(it, "waiting"), _state(it, "terminated")
        if waiting is not None and waiting.get("reason"):
            word = waiting["reason"]
        elif ended is not None:
            word = _ended(ended)
        elif it.get("ready") and _state(it, "running") is not None:
            runs = True
    if word == "Completed" and runs:
        return "Running" if _is(status, "Ready") else "NotReady"
    return word


def _is(status: Json, kind: str) -> bool:
    return any(it.get("type") == kind and it.get("status") == "True" for it in status.get("conditions") or [])


def word(body: Object) -> str:
    """A pod's status in one word, as `kubectl get pods` has it."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    said = status.get("reason") or status.get("phase", "")
    if any(
        it.get("type") == "PodScheduled" and it.get("reason") == "SchedulingGated"
        for it in status.get("conditions") or []
    ):
        said = "SchedulingGated"
    starting = _starting(spec, status)
    said = starting if starting and not _is(status, "Initialized") else _running(status, said)
    if "deletionTimestamp" in body["metadata"]:
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in ("Succeeded", "Failed"):
            return "Terminating"
    return str(said)


def _pod(body: Object, now: float) -> list[Any]:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    sidecars = {it["name"] for it in spec.get("initContainers") or [] if it.get("restartPolicy") == "Always"}
    beside = [it for it in status.get("initContainerStatuses") or [] if it.get("name") in sidecars]
    counted = [*(status.get("containerStatuses") or []), *beside]
    ready = sum(bool(it.get("ready")) for it in counted)
    total = len(spec.get("containers") or []) + len(sidecars)
    wide = [
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
    ]
    return [f"{ready}/{total}", word(body), _restarts(counted, now), age(body, now), *wide, _gates(spec, status)]


def _restarts(statuses: list[Json], now: float) -> str:
    count = sum(it.get("restartCount", 0) for it in statuses)
    ended = [(it.get("lastState") or {}).get("terminated") or {} for it in statuses]
    times = sorted((it["finishedAt"] for it in ended if it.get("finishedAt")), key=lambda it: seconds(it) or 0.0)
    return f"{count} ({since(times[-1], now)} ago)" if count and times else str(count)


def _gates(spec: Json, status: Json) -> str:
    gates = [it["conditionType"] for it in spec.get("readinessGates") or []]
    return f"{sum(_is(status, it) for it in gates)}/{len(gates)}" if gates else "<none>"


CELLS: dict[tuple[str, str], Cells] = {("", "pods"): _pod}
