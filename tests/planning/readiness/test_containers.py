"""What the state of a container tells."""

from __future__ import annotations

import pytest

from support.looks import POD, WEB, Body, cause, event, one, rollout
from support.rollouts import container, ended, pod, waiting

ENDINGS: dict[str, tuple[Body, str]] = {
    "exit code": (ended(3), "container web of pod p exits with code 3, 2 restarts"),
    "signal": (ended(143), "container web of pod p exits with code 143 (SIGTERM), 2 restarts"),
    "no signal of that number": (ended(255), "container web of pod p exits with code 255, 2 restarts"),
    "its last words": (
        ended(1, message="boot\nno DB_URL"),
        "container web of pod p exits with code 1: no DB_URL, 2 restarts",
    ),
    "killed for memory": (
        ended(137, "OOMKilled"),
        "container web of pod p was killed for using more memory than its limit of 64Mi, 2 restarts",
    ),
    "ends at once": (
        ended(0, "Completed"),
        "container web of pod p ends at once with exit code 0, but a service must keep running, 2 restarts",
    ),
}

SPEC = {"containers": [{"name": "web", "resources": {"limits": {"memory": "64Mi"}}}]}


@pytest.mark.parametrize(("last", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_how_a_container_ended(last: Body, expected: str) -> None:
    status = container("web", state=waiting("CrashLoopBackOff"), lastState=last, restartCount=2)
    assert cause(POD, [pod("p", spec=SPEC, containers=[status])]) == expected


WAITS: dict[str, tuple[str, str, str]] = {
    "not found": ("ErrImagePull", "failed to resolve reference: web:9: not found", "image-not-found"),
    "manifest unknown": ("ErrImagePull", "MANIFEST UNKNOWN: manifest unknown", "image-not-found"),
    "unauthorized": ("ImagePullBackOff", "Back-off: ErrImagePull: 401 Unauthorized", "image-forbidden"),
    "back-off alone says nothing": ("ImagePullBackOff", "Back-off pulling image", "image-pull"),
    "no route": ("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout", "image-pull"),
    "malformed": ("InvalidImageName", "couldn't parse image", "image-name-invalid"),
    "no ConfigMap": ("CreateContainerConfigError", 'configmap "web" not found', "config-missing"),
    "no key": ("CreateContainerConfigError", "couldn't find key url in Secret dev/db", "config-missing"),
    "root": ("CreateContainerConfigError", "container has runAsNonRoot and image will run as root", "config-invalid"),
    "no command": ("RunContainerError", 'exec: "nope": executable file not found in $PATH', "command-not-found"),
    "no idea": ("RunContainerError", "context deadline exceeded", "cannot-start"),
}


@pytest.mark.parametrize(("reason", "message", "code"), WAITS.values(), ids=WAITS)
def test_why_a_container_waits(reason: str, message: str, code: str) -> None:
    status = container("web", state=waiting(reason, message))
    assert one(POD, [pod("p", phase="Pending", containers=[status])]).endswith(f"({code})")


def test_the_kubelets_late_caches_are_no_trouble() -> None:
    message = "failed to sync configmap cache: timed out waiting for the condition"
    status = container("web", state=waiting("CreateContainerConfigError", message))
    assert one(POD, [pod("p", phase="Pending", containers=[status])]) == "waiting: CreateContainerConfigError"


def test_a_command_that_cannot_be_executed_is_told_from_a_crash() -> None:
    last = ended(128, "StartError", 'failed to create: exec: "nope": executable file not found in $PATH: unknown')
    status = container("web", state=waiting("CrashLoopBackOff"), lastState=last, restartCount=2)
    assert one(POD, [pod("p", containers=[status])]) == "doomed: CrashLoopBackOff (command-not-found)"


def test_the_event_says_why_a_pull_failed_where_back_off_does_not() -> None:
    status = container("web", state=waiting("ImagePullBackOff", 'Back-off pulling image "x"'))
    events = [event("p", "Failed", 'Failed to pull image "x": not found')]
    assert one(POD, [pod("p", phase="Pending", containers=[status])], events=events).startswith("doomed")


def test_an_init_container_is_named_as_one() -> None:  # D22
    status = container("wait", state=waiting("CrashLoopBackOff"), lastState=ended(1), restartCount=1)
    body = pod("p", phase="Pending", containers=[], initContainerStatuses=[status])
    assert cause(POD, [body]) == "init container wait of pod p exits with code 1, 1 restart"
    assert one(POD, [body]).endswith("(init-failed)")


PROBED = {"containers": [{"name": "web", "readinessProbe": {"httpGet": {"path": "/up", "port": 80}}}]}


def test_the_probes_own_words_are_told() -> None:  # D23
    body = pod("p", spec=PROBED)
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    assert cause(POD, [body], [event("p", "Unhealthy", said)]).endswith(f"runs but is not ready: {said}")
    assert cause(POD, [body]).endswith("its readiness probe (GET /up on port 80) has not passed yet")


def test_a_scale_up_is_progress() -> None:  # D26
    bodies = rollout("unschedulable")
    name = next(it["metadata"]["name"] for it in bodies if it["kind"] == "Pod")
    coming = [event(name, "TriggeredScaleUp", "pod triggered scale-up", "Normal")]
    assert one(WEB, bodies, events=coming) == "waiting: 0 of 2 new pods ready"


def test_a_volume_that_mentions_what_is_missing() -> None:
    body = pod("p", phase="Pending", containers=[container("web", state=waiting("ContainerCreating"))])
    missing = [event("p", "FailedMount", 'MountVolume.SetUp failed for volume "c": configmap "c" not found')]
    assert one(POD, [body], events=missing).endswith("(config-missing)")
    stuck = [event("p", "FailedAttachVolume", "Multi-Attach error")]
    assert one(POD, [body], events=stuck).endswith("(volume-not-mounted)")
