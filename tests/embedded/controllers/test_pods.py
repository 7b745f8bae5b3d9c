"""Pods by script: when they serve, how they crash, and what their status says of it, moment by moment."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from paasctl.embedded.kube.controllers.shapes import moment
from support.driven import Driven, body, condition, driven, is_ready, pod, status_of, template, waiting


def _statuses(world: Driven) -> list[Mapping[str, Any]]:
    """What its container's status said, one after another."""
    bodies = [change.body for change, _ in world.history() if change.place.plural == "pods"]
    return [it for body_ in bodies for it in (body_.get("status") or {}).get("containerStatuses") or ()]


def _starts(world: Driven) -> list[float]:
    """When the container was started."""
    states = [it["state"]["running"]["startedAt"] for it in _statuses(world) if "running" in it["state"]]
    return [moment(it) for it in dict.fromkeys(states)]


def test_a_pod_is_ready_after_its_time_and_no_sooner() -> None:
    world = driven()
    world.have(pod({"ready": 12}), 12)
    assert (world.pod["status"]["phase"], is_ready(world.pod)) == ("Running", False)
    assert condition(world.pod, "Ready")["reason"] == "ContainersNotReady"
    world.pass_(0.1)
    assert is_ready(world.pod)
    assert condition(world.pod, "Ready")["lastTransitionTime"] == "2026-01-01T00:00:12Z"


def test_a_script_matches_by_label_and_image_and_the_last_one_wins() -> None:
    rules = ({"ready": 100}, {"match": {"labels": {"app": "web"}, "image": "app:*"}, "ready": 5})
    world = driven(*rules, {"match": {"image": "other:*"}, "ready": 0})
    world.have(pod(), 6)
    assert is_ready(world.pod)


def test_no_variable_of_an_application_makes_it_misbehave() -> None:
    world = driven()
    world.have(
        pod(container={"env": [{"name": "APP_START_DELAY", "value": "90s"}, {"name": "APP_CRASH", "value": "1"}]}), 9
    )
    assert is_ready(world.pod)


def test_a_probe_does_not_look_before_its_delay() -> None:
    world = driven()
    world.have(pod(container={"readinessProbe": {"initialDelaySeconds": 30, "tcpSocket": {"port": 80}}}), 29)
    assert not is_ready(world.pod)
    world.pass_(2)
    assert is_ready(world.pod)


def test_a_pod_that_never_serves_is_never_ready_and_its_probe_tells_why() -> None:
    world = driven()
    probe = {"readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 10}}
    world.have(pod({"never-ready": "statuscode: 503"}, container=probe), 3600)
    assert (world.pod["status"]["phase"], is_ready(world.pod)) == ("Running", False)
    assert status_of(world.pod)["restartCount"] == 0
    assert world.events("Unhealthy") == ["Readiness probe failed: statuscode: 503"]
    (told,) = [it for it in world.all("Event") if it["reason"] == "Unhealthy"]
    assert told["count"] > 300


def test_one_container_of_two_is_not_enough() -> None:
    world = driven({"match": {"container": "side"}, "never-ready": "no"})
    made = pod()
    made["spec"]["containers"].append({"name": "side", "image": "side:1"})
    world.have(made, 60)
    assert [it["ready"] for it in world.pod["status"]["containerStatuses"]] == [True, False]
    assert condition(world.pod, "Ready")["message"] == "containers with unready status: [side]"


def test_init_containers_come_one_after_another_and_first() -> None:
    world = driven({"ready": 5})
    inits = [{"name": "one", "image": "a:1"}, {"name": "two", "image": "a:1"}]
    world.have(pod(initContainers=inits), 6)
    states = [next(iter(it["state"])) for it in world.pod["status"]["initContainerStatuses"]]
    assert states == ["terminated", "running"]
    assert waiting(world) == ("PodInitializing", "")
    world.pass_(6)
    assert condition(world.pod, "Initialized")["status"] == "True"
    assert not is_ready(world.pod)
    world.pass_(5)
    assert is_ready(world.pod)


# --- crashes ---


def test_a_crash_loop_waits_as_the_kubelet_does() -> None:
    """At once, then 10 s, 20 s, 40 s … up to five minutes."""
    world = driven()
    world.have(pod({"crash": {"exit": 3, "after": 1}}), 1500)
    starts = _starts(world)
    waits = [after - before for before, after in pairwise(starts)]
    assert [it - 1 for it in waits] == [1, 10, 20, 40, 80, 160, 300, 300, 300]
    assert status_of(world.pod)["restartCount"] == len(waits)


def test_a_crash_loop_says_how_long_it_waits() -> None:
    world = driven()
    world.have(pod({"crash": {"exit": 3, "after": 1}}), 1500)
    told = [it["state"].get("waiting", {}).get("message", "") for it in _statuses(world)]
    waits = ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]
    assert [it.split(" restarting")[0] for it in told if it][: len(waits)] == [f"back-off {it}" for it in waits]
    uid = world.pod["metadata"]["uid"]
    assert waiting(world) == (
        "CrashLoopBackOff", f"back-off 5m0s restarting failed container=main pod=web_shop({uid})",
    )  # fmt: skip


def test_the_first_crash_is_told_as_it_ended_and_the_next_as_a_loop() -> None:
    world = driven()
    world.have(pod({"crash": {"exit": 3, "after": 1}}), 1.5)
    assert status_of(world.pod)["state"]["terminated"]["exitCode"] == 3
    assert (status_of(world.pod)["restartCount"], status_of(world.pod)["lastState"]) == (0, {})
    world.pass_(1)
    assert "running" in status_of(world.pod)["state"]
    assert status_of(world.pod)["lastState"]["terminated"]["reason"] == "Error"
    world.pass_(1)
    assert (waiting(world)[0], status_of(world.pod)["restartCount"]) == ("CrashLoopBackOff", 1)
    assert world.pod["status"]["phase"] == "Running"
    assert world.events("BackOff") == [
        f"Back-off restarting failed container main in pod web_shop({world.pod['metadata']['uid']})"
    ]


def test_a_pod_that_crashes_late_serves_until_then() -> None:
    world = driven()
    world.have(pod({"ready": 2, "crash": {"exit": 1, "after": 30}}), 20)
    assert is_ready(world.pod)
    world.pass_(10.5)
    assert not is_ready(world.pod)


def test_ten_good_minutes_make_the_next_wait_short_again() -> None:
    world = driven()
    world.have(pod({"crash": {"exit": 1, "after": 700}}), 4000)
    starts = _starts(world)
    assert [after - before - 700 for before, after in pairwise(starts)] == [1, 10, 10, 10, 10][: len(starts) - 1]


def test_a_signal_is_an_exit_code_above_128() -> None:
    world = driven()
    world.have(pod({"crash": {"signal": 11}}), 60)
    assert status_of(world.pod)["lastState"]["terminated"]["exitCode"] == 139


def test_too_much_memory_is_an_end_by_137() -> None:
    world = driven()
    world.have(pod({"oom": True}), 30)
    ended = status_of(world.pod)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    assert waiting(world)[0] == "CrashLoopBackOff"


def test_what_cannot_start_has_ended_with_128() -> None:
    world = driven()
    world.have(pod({"start-error": 'exec: "nope": executable file not found in $PATH'}), 30)
    ended = status_of(world.pod)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert "executable file not found" in ended["message"]


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [("Never", 0, "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded"), ("OnFailure", 3, "Running")],
)
def test_a_pod_that_ends_is_over_where_its_policy_says_so(policy: str, code: int, phase: str) -> None:
    world = driven()
    world.have(pod({"exit": code}, restartPolicy=policy), 60)
    assert world.pod["status"]["phase"] == phase
    assert (status_of(world.pod)["restartCount"] > 0) == (phase == "Running")


def test_a_script_that_cannot_be_read_is_told_where_one_looks() -> None:
    world = driven()
    world.have(body("Pod", "web", template()["spec"], annotations={"sim.paasctl.dev/script": "[nope"}), 10)
    assert "is no script: [nope" in status_of(world.pod)["lastState"]["terminated"]["message"]
