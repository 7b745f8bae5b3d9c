"""One pod being played: what each container is at, and what happens next and when. Time comes in as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from paasctl.embedded.kube.controllers.scripts import Behaviour, Crash
from paasctl.embedded.kube.controllers.shapes import number, part, repeated, span, stamp

At = Literal["creating", "pull-failed", "pull-waits", "config-failed", "running", "ended", "backing-off"]
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 300.0
_ERR_IMAGE_PULL = 1.0
"""Seconds for which a failed pull is told as such, before it is told as a back-off."""
_RESET_AFTER = 600.0


def backoff_after(restarts: int) -> float:
    """Seconds that the kubelet waits after so many restarts: the first comes at once."""
    return min(_FIRST_BACKOFF * 2.0 ** min(restarts - 1, 10), _LONGEST_BACKOFF) if restarts else 1.0


@dataclass
class Container:
    """One of a pod's containers."""

    spec: Mapping[str, Any]
    does: Behaviour
    is_init: bool
    at: At = "creating"
    since: float = 0.0
    """When it came to where it is."""
    next: float | None = None
    """When it leaves it; None: not by itself."""
    why: str = ""
    restarts: int = 0
    backoff: float = _FIRST_BACKOFF
    unpulled: int = 0
    """How often its image could not be had."""
    started: float = 0.0
    last: Mapping[str, Any] = field(default_factory=dict)
    """How the last instance ended."""
    ended: Mapping[str, Any] = field(default_factory=dict)
    lines: list[tuple[float, str]] = field(default_factory=list)
    previous: list[tuple[float, str]] = field(default_factory=list)
    was_ready: bool = False
    told_unready: float = 0.0

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.spec["name"])

    @property
    def is_sidecar(self) -> bool:
        """An init container that goes on running."""
        return self.is_init and self.spec.get("restartPolicy") == "Always"

    def is_ready(self, now: float) -> bool:
        """Whether it serves."""
        if self.at != "running" or self.does.never_ready:
            return False
        if self.does.ends is not None:
            return "readinessProbe" not in self.spec
        return now >= self.started + self.ready_after

    @property
    def ready_after(self) -> float:
        """Seconds from its start until it serves: its own, and no sooner than its probes look."""
        probes = [self.spec[it] for it in ("startupProbe", "readinessProbe") if it in self.spec]
        return max([self.does.ready, *(float(it.get("initialDelaySeconds", 0)) for it in probes)])

    @property
    def probe_due(self) -> float | None:
        """When its next failed probe is told; None: it has no probe."""
        probe = self.spec.get("readinessProbe") or self.spec.get("startupProbe")
        if not probe:
            return None
        return max(self.told_unready + float(probe.get("periodSeconds", 10)), self.started + 1.0)

    def has_ended_well(self) -> bool:
        """Whether it ran to its end with exit code 0."""
        return self.at == "ended" and self.ended.get("exitCode") == 0

    def say(self, now: float, *lines: str) -> None:
        """Lines of its log."""
        self.lines += [(now, it) for it in lines]


@dataclass
class Told:
    """An event to write: reason, message, kind, and the container it is about."""

    reason: str
    message: str
    kind: Literal["Normal", "Warning"] = "Normal"
    container: str = ""


@dataclass
class Play:
    """A pod that is on the node."""

    uid: str
    policy: str
    containers: list[Container]
    pulls: Callable[[Container], str]
    """Why a container's image can't be had; empty: it can."""
    configured: Callable[[Container], str]
    """Why it can't be configured (a Secret that isn't there); empty: it can."""
    began: float = 0.0
    events: list[Told] = field(default_factory=list)
    stops: float | None = None
    """When it will be gone, once it was told to stop."""

    def step(self, now: float) -> None:
        """Do all that is due."""
        for it in self.containers:
            if it.at != "ended":
                self._step(it, now)
            if it.is_init and not it.is_sidecar and not it.has_ended_well():
                return  # the next one waits for it

    def _step(self, it: Container, now: float) -> None:
        if it.at == "creating" and it.since == 0.0:
            it.since, it.next = now, now + 0.05
        while it.next is not None and it.next <= now:
            due = it.next
            it.next = None
            self._turn(it, due)
        if it.at == "running" and it.does.never_ready:
            self._unready(it, now)

    def _turn(self, it: Container, due: float) -> None:
        match it.at:
            case "pull-failed":
                self._wait_to_pull(it)
            case "creating" | "pull-waits" | "config-failed" | "backing-off" if self.stops is None:
                self._start(it, max(due, it.since))
            case "running":
                self._end(it, due)
            case _:
                return  # over, or on its way out: nothing starts any more

    def _start(self, it: Container, due: float) -> None:
        image = it.spec.get("image", "")
        if why := self._pull_fails(it):
            self._cannot_pull(it, due, why)
            return
        if why := self.configured(it):
            self.events.append(Told("Failed", f"Error: {why}", "Warning", it.name))
            it.at, it.why, it.since, it.next = "config-failed", why, due, due + 2.0
            return
        if it.at != "backing-off" and not it.restarts:
            self.events.append(
                Told("Pulled", f'Container image "{image}" already present on machine', container=it.name)
            )
        if it.at == "backing-off":
            it.restarts += 1
        if it.does.start_error:
            self._cannot_start(it, due)
            return
        self.events += [
            Told("Created", f"Created container: {it.name}", container=it.name),
            Told("Started", f"Started container {it.name}", container=it.name),
        ]
        it.previous, it.lines = (it.lines, []) if it.restarts else ([], [])
        it.at, it.since, it.started, it.why = "running", due, due, ""
        crash = it.does.crash
        it.say(due, *(crash.logs if crash else it.does.logs or (f"{it.name}: listening",)))
        if crash:
            it.next = due + crash.after
        elif it.does.ends is not None or (it.is_init and not it.is_sidecar):
            it.next = due + it.does.ready

    def _pull_fails(self, it: Container) -> str:
        if it.last and it.spec.get("imagePullPolicy") != "Always":
            return ""  # it is on the node since the first start
        words = {
            "not-found": f"{it.spec.get('image')}: not found",
            "unauthorized": "pull access denied: authorization failed: no basic auth credentials",
            "unreachable": "failed to do request: dial tcp: connection refused",
        }
        if it.does.pull:
            image = it.spec.get("image", "")
            head = f'rpc error: code = Unknown desc = failed to pull and unpack image "{image}"'
            return f'{head}: failed to resolve reference "{image}": {words.get(it.does.pull, it.does.pull)}'
        return self.pulls(it)

    def _cannot_pull(self, it: Container, due: float, why: str) -> None:
        image = it.spec.get("image", "")
        self.events += [
            Told("Pulling", f'Pulling image "{image}"', container=it.name),
            Told("Failed", f'Failed to pull image "{image}": {why}', "Warning", it.name),
            Told("Failed", "Error: ErrImagePull", "Warning", it.name),
        ]
        it.at, it.why, it.since, it.next = "pull-failed", why, due, due + _ERR_IMAGE_PULL

    def _wait_to_pull(self, it: Container) -> None:
        image = it.spec.get("image", "")
        self.events += [
            Told("BackOff", f'Back-off pulling image "{image}"', container=it.name),
            Told("Failed", "Error: ImagePullBackOff", "Warning", it.name),
        ]
        it.unpulled += 1
        it.at, it.next = "pull-waits", it.since + backoff_after(it.unpulled)

    def _cannot_start(self, it: Container, due: float) -> None:
        head = "failed to create containerd task: failed to create shim task: OCI runtime create failed"
        message = f"{head}: {it.does.start_error}: unknown"
        self.events.append(Told("Failed", f"Error: {message}", "Warning", it.name))
        ended = {
            "exitCode": 128,
            "reason": "StartError",
            "message": message,
            "startedAt": "1970-01-01T00:00:00Z",
            "finishedAt": stamp(due),
        }
        self._back_off(it, due, ended)

    def _end(self, it: Container, due: float) -> None:
        crash = it.does.crash or Crash(exit=it.does.ends or 0, reason="Completed" if not it.does.ends else "Error")
        code = 128 + crash.signal if crash.signal else crash.exit
        ended: dict[str, Any] = {
            "exitCode": code,
            "reason": crash.reason,
            "startedAt": stamp(it.started),
            "finishedAt": stamp(due),
            "containerID": f"containerd://{self.uid.replace('-', '')}{it.restarts:032x}",
        }
        is_over = self.policy == "Never" or (
            code == 0 and (self.policy == "OnFailure" or (it.is_init and not it.is_sidecar))
        )
        if is_over:
            it.at, it.ended, it.since = "ended", ended, due
            return
        if due - it.started > _RESET_AFTER:
            it.backoff = _FIRST_BACKOFF
        self._back_off(it, due, ended)

    def _back_off(self, it: Container, due: float, ended: Mapping[str, Any]) -> None:
        """The first restart comes at once, the next ones ever later."""
        it.last, it.since, it.at = ended, due, "backing-off"
        it.next = due + 1.0 if not it.restarts else due + it.backoff
        if it.restarts:
            self.events.append(
                Told("BackOff", f"Back-off restarting failed container {it.name} in pod", "Warning", it.name)
            )
            it.backoff = min(it.backoff * 2, _LONGEST_BACKOFF)

    def _unready(self, it: Container, now: float) -> None:
        due = it.probe_due
        if due is not None and now >= due:
            it.told_unready = now
            kind = "Readiness" if "readinessProbe" in it.spec else "Startup"
            self.events.append(Told("Unhealthy", f"{kind} probe failed: {it.does.never_ready}", "Warning", it.name))

    def due(self, now: float) -> float | None:
        """When something happens next."""
        times = [it.next for it in self.containers if it.next is not None and it.at != "ended"]
        for it in self.containers:
            if it.at == "running" and not it.is_ready(now) and not it.does.never_ready:
                times.append(it.started + it.ready_after)
            if it.at == "running" and it.does.never_ready and it.probe_due is not None:
                times.append(it.probe_due)
        if self.stops is not None:
            times.append(self.stops)
        return min(times, default=None)

    # --- as its status tells it ---

    def status(self, now: float, pod: Mapping[str, Any], address: str) -> dict[str, Any]:
        """The pod's status, from what it was."""
        before = part(pod, "status")
        inits = [it for it in self.containers if it.is_init]
        mains = [it for it in self.containers if not it.is_init]
        ready = bool(mains) and all(it.is_ready(now) for it in mains)
        phase = self._phase(mains)
        over = phase in ("Succeeded", "Failed")
        initialized = all(it.has_ended_well() or (it.is_sidecar and it.at == "running") for it in inits)
        names = [it.name for it in mains if not it.is_ready(now)]
        why = ("PodCompleted", "") if phase == "Succeeded" else ("PodFailed", "") if over else (
            "ContainersNotReady", f"containers with unready status: [{' '.join(names)}]",
        )  # fmt: skip
        lacking = ("", "") if ready else why
        uninitialized = [it.name for it in inits if not it.has_ended_well()]
        incomplete = ("", "") if initialized else (
            "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(uninitialized)}]",
        )  # fmt: skip
        started = any(it.at != "creating" for it in self.containers)
        told = _Conditions(pod, now)
        completed = ("PodCompleted", "") if phase == "Succeeded" else incomplete
        conditions = [
            told.of("PodReadyToStartContainers", holds=started or now > self.began + 0.05),
            told.of("Initialized", holds=initialized, why=completed),
            told.of("Ready", holds=ready, why=lacking),
            told.of("ContainersReady", holds=ready, why=lacking),
            told.of("PodScheduled", holds=True),
        ]
        said: dict[str, Any] = {
            "phase": phase,
            "conditions": conditions,
            "hostIP": "127.0.0.1",
            "hostIPs": [{"ip": "127.0.0.1"}],
            "startTime": stamp(self.began),
            "qosClass": before.get("qosClass", "BestEffort"),
            "observedGeneration": number(part(pod, "metadata"), "generation"),
            "containerStatuses": [_container_status(it, now, self.uid, pod) for it in mains],
        }
        if inits:
            said["initContainerStatuses"] = [_container_status(it, now, self.uid, pod) for it in inits]
        if started:
            said |= {"podIP": address, "podIPs": [{"ip": address}]}
        return said

    def _phase(self, mains: list[Container]) -> str:
        if mains and all(it.at == "ended" for it in mains):
            return "Succeeded" if all(it.has_ended_well() for it in mains) else "Failed"
        if any(it.is_init and it.at == "ended" and not it.has_ended_well() for it in self.containers):
            return "Failed"
        begun = [it.at in ("running", "ended") or it.restarts or it.last for it in mains]
        return "Running" if all(begun) and begun else "Pending"


@dataclass(frozen=True)
class _Conditions:
    """A pod's conditions: they keep the time of their last turn."""

    pod: Mapping[str, Any]
    now: float

    def of(self, kind: str, *, holds: bool, why: tuple[str, str] = ("", "")) -> dict[str, Any]:
        every = part(self.pod, "status").get("conditions") or ()
        old: Mapping[str, Any] = next((it for it in every if it["type"] == kind), {})
        status = "True" if holds else "False"
        turned = old.get("lastTransitionTime") if old.get("status") == status else None
        said: dict[str, Any] = {"type": kind, "status": status, "lastProbeTime": None}
        said["lastTransitionTime"] = turned or stamp(self.now)
        if generation := number(part(self.pod, "metadata"), "generation"):
            said["observedGeneration"] = generation
        told = {"reason": why[0], "message": why[1]} if not holds or why[0] else {}
        return said | {name: it for name, it in told.items() if it}


def _container_status(it: Container, now: float, uid: str, pod: Mapping[str, Any]) -> dict[str, Any]:
    image = it.spec.get("image", "")
    has_run = it.at in ("running", "ended") or bool(it.last)
    said: dict[str, Any] = {
        "name": it.name,
        "image": image,
        "imageID": image if has_run else "",
        "ready": it.is_ready(now) if not it.is_init or it.is_sidecar else it.has_ended_well(),
        "started": it.at == "running",
        "restartCount": it.restarts,
        "state": _state(it, pod),
        "lastState": {"terminated": dict(it.last)} if it.last and it.at != "ended" and _is_told(it) else {},
    }
    said |= repeated(it.spec)
    if has_run:
        said["containerID"] = f"containerd://{uid.replace('-', '')}{it.restarts:032x}"
    return said


def _is_told(it: Container) -> bool:
    """Whether its last end is past; right after the first one it is how it is now."""
    return it.at != "backing-off" or bool(it.restarts)


def _state(it: Container, pod: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{part(pod, 'metadata').get('namespace')}({part(pod, 'metadata').get('uid')})"
    match it.at:
        case "running":
            return {"running": {"startedAt": stamp(it.started)}}
        case "ended":
            return {"terminated": dict(it.ended)}
        case "backing-off" if not it.restarts:
            return {"terminated": dict(it.last)}
        case "backing-off":
            name = f"{part(pod, 'metadata').get('name')}_{where}"
            wait = span((it.next or it.since) - it.since)
            message = f"back-off {wait} restarting failed container={it.name} pod={name}"
            return {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        case "pull-failed":
            return {"waiting": {"reason": "ErrImagePull", "message": it.why}}
        case "pull-waits":
            why = f'Back-off pulling image "{it.spec.get("image", "")}": ErrImagePull: {it.why}'
            return {"waiting": {"reason": "ImagePullBackOff", "message": why}}
        case "config-failed":
            return {"waiting": {"reason": "CreateContainerConfigError", "message": it.why}}
        case _:
            reason = (
                "PodInitializing"
                if any(i for i in part(pod, "spec").get("initContainers") or ()) and not it.is_init
                else "ContainerCreating"
            )
            return {"waiting": {"reason": reason}}
