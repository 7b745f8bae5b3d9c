"""StatefulSets go one pod after another; DaemonSets have one pod on the one node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paasctl.embedded.kube.model import Change, Object
from support.driven import Driven, body, driven, is_ready, template, workload


def _set(**spec: Any) -> Any:
    return workload("StatefulSet", "db", serviceName="db", **spec)


def _order(world: Driven) -> list[str]:
    """What became of pods, in the order it did: `+db-0` made, `ready db-0`, `-db-0` told to go."""
    told: list[str] = []
    for change, _ in world.history():
        if change.place.plural == "pods" and change.type != "DELETED":
            told += [
                f"{word}{change.place.name}" for word, holds in _TURNS if holds(change.body) and _not(change, holds)
            ]
    return told


def _not(change: Change, holds: Callable[[Object], bool]) -> bool:
    return change.before is None or not holds(change.before)


_TURNS: list[tuple[str, Callable[[Object], bool]]] = [
    ("+", lambda _: True),
    ("ready ", is_ready),
    ("-", lambda it: "deletionTimestamp" in it["metadata"]),
]


def _images(world: Driven) -> dict[str, str]:
    return {it["metadata"]["name"]: it["spec"]["containers"][0]["image"] for it in world.all("Pod")}


def test_pods_are_made_one_after_another_and_taken_away_from_the_end() -> None:
    world = driven({"ready": 5})
    world.have(_set(replicas=3), 60)
    assert _order(world) == ["+db-0", "ready db-0", "+db-1", "ready db-1", "+db-2", "ready db-2"]
    world.set("StatefulSet", "db", replicas=1)
    world.pass_(60)
    assert _order(world) == ["-db-2", "-db-1"]
    status = world.get("StatefulSet", "db")["status"]
    assert (status["replicas"], status["readyReplicas"], status["availableReplicas"]) == (1, 1, 1)


def test_a_pod_that_is_not_ready_holds_up_the_next() -> None:
    world = driven({"match": {"labels": {"apps.kubernetes.io/pod-index": "1"}}, "never-ready": "no"})
    world.have(_set(replicas=3), 600)
    assert world.names("Pod") == ["db-0", "db-1"]


def test_all_at_once_where_that_is_asked_for() -> None:
    world = driven({"ready": 5})
    world.have(_set(replicas=3, podManagementPolicy="Parallel"), 1)
    assert world.names("Pod") == ["db-0", "db-1", "db-2"]


def test_an_update_goes_from_the_last_to_the_first_and_waits_for_each() -> None:
    world = driven({"ready": 5})
    world.have(_set(replicas=3), 60)
    _order(world)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(120)
    assert _order(world) == [f"{word}{it}" for it in ("db-2", "db-1", "db-0") for word in ("-", "+", "ready ")]
    status = world.get("StatefulSet", "db")["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert (status["updatedReplicas"], status["currentReplicas"]) == (3, 3)


def test_an_update_stops_at_its_partition() -> None:
    world = driven()
    world.have(_set(replicas=3, updateStrategy={"rollingUpdate": {"partition": 2}}), 60)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(60)
    assert _images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    status = world.get("StatefulSet", "db")["status"]
    assert (status["updatedReplicas"], status["currentReplicas"]) == (1, 2)
    assert status["currentRevision"] != status["updateRevision"]


def test_a_pod_below_the_partition_comes_back_as_it_was() -> None:
    world = driven()
    world.have(_set(replicas=2, updateStrategy={"rollingUpdate": {"partition": 1}}), 60)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(60)
    world.delete("Pod", "db-0")
    world.pass_(60)
    assert _images(world) == {"db-0": "app:1", "db-1": "app:2"}


def test_on_delete_nothing_goes_by_itself() -> None:
    world = driven()
    world.have(_set(replicas=2, updateStrategy={"type": "OnDelete"}), 60)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(60)
    assert set(_images(world).values()) == {"app:1"}
    world.delete("Pod", "db-0")
    world.pass_(60)
    assert _images(world) == {"db-0": "app:2", "db-1": "app:1"}


def test_an_update_that_breaks_takes_one_pod_and_no_more() -> None:
    world = driven({"match": {"image": "app:2"}, "crash": {"exit": 1}})
    world.have(_set(replicas=3), 60)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(600)
    assert _images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}


def test_a_broken_pod_waits_for_somebody_even_when_the_template_is_mended() -> None:
    """The documentation's "forced rollback": the set waits for the broken pod, which never comes."""
    world = driven({"match": {"image": "app:2"}, "crash": {"exit": 1}})
    world.have(_set(replicas=2), 60)
    world.image("StatefulSet", "db", "app:2")
    world.pass_(60)
    world.image("StatefulSet", "db", "app:1")
    world.pass_(600)
    assert _images(world) == {"db-0": "app:1", "db-1": "app:2"}
    world.delete("Pod", "db-1")
    world.pass_(60)
    assert _images(world) == {"db-0": "app:1", "db-1": "app:1"}


def test_templates_are_kept_as_revisions_to_the_limit() -> None:
    world = driven()
    world.have(_set(replicas=2, revisionHistoryLimit=2), 60)
    for number in range(2, 7):
        world.image("StatefulSet", "db", f"app:{number}")
        world.pass_(60)
    found = world.all("ControllerRevision")
    assert sorted(it["revision"] for it in found) == [4, 5, 6]
    assert world.get("StatefulSet", "db")["status"]["updateRevision"] in [it["metadata"]["name"] for it in found]
    world.delete("StatefulSet", "db")
    world.pass_(60)
    assert world.all("ControllerRevision") == []


def test_a_pod_that_is_lost_comes_back_under_its_name() -> None:
    world = driven()
    world.have(_set(replicas=2), 60)
    before = world.get("Pod", "db-0")["metadata"]["uid"]
    world.delete("Pod", "db-0")
    world.pass_(60)
    after = world.get("Pod", "db-0")
    assert after["metadata"]["uid"] != before
    assert (after["spec"]["hostname"], after["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"]) == (
        "db-0", "db-0",
    )  # fmt: skip


def test_claims_are_made_of_templates_bound_and_kept() -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "3Gi"}}},
    }
    world = driven()
    world.have(_set(replicas=2, volumeClaimTemplates=[claim]), 60)
    assert world.names("PersistentVolumeClaim") == ["data-db-0", "data-db-1"]
    found = world.get("PersistentVolumeClaim", "data-db-1")["status"]
    assert found == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "3Gi"}}
    volumes = world.get("Pod", "db-1")["spec"]["volumes"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-1"}} in volumes
    world.delete("StatefulSet", "db")
    world.pass_(60)
    assert world.names("Pod") == []
    assert world.names("PersistentVolumeClaim") == ["data-db-0", "data-db-1"]


def test_a_pod_waits_for_its_claim() -> None:
    world = driven()
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "late"}}]
    world.have(body("Pod", "web", template(volumes=volumes)["spec"]), 30)
    assert not is_ready(world.pod)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    world.have(body("PersistentVolumeClaim", "late", spec), 10)
    assert is_ready(world.pod)


def test_observed_generation_follows() -> None:
    world = driven()
    world.have(_set(), 10)
    changed = world.image("StatefulSet", "db", "app:2")
    world.pass_()
    assert world.get("StatefulSet", "db")["status"]["observedGeneration"] == changed["metadata"]["generation"]


# --- DaemonSets ---


def test_a_daemon_set_has_one_pod_on_the_one_node() -> None:
    world = driven()
    world.have(workload("DaemonSet", "agent", of=template("agent")), 10)
    status = world.get("DaemonSet", "agent")["status"]
    wanted = ("currentNumberScheduled", "desiredNumberScheduled", "numberReady", "numberAvailable")
    assert [status[it] for it in (*wanted, "updatedNumberScheduled", "numberMisscheduled")] == [1, 1, 1, 1, 1, 0]
    assert world.pod["spec"]["nodeName"] == "sim"


def test_a_daemon_set_replaces_its_pod_when_its_template_changes() -> None:
    world = driven()
    world.have(workload("DaemonSet", "agent", of=template("agent")), 10)
    changed = world.image("DaemonSet", "agent", "app:2")
    world.pass_(10)
    assert list(_images(world).values()) == ["app:2"]
    status = world.get("DaemonSet", "agent")["status"]
    assert (status["updatedNumberScheduled"], status["observedGeneration"]) == (1, changed["metadata"]["generation"])


def test_a_daemon_set_that_is_not_ready_says_so() -> None:
    world = driven({"never-ready": "no"})
    world.have(workload("DaemonSet", "agent", of=template("agent")), 10)
    status = world.get("DaemonSet", "agent")["status"]
    assert (status["numberReady"], status["numberUnavailable"]) == (0, 1)


def test_a_daemon_set_on_delete_leaves_its_pod() -> None:
    world = driven()
    world.have(workload("DaemonSet", "agent", of=template("agent"), updateStrategy={"type": "OnDelete"}), 10)
    world.image("DaemonSet", "agent", "app:2")
    world.pass_(10)
    assert list(_images(world).values()) == ["app:1"]


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_pods_go_with_their_owner(kind: str) -> None:
    world = driven()
    world.have(workload(kind, "web"), 10)
    world.delete(kind, "web")
    world.pass_(60)
    assert world.all("Pod") == []
