"""StatefulSets, DaemonSets, Jobs, Services, routes and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from paasctl.model.kube import Kind
from paasctl.planning.readiness import kinds_for
from support.looks import WEB, Body, cause, event, one
from support.make import have, key
from support.rollouts import container, ended, pod, slices, waiting


def stateful(updated: int, ready: int, *, revision: str = "r2", **spec: Any) -> list[Body]:
    body = dict(have("StatefulSet/db", **spec).body)
    count = body["spec"]["replicas"]
    body["status"] = {
        "observedGeneration": 1, "replicas": count, "readyReplicas": ready, "availableReplicas": ready,
        "updatedReplicas": updated, "currentRevision": "r1", "updateRevision": revision,
    }  # fmt: skip
    labels = [{"controller-revision-hash": revision if at >= count - updated else "r1"} for at in range(count)]
    image = body["spec"]["template"]["spec"]
    return [body, *(pod(f"db-{at}", body, ready=at < ready, labels=it, spec=image) for at, it in enumerate(labels))]


STATEFUL: dict[str, tuple[list[Body], str]] = {
    "done": (stateful(2, 2), "ready: 2 of 2 new pods ready"),
    "one by one": (stateful(1, 2), "waiting: 1 of 2 new pods ready, 1 old"),
    "updated, not ready": (stateful(2, 1), "waiting: 1 of 2 new pods ready (not-ready)"),
    "held by a partition": (
        stateful(1, 2, updateStrategy={"rollingUpdate": {"partition": 1}}),
        "ready: 1 of 2 new pods ready, 1 old",
    ),
    "updated by hand": (stateful(0, 2, updateStrategy={"type": "OnDelete"}), "ready: 0 of 2 new pods ready, 2 old"),
    "nothing new": (stateful(0, 2, revision="r1"), "ready: 2 of 2 new pods ready"),
}


@pytest.mark.parametrize(("bodies", "expected"), STATEFUL.values(), ids=STATEFUL)
def test_a_stateful_set(bodies: list[Body], expected: str) -> None:
    assert one(key("StatefulSet/db"), bodies) == expected


def daemons(desired: int, updated: int, available: int) -> list[Body]:
    body = dict(have("DaemonSet/agent").body)
    counts = {"currentNumberScheduled": desired, "numberReady": available, "numberAvailable": available}
    body["status"] = {
        "observedGeneration": 1, "desiredNumberScheduled": desired, "updatedNumberScheduled": updated, **counts,
    }  # fmt: skip
    return [body]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((2, 2, 2), "ready: 2 of 2 new pods ready"),
        ((2, 1, 2), "waiting: 2 of 2 new pods ready"),
        ((2, 2, 1), "waiting: 1 of 2 new pods ready"),
        ((0, 0, 0), "ready: no pods wanted"),
    ],
)
def test_a_daemon_set(counts: tuple[int, int, int], expected: str) -> None:
    assert one(key("DaemonSet/agent"), daemons(*counts)) == expected


def a_job(*conditions: tuple[str, str], pods: Sequence[Body] = (), **status: Any) -> list[Body]:
    body = dict(have("Job/seed").body)
    told = [{"type": kind, "status": "True", "reason": reason, "message": "m"} for kind, reason in conditions]
    body["status"] = {"conditions": told, **status}
    for it in pods:
        it["metadata"]["ownerReferences"] = [{"uid": body["metadata"]["uid"], "controller": True}]
    return [body, *pods]


CRASHED = pod("seed-1", phase="Failed", containers=[container("web", state=ended(7))])
UNPULLED = pod("seed-2", phase="Pending", containers=[container("web", state=waiting("ErrImagePull", "not found"))])
JOBS: dict[str, tuple[list[Body], str]] = {
    "completed": (a_job(("Complete", ""), succeeded=1), "ready: completed"),
    "running": (a_job(active=1, failed=1), "waiting: 0 of 1 done, 1 failed"),
    "gave up": (a_job(("Failed", "BackoffLimitExceeded"), pods=[CRASHED]), "doomed: failed (job-failed)"),
    "a failed try is tried again": (a_job(pods=[CRASHED], failed=1), "waiting: 0 of 1 done, 1 failed (pod-failed)"),
    "an image that is not there": (a_job(pods=[UNPULLED]), "doomed: 0 of 1 done (image-not-found)"),
}


@pytest.mark.parametrize(("bodies", "expected"), JOBS.values(), ids=JOBS)
def test_a_job(bodies: list[Body], expected: str) -> None:
    assert one(key("Job/seed"), bodies) == expected


def test_a_job_that_gave_up_says_what_its_last_pod_said() -> None:
    bodies = a_job(("Failed", "BackoffLimitExceeded"), pods=[CRASHED])
    assert cause(key("Job/seed"), bodies) == (
        "Job/seed gave up (BackoffLimitExceeded): container web of pod seed-1 exits with code 7"
    )


def a_service(*others: Body, **spec: Any) -> list[Body]:
    return [dict(have("Service/web", **spec).body), *others]


def with_slices(bodies: list[Body]) -> list[Body]:
    return [*bodies, slices(bodies[0], [it for it in bodies if it["kind"] == "Pod"])]


SERVING = pod("web-1", ready=True, labels={"app.kubernetes.io/name": "web"})
STARTING = pod("web-1", labels={"app.kubernetes.io/name": "web"})
IDLE = dict(have("Deployment/web", replicas=0).body)
SERVICES: dict[str, tuple[list[Body], str]] = {
    "endpoints": (with_slices(a_service(SERVING)), "ready: 1 endpoint"),
    "none ready yet": (with_slices(a_service(STARTING)), "waiting: none of its pods is ready yet"),
    "pods ready, no endpoint": (a_service(SERVING), "waiting: no endpoint yet (no-endpoints)"),
    "no such labels anywhere": (
        a_service(SERVING, selector={"app": "typo"}),
        "waiting: Service/web selects app=typo, and no pod of this app has these labels (selects-nothing)",
    ),
    "scaled to nothing": (a_service(IDLE), "ready: no pods wanted"),
    "no selector": (a_service(selector=None), "ready: selects no pods"),
    "an outside name": (a_service(type="ExternalName"), "ready: selects no pods"),
}


@pytest.mark.parametrize(("bodies", "expected"), SERVICES.values(), ids=SERVICES)
def test_a_service(bodies: list[Body], expected: str) -> None:
    assert one(key("Service/web"), bodies) == expected


def test_a_port_name_that_no_pod_has_is_no_endpoint() -> None:
    bodies = with_slices(a_service(SERVING))
    bodies[-1]["ports"] = None
    assert one(key("Service/web"), bodies) == "waiting: no endpoint yet (no-endpoints)"


def a_route(*conditions: tuple[str, str], seen: int = 1) -> list[Body]:
    body = dict(have("HTTPRoute/web").body)
    told = [{"type": kind, "status": status, "message": "m", "observedGeneration": seen} for kind, status in conditions]
    body["status"] = {"parents": [{"conditions": told}]} if told else {}
    return [body]


@pytest.mark.parametrize(
    ("bodies", "elapsed", "expected"),
    [
        (a_route(("Accepted", "True"), ("ResolvedRefs", "True")), 0, "ready: accepted"),
        (a_route(("Accepted", "False")), 0, "waiting: HTTPRoute/web is refused: m (route-not-accepted)"),
        (
            a_route(("Accepted", "True"), ("ResolvedRefs", "False")),
            0,
            "waiting: HTTPRoute/web is refused: m (route-not-accepted)",
        ),
        (a_route(("Accepted", "True"), seen=0), 0, "waiting: no router has answered yet"),
        (a_route(), 0, "waiting: no router has answered yet"),
        (a_route(), 5, "ready: no router answers for it"),
    ],
)
def test_a_route(bodies: list[Body], elapsed: float, expected: str) -> None:
    assert one(key("HTTPRoute/web"), bodies, elapsed=elapsed) == expected


def plain(of: str, **status: Any) -> list[Body]:
    return [{**have(of).body, "status": status}]


@pytest.mark.parametrize(
    ("of", "status", "expected"),
    [
        ("Ingress/web", {}, "ready: no controller has published an address"),
        ("Ingress/web", {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}, "ready: at 10.0.0.9"),
        ("CronJob/n", {}, "ready: runs at 0 3 * * *"),
        ("PersistentVolumeClaim/d", {"phase": "Bound"}, "ready: bound to a volume"),
        ("PersistentVolumeClaim/d", {"phase": "Pending"}, "waiting: pending"),
        ("PersistentVolumeClaim/d", {"phase": "Lost"}, "doomed: PersistentVolumeClaim/d lost its volume (claim-lost)"),
        ("HorizontalPodAutoscaler/web", {"currentReplicas": 4}, "ready: 4 of 3 to 9"),
        ("ConfigMap/c", {}, "ready: exists; its state is not watched"),
        ("Pod/p", {"phase": "Succeeded"}, "ready: succeeded"),
    ],
)
def test_the_others(of: str, status: Body, expected: str) -> None:
    assert one(key(of), plain(of, **status)) == expected


def test_a_claim_waits_for_its_first_pod_or_says_why_it_gets_nothing() -> None:
    bodies, of = plain("PersistentVolumeClaim/d", phase="Pending"), key("PersistentVolumeClaim/d")
    about = "PersistentVolumeClaim/d"
    assert one(of, bodies, events=[event(about, "WaitForFirstConsumer", "m")]) == "ready: waits for its first pod"
    assert one(of, bodies, events=[event(about, "ProvisioningFailed", "m")]).endswith("(claim-pending)")


def test_the_kinds_to_look_at_do_not_grow_with_the_objects() -> None:
    few, many = kinds_for([WEB]), kinds_for([key(f"Deployment/w{it}") for it in range(50)])
    assert few == many == (Kind("", "Pod"), Kind("apps", "Deployment"), Kind("apps", "ReplicaSet"))
