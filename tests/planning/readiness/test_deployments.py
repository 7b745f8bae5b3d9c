"""Deployments: one look in, a line out."""

from __future__ import annotations

from typing import Any

import pytest

from support.looks import WEB, Body, edit, one, rollout, stand
from support.make import have
from support.rollouts import REVISION, Course, Rollout, deployment, pod

DEPLOYMENTS: dict[str, tuple[list[Body], str]] = {
    "rolled out": (rollout(), "ready: 2 of 2 new pods ready"),
    "on its way": (rollout(done=False), "waiting: 0 of 2 new pods ready"),
    "on its way, the old ones serve": (rollout(done=False, before=True), "waiting: 0 of 2 new pods ready, 2 old"),
    "old ones ready, new ones broken: no success (D28)": (
        rollout("crash", before=True),
        "doomed: 0 of 2 new pods ready, 2 old (crash-loop)",
    ),
    "crash loop (D21)": (rollout("crash"), "doomed: 0 of 2 new pods ready (crash-loop)"),
    "too little memory (D21)": (rollout("oom"), "doomed: 0 of 2 new pods ready (out-of-memory)"),
    "no such image (D20)": (rollout("no-image"), "doomed: 0 of 2 new pods ready (image-not-found)"),
    "a registry that does not answer (D20)": (rollout("pull-trouble"), "waiting: 0 of 2 new pods ready (image-pull)"),
    "a Secret that is missing": (rollout("config-missing"), "waiting: 0 of 2 new pods ready (config-missing)"),
    "no node for it (D26)": (rollout("unschedulable"), "waiting: 0 of 2 new pods ready (unschedulable)"),
    "never ready (D23)": (rollout("not-ready"), "waiting: 0 of 2 new pods ready (not-ready)"),
    "no room for it (D17)": (rollout("quota"), "waiting: 0 of 2 new pods ready (quota-exceeded)"),
    "not there": ([], "waiting: Deployment/web is not there (gone)"),
}


@pytest.mark.parametrize(("bodies", "expected"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_a_deployment(bodies: list[Body], expected: str) -> None:
    assert one(WEB, bodies) == expected


def test_a_stale_status_is_no_verdict() -> None:  # D25
    bodies = edit(rollout(), "Deployment", lambda it: it["metadata"].update(generation=9))
    assert one(WEB, bodies) == "waiting: its controller has not seen the change yet"


def test_the_newest_replica_set_is_told_by_owner_and_revision() -> None:  # D25
    other = edit(rollout(), "ReplicaSet", lambda it: it["metadata"]["annotations"].update({REVISION: "1"}))
    assert one(WEB, other) == "waiting: its new ReplicaSet is being made"
    foreign = edit(rollout(), "ReplicaSet", lambda it: it["metadata"]["ownerReferences"][0].update(uid="another"))
    assert one(WEB, foreign) == "waiting: its new ReplicaSet is being made"


def test_available_counts_not_only_ready() -> None:
    bodies = edit(rollout(), "ReplicaSet", lambda it: it["status"].update(availableReplicas=1))
    assert one(WEB, bodies) == "waiting: 2 of 2 new pods ready"


def test_an_old_pod_that_serves_is_not_yet_success() -> None:
    bodies = edit(rollout(), "Deployment", lambda it: it["status"].update(availableReplicas=3, replicas=3))
    assert one(WEB, bodies) == "waiting: 2 of 2 new pods ready, 1 old"


def test_ready_pods_must_run_the_intended_image() -> None:  # D28
    def rewrite(image: str, proof: str = "") -> Any:
        def change(it: Body) -> None:
            it["spec"]["containers"][0]["image"] = image
            it["status"]["containerStatuses"][0]["imageID"] = proof

        return change

    wanted = str(have("Deployment/web").body["spec"]["template"]["spec"]["containers"][0]["image"])
    sha = wanted.partition("@")[2]
    assert one(WEB, edit(rollout(), "Pod", rewrite("other:latest"))) == "waiting: 2 of 2 new pods ready"
    assert one(WEB, edit(rollout(), "Pod", rewrite(f"mirror.example/shop/web@{sha}"))).startswith("ready")
    assert one(WEB, edit(rollout(), "Pod", rewrite("mirror.example/web:1", f"mirror.example/web@{sha}"))).startswith(
        "ready"
    )


def test_scaled_to_nothing_is_ready() -> None:
    live = dict(have("Deployment/web", replicas=0).body)
    bodies = deployment(live, Course(live["spec"]["template"], age=1), Rollout())
    assert one(WEB, bodies) == "ready: no pods wanted"


def test_one_bad_pod_never_dooms_its_neighbours() -> None:  # krane's rule
    bodies = edit(rollout(), "Deployment", lambda it: it["status"].update(availableReplicas=1))
    broken = next(it for it in rollout("crash") if it["kind"] == "Pod")["status"]
    edit(bodies, "Pod", lambda it: it.update(status=broken), at=1)
    edit(bodies, "ReplicaSet", lambda it: it["status"].update(readyReplicas=1, availableReplicas=1))
    assert one(WEB, bodies, elapsed=900) == "waiting: 1 of 2 new pods ready (crash-loop)"


def test_one_pod_without_a_node_dooms_the_rollout_when_it_stands() -> None:  # D26
    bodies = edit(rollout(), "ReplicaSet", lambda it: it["status"].update(readyReplicas=1, availableReplicas=1))
    stuck = next(it for it in rollout("unschedulable") if it["kind"] == "Pod")["status"]
    edit(bodies, "Pod", lambda it: it.update(status=stuck), at=1)
    assert [state for state, _ in stand(bodies, [0, 29, 30])] == ["waiting", "waiting", "doomed"]


def test_a_paused_deployment_says_so() -> None:
    bodies = edit(rollout(done=False), "Deployment", lambda it: it["spec"].update(paused=True))
    assert one(WEB, bodies) == "waiting: Deployment/web is paused: nothing is rolled out (paused)"


def test_the_progress_deadline_counts_from_the_apply() -> None:  # D24
    exceeded = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    bodies = edit(rollout("not-ready"), "Deployment", lambda it: it["status"].update(conditions=[exceeded]))
    edit(bodies, "Deployment", lambda it: it["spec"].update(progressDeadlineSeconds=60))
    assert one(WEB, bodies, elapsed=59).endswith("(not-ready)")
    assert one(WEB, bodies, elapsed=60) == "doomed: 0 of 2 new pods ready (progress-deadline)"


def test_evicted_and_leaving_pods_are_nobodys_fault() -> None:  # D27
    evicted = pod("web-e", phase="Failed", reason="Evicted")
    lost = pod("web-l", phase="Failed", conditions=[{"type": "DisruptionTarget", "status": "True"}])
    going = pod("web-g", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}, phase="Failed")
    for it in (evicted, lost, going):
        bodies = rollout(done=False)
        it["metadata"]["ownerReferences"] = [{"uid": bodies[1]["metadata"]["uid"], "controller": True}]
        assert one(WEB, [*bodies[:2], it]) == "waiting: 0 of 2 new pods ready"
