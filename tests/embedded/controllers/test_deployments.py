"""Deployments as the documentation promises them: bounds, revisions, deadlines, pauses, rollbacks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from paasctl.embedded.kube.controllers import deployments, running
from paasctl.embedded.kube.controllers.desk import Desk
from paasctl.embedded.kube.model import Object, Place
from support.driven import Driven, condition, driven, is_ready, template, workload

REVISION = "deployment.kubernetes.io/revision"
NEVER = '{"never-ready": "503"}'


def _rolling(surge: Any, unavailable: Any, **spec: Any) -> dict[str, Any]:
    return {"strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}, **spec}


def _pods(all_: Mapping[Place, Object]) -> list[Object]:
    pods = [it for at, it in all_.items() if at.plural == "pods"]
    return [it for it in pods if "deletionTimestamp" not in it["metadata"]]


def _sets(world: Driven) -> dict[str, tuple[str, int]]:
    """Image -> revision, replicas."""
    return {
        it["spec"]["template"]["spec"]["containers"][0]["image"]: (
            it["metadata"]["annotations"][REVISION],
            it["spec"]["replicas"],
        )
        for it in world.all("ReplicaSet")
    }


def _progress(world: Driven) -> tuple[str, str]:
    found = condition(world.get("Deployment", "web"), "Progressing")
    return found["status"], found["reason"]


@pytest.mark.parametrize(
    ("count", "allowed", "most", "least"),
    [
        (4, (1, 0), 5, 4),
        (4, (0, 1), 4, 3),
        (10, ("25%", "25%"), 13, 8),
        (3, ("100%", 0), 6, 3),
        (7, (2, 3), 9, 4),
        (1, (1, 0), 2, 1),
        (5, (0, "100%"), 5, 0),
        (3, (0, "1%"), 3, 2),
    ],
)
@pytest.mark.parametrize("wait", [0, 7])
def test_a_rollout_never_leaves_its_bounds(
    count: int, allowed: tuple[Any, Any], most: int, least: int, wait: int
) -> None:
    world = driven()
    world.have(workload("Deployment", replicas=count, minReadySeconds=wait, **_rolling(*allowed)), 60)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(600)
    pods = [_pods(all_) for _, all_ in world.history()]
    assert max(map(len, pods)) <= most
    assert min(sum(map(is_ready, it)) for it in pods if it) >= least
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", count)}
    assert world.get("Deployment", "web")["status"]["availableReplicas"] == count


def test_a_deployment_that_looks_before_its_replica_sets_answered_keeps_its_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def twice(desk: Desk, at: Place) -> None:
        for _ in range(3):
            deployments.sync(desk, at)

    monkeypatch.setitem(running._SYNCS, "deployments", twice)
    world = driven()
    world.have(workload("Deployment", replicas=6, **_rolling(2, 1)), 60)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(600)
    for _, all_ in world.history():
        assert sum(map(is_ready, _pods(all_))) >= 5
        assert sum(it["spec"]["replicas"] for at, it in all_.items() if at.plural == "replicasets") <= 8
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", 6)}


@pytest.mark.parametrize(("surge", "unavailable", "least"), [(1, 0, 4), (0, 1, 3), (2, 2, 2)])
def test_a_rollout_that_sticks_keeps_the_old_pods_that_it_must(surge: int, unavailable: int, least: int) -> None:
    world = driven({"match": {"image": "app:2"}, "never-ready": "503"})
    world.have(workload("Deployment", replicas=4, **_rolling(surge, unavailable)), 60)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(1200)
    assert min(sum(map(is_ready, _pods(all_))) for _, all_ in world.history()) == least
    assert _sets(world) == {"app:1": ("1", least), "app:2": ("2", surge + unavailable)}


def test_observed_generation_follows_the_generation() -> None:
    world = driven()
    world.have(workload("Deployment"), 10)
    for image in ("app:2", "app:3"):
        changed = world.image("Deployment", "web", image)
        assert world.get("Deployment", "web")["status"]["observedGeneration"] < changed["metadata"]["generation"]
        world.pass_(10)
        found = world.get("Deployment", "web")
        assert found["status"]["observedGeneration"] == found["metadata"]["generation"]


def test_a_rollout_is_never_called_done_while_old_pods_serve() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=3), 10)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(60)
    for change, all_ in world.history():
        if change.place.plural == "deployments" and change.body["status"].get("observedGeneration") == 4:
            new = [it for it in _pods(all_) if it["spec"]["containers"][0]["image"] == "app:2"]
            assert change.body["status"].get("updatedReplicas", 0) <= len(new)
            if condition(change.body, "Progressing")["reason"] == "NewReplicaSetAvailable":
                assert sum(map(is_ready, new)) == 3


def test_every_template_is_a_revision() -> None:
    world = driven()
    world.have(workload("Deployment"), 10)
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "1"
    for number in (2, 3):
        world.image("Deployment", "web", f"app:{number}")
        world.pass_(10)
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "3"
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", 0), "app:3": ("3", 1)}


@pytest.mark.parametrize("limit", [0, 2])
def test_old_replica_sets_are_kept_to_the_limit(limit: int) -> None:
    world = driven()
    world.have(workload("Deployment", revisionHistoryLimit=limit), 10)
    for number in range(2, 7):
        world.image("Deployment", "web", f"app:{number}")
        world.pass_(10)
    assert sorted(_sets(world)) == [f"app:{it}" for it in range(6 - limit, 7)]


def test_ten_replica_sets_are_kept_unless_something_is_said() -> None:
    world = driven()
    world.have(workload("Deployment"), 10)
    for number in range(2, 15):
        world.image("Deployment", "web", f"app:{number}")
        world.pass_(10)
    assert len(world.all("ReplicaSet")) == 11


def test_a_rollback_takes_its_replica_set_up_again() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    (first,) = world.names("ReplicaSet")
    world.image("Deployment", "web", "app:2")
    world.pass_(10)
    world.image("Deployment", "web", "app:1")
    world.pass_(10)
    assert _sets(world) == {"app:1": ("3", 2), "app:2": ("2", 0)}
    assert {it["metadata"]["labels"]["pod-template-hash"] for it in world.all("Pod")} == {first.removeprefix("web-")}
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "3"
    assert _progress(world) == ("True", "NewReplicaSetAvailable")


def test_ten_minutes_without_progress_are_too_long() -> None:
    began = time.process_time()
    world = driven()
    world.have(workload("Deployment", of=template(script=NEVER)), 599)
    assert _progress(world)[0] == "True"
    world.pass_(3)
    assert _progress(world) == ("False", "ProgressDeadlineExceeded")
    (name,) = world.names("ReplicaSet")
    said = condition(world.get("Deployment", "web"), "Progressing")
    assert said["message"] == f'ReplicaSet "{name}" has timed out progressing.'
    assert time.process_time() - began < 1


def test_a_deadline_is_counted_from_the_last_progress() -> None:
    """Pods come one by one, each just in time."""
    world = driven({"ready": 50})
    world.have(workload("Deployment", replicas=3, progressDeadlineSeconds=60, **_rolling(1, 0)), 120)
    world.image("Deployment", "web", "app:2")
    list(world.history())
    world.pass_(200)
    every = [it.body for it, _ in world.history() if it.place.plural == "deployments"]
    assert {condition(it, "Progressing")["status"] for it in every} == {"True"}
    assert _progress(world) == ("True", "NewReplicaSetAvailable")


def test_a_deadline_that_was_missed_is_forgiven_when_the_rollout_ends_well() -> None:
    world = driven({"ready": 100})
    world.have(workload("Deployment", progressDeadlineSeconds=30), 50)
    assert _progress(world) == ("False", "ProgressDeadlineExceeded")
    world.pass_(60)
    assert _progress(world) == ("True", "NewReplicaSetAvailable")


def test_a_new_template_begins_a_new_deadline() -> None:
    world = driven({"match": {"image": "app:1"}, "never-ready": "503"})
    world.have(workload("Deployment", progressDeadlineSeconds=30), 50)
    assert _progress(world) == ("False", "ProgressDeadlineExceeded")
    world.image("Deployment", "web", "app:2")
    world.pass_()
    assert _progress(world)[0] == "True"
    world.pass_(10)
    assert _progress(world) == ("True", "NewReplicaSetAvailable")
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", 1)}


def test_a_paused_deployment_does_not_roll() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    world.set("Deployment", "web", paused=True)
    world.image("Deployment", "web", "app:2")
    world.pass_(700)
    assert _sets(world) == {"app:1": ("1", 2)}
    assert _progress(world) == ("Unknown", "DeploymentPaused")
    found = world.get("Deployment", "web")
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert found["status"].get("updatedReplicas", 0) == 0
    world.set("Deployment", "web", paused=False)
    world.pass_(10)
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", 2)}
    assert _progress(world) == ("True", "NewReplicaSetAvailable")


def test_a_paused_deployment_can_be_scaled() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    world.set("Deployment", "web", paused=True)
    world.image("Deployment", "web", "app:2")
    world.set("Deployment", "web", replicas=4)
    world.pass_(10)
    assert _sets(world) == {"app:1": ("1", 4)}


def test_recreate_has_no_two_versions_at_once() -> None:
    world = driven()
    script = '{"slow-stop": 20}'
    world.have(workload("Deployment", replicas=3, of=template(script=script), strategy={"type": "Recreate"}), 10)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(10)
    assert {it["spec"]["containers"][0]["image"] for it in world.all("Pod")} == {"app:1"}
    world.pass_(60)
    for _, all_ in world.history():
        pods = [it for at, it in all_.items() if at.plural == "pods"]
        assert len({it["spec"]["containers"][0]["image"] for it in pods}) <= 1
    assert _sets(world) == {"app:1": ("1", 0), "app:2": ("2", 3)}


def test_scaling_is_no_rollout() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    list(world.history())
    for count in (5, 1, 0, 2):
        world.set("Deployment", "web", replicas=count)
        world.pass_(10)
        assert _sets(world) == {"app:1": ("1", count)}
        assert len(world.all("Pod")) == count
    every = [it.body for it, _ in world.history() if it.place.plural == "deployments"]
    assert {condition(it, "Progressing")["reason"] for it in every} == {"NewReplicaSetAvailable"}


def test_the_newest_pods_go_first_when_scaled_down() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    before = world.names("Pod")
    world.set("Deployment", "web", replicas=4)
    world.pass_(10)
    world.set("Deployment", "web", replicas=2)
    world.pass_(10)
    assert world.names("Pod") == before


def test_a_pod_that_is_lost_is_made_again_and_that_is_no_rollout() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=2), 10)
    lost = world.names("Pod")[0]
    world.delete("Pod", lost)
    world.pass_(10)
    assert lost not in world.names("Pod")
    assert len(world.all("Pod")) == 2
    assert _progress(world) == ("True", "NewReplicaSetAvailable")
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "1"


def test_availability_is_told() -> None:
    world = driven({"ready": 10})
    world.have(workload("Deployment", replicas=2, **_rolling(1, 0)), 5)
    assert condition(world.get("Deployment", "web"), "Available")["reason"] == "MinimumReplicasUnavailable"
    assert world.get("Deployment", "web")["status"]["unavailableReplicas"] == 2
    world.pass_(10)
    assert condition(world.get("Deployment", "web"), "Available")["status"] == "True"
    assert "unavailableReplicas" not in world.get("Deployment", "web")["status"]


def test_the_rollout_is_told_in_events() -> None:
    world = driven()
    world.have(workload("Deployment"), 10)
    (old,) = world.names("ReplicaSet")
    world.image("Deployment", "web", "app:2")
    world.pass_(10)
    new = next(it for it in world.names("ReplicaSet") if it != old)
    assert world.events("ScalingReplicaSet") == [
        f"Scaled up replica set {old} from 0 to 1",
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 1 to 0",
    ]
