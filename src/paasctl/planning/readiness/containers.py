"""What a container's status says: the one cause that explains it, if any (rows D20, D21, D22)."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from typing import Any, Final

from paasctl.model.kube import Live
from paasctl.model.verdict import Cause
from paasctl.planning.readiness.look import Look, number, part

Status = Mapping[str, Any]

_NOT_FOUND: Final = ("not found", "manifest unknown", "name unknown", "does not exist")
_FORBIDDEN: Final = ("unauthorized", "denied", "forbidden", "authentication required", "no basic auth credentials")
_NO_COMMAND: Final = (
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
)
_PASSING: Final = ("failed to sync", "timed out waiting for the condition")
"""The kubelet's own caches are late, nothing else (krane tolerates the same)."""


def container_causes(pod: Live, look: Look) -> Iterator[Cause]:
    """What is wrong with each container of a pod, init containers first, as far as its status tells."""
    status = part(pod.body, "status")
    for it in status.get("initContainerStatuses") or ():
        if cause := _cause(it, pod, look, init=True):
            yield cause
    for it in status.get("containerStatuses") or ():
        if cause := _cause(it, pod, look, init=False):
            yield cause


def restarts(pod: Live) -> int:
    """How often the pod's containers were restarted, the worst of them."""
    status = part(pod.body, "status")
    every = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return max((number(it, "restartCount") for it in every), default=0)


def crashed(it: Status, pod: Live, *, init: bool) -> Cause:
    """The story of a container that ended and will be, or was, started again."""
    ended = part(it, "lastState", "terminated") or part(it, "state", "terminated")
    times = number(it, "restartCount")
    again = f", {times} restart{'s' if times != 1 else ''}" if times else ""
    out_of_memory = ended.get("reason") == "OOMKilled"
    code = "out-of-memory" if out_of_memory else "init-failed" if init else "crash-loop"
    return Cause(
        code=code,
        message=f"{_name(it, pod, init=init)} {_ending(ended, it, pod)}{again}",
        pod=pod.key.name,
        container=str(it.get("name", "")),
        previous=not part(it, "state", "terminated") and times > 0,
    )


def _ending(ended: Status, it: Status, pod: Live) -> str:
    if ended.get("reason") == "OOMKilled":
        limit = _memory_limit(pod, str(it.get("name")))
        return f"was killed for using more memory than its limit{f' of {limit}' if limit else ''}"
    if not ended:
        return "exits again and again"
    code = number(ended, "exitCode")
    said = str(ended.get("message") or "").strip()
    why = f": {said.splitlines()[-1]}" if said else ""
    if code == 0:
        return "ends at once with exit code 0, but a service must keep running"
    return f"exits with code {code}{_signal(code, ended)}{why}"


def _signal(code: int, ended: Status) -> str:
    found = number(ended, "signal") or (code - 128 if code > 128 else 0)
    try:
        return f" ({signal.Signals(found).name})" if found else ""
    except ValueError:
        return ""


def _memory_limit(pod: Live, container: str) -> str:
    spec = part(pod.body, "spec")
    every: tuple[Status, ...] = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    found = next((it for it in every if it.get("name") == container), {})
    return str(part(found, "resources", "limits").get("memory", ""))


def _cause(it: Status, pod: Live, look: Look, *, init: bool) -> Cause | None:
    waiting = part(it, "state", "waiting")
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message") or "")
    if reason == "CrashLoopBackOff":
        return _never_started(it, pod, init=init) or crashed(it, pod, init=init)
    if reason in ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable"):
        return _pull(it, pod, reason, _pull_message(pod, look, reason, message))
    if reason == "CreateContainerConfigError":
        return _config(it, pod, message, init=init)
    if reason in ("RunContainerError", "CreateContainerError", "StartError", "ContainerCannotRun"):
        return _start(it, pod, message, init=init)
    return _never_started(it, pod, init=init)


def _never_started(it: Status, pod: Live, *, init: bool) -> Cause | None:
    # containerd reports a command it cannot execute as an end with code 128, then as a crash loop.
    ended = part(it, "state", "terminated") or part(it, "lastState", "terminated")
    if ended.get("reason") in ("StartError", "ContainerCannotRun") and "running" not in part(it, "state"):
        return _start(it, pod, str(ended.get("message") or ""), init=init)
    return None


def _pull_message(pod: Live, look: Look, reason: str, message: str) -> str:
    # Back-off alone does not say why in older kubelets; the event of the failed pull does.
    if reason == "ImagePullBackOff" and not any(it in message.lower() for it in (*_NOT_FOUND, *_FORBIDDEN)):
        return look.said(pod, "Failed", holding="Failed to pull") or message
    return message


def _pull(it: Status, pod: Live, reason: str, message: str) -> Cause:
    low = message.lower()
    if reason == "InvalidImageName":
        code, why = "image-name-invalid", "its name is malformed"
    elif any(word in low for word in _FORBIDDEN):
        code, why = "image-forbidden", "the registry refuses the node's credentials"
    elif any(word in low for word in _NOT_FOUND):
        code, why = "image-not-found", "the registry has no such image"
    else:
        code, why = "image-pull", message.rpartition("failed to do request: ")[2] or "the registry does not answer"
    image = it.get("image", "")
    return Cause(
        code=code,
        message=f"pulling {image} for pod {pod.key.name}: {why}",
        pod=pod.key.name,
        container=str(it.get("name", "")),
    )


def _config(it: Status, pod: Live, message: str, *, init: bool) -> Cause | None:
    low = message.lower()
    if any(word in low for word in _PASSING):
        return None
    code = "config-missing" if "not found" in low or "couldn't find key" in low else "config-invalid"
    return _told(code, it, pod, f"cannot be configured: {message}", init=init)


def _start(it: Status, pod: Live, message: str, *, init: bool) -> Cause:
    known = any(word in message.lower() for word in _NO_COMMAND)
    last = message.strip().splitlines()[-1] if message.strip() else "no reason given"
    if (at := last.find("exec: ")) >= 0:  # the runtime wraps what matters into the names of all its layers
        last = last[at:].removesuffix(": unknown")
    return _told("command-not-found" if known else "cannot-start", it, pod, f"cannot be started: {last}", init=init)


def _told(code: str, it: Status, pod: Live, what: str, *, init: bool) -> Cause:
    message = f"{_name(it, pod, init=init)} {what}"
    return Cause(code=code, message=message, pod=pod.key.name, container=str(it.get("name", "")))


def _name(it: Status, pod: Live, *, init: bool) -> str:
    return f"{'init ' if init else ''}container {it.get('name')} of pod {pod.key.name}"
