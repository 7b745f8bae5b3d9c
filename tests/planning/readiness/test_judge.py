"""Verdicts, told in a line: one look in, `state: text (code)` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from paasctl.model.kube import Key, Kind, Live
from paasctl.model.verdict import Verdict
from paasctl.planning.readiness import CAUSES, Look, Memory, Patience, hint, judge, kinds_for
from support.make import have, key
from support.rollouts import REVISION, Course, How, Rollout, container, deployment, ended, pod, slices, waiting

Body = dict[str, Any]
WEB = key("Deployment/web")
TEMPLATE = {"metadata": {"labels": {"app.kubernetes.io/name": "web"}}, "spec": {"containers": [{"name": "web"}]}}


def lives(bodies: Sequence[Body]) -> list[Live]:
    return [Live(Key.of(it), it) for it in bodies]


def line(verdict: Verdict) -> str:
    return f"{verdict.state}: {verdict.text}" + (f" ({verdict.cause.code})" if verdict.cause else "")


def one(of: Key, bodies: Sequence[Body], *, events: Sequence[Body] = (), elapsed: float = 0.0) -> str:
    (verdict,), _ = judge([of], Look.at(lives(bodies), events, elapsed))
    return line(verdict)


def cause(of: Key, bodies: Sequence[Body], events: Sequence[Body] = ()) -> str:
    (verdict,), _ = judge([of], Look.at(lives(bodies), events))
    assert verdict.cause
    return verdict.cause.message


def event(about: str, reason: str, message: str, kind: str = "Warning") -> Body:
    return {
        "involvedObject": {"uid": f"uid-{about}"},
        "reason": reason,
        "message": message,
        "type": kind,
        "metadata": {},
    }


def rollout(how: How = "ready", *, before: bool = False, done: bool = True) -> list[Body]:
    """The objects of a Deployment of two, at the end of its course; with an older release where `before`."""
    live = dict(have("Deployment/web").body)
    template = live["spec"]["template"]
    old = {**template, "spec": {"containers": [{"name": "web", "image": "old"}]}}
    course = Course(template, revision=2, age=int(done), before=old if before else None)
    return deployment(live, course, Rollout(how))


# --- Deployment -----------------------------------------------------------------------------------------------------

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


def edit(bodies: list[Body], kind: str, change: Any, at: int = 0) -> list[Body]:
    found = [it for it in bodies if it["kind"] == kind]
    change(found[at])
    return bodies


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


# --- containers -----------------------------------------------------------------------------------------------------

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
POD = key("Pod/p")
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


# --- time -----------------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Looks one after the other, with what is remembered between them."""

    patience: Patience = field(default_factory=Patience)
    memory: Memory | None = None

    def look(self, bodies: Sequence[Body], elapsed: float, of: Key = WEB) -> tuple[str, str]:
        look = Look.at(lives(bodies), (), elapsed)
        (verdict,), self.memory = judge([of], look, self.memory, self.patience)
        return verdict.state, verdict.cause.code if verdict.cause else ""


def stand(bodies: Sequence[Body], times: Sequence[float]) -> list[tuple[str, str]]:
    watch = Watch()
    return [watch.look(bodies, it) for it in times]


BUDGETS: dict[How, float] = {
    "crash": 0, "oom": 0, "no-image": 0, "config-missing": 5, "quota": 10, "unschedulable": 30, "pull-trouble": 45,
    "not-ready": 180,
}  # fmt: skip


@pytest.mark.parametrize(("how", "seconds"), BUDGETS.items())
def test_a_symptom_dooms_only_after_it_has_stood(how: How, seconds: float) -> None:
    watch, bodies = Watch(), rollout(how)
    for elapsed in [100.0, 99.9 + seconds] if seconds else []:
        assert watch.look(bodies, elapsed)[0] == "waiting"
    assert watch.look(bodies, 100 + seconds)[0] == "doomed"


def test_a_symptom_that_goes_away_starts_anew() -> None:  # D17
    watch = Watch()
    broken, moving = rollout("quota"), rollout(done=False)
    assert [
        watch.look(it, at)[0] for it, at in ((broken, 0), (broken, 9), (moving, 9.5), (broken, 12), (broken, 21))
    ] == ["waiting"] * 5
    assert watch.look(broken, 22) == ("doomed", "quota-exceeded")


def flapping(count: int) -> list[Body]:
    """Two new pods: one is fine, the other runs between two crashes and has restarted so often."""
    bodies = edit(rollout(), "ReplicaSet", lambda it: it["status"].update(readyReplicas=1, availableReplicas=1))
    status = container("web", lastState=ended(2), restartCount=count)
    return edit(bodies, "Pod", lambda it: it["status"].update(containerStatuses=[status], conditions=[]), at=1)


def test_flapping_is_no_progress_one_pod_is_enough() -> None:  # D21, D24
    watch = Watch()
    assert watch.look(rollout(done=False), 0)[0] == "waiting"
    assert [watch.look(flapping(count), 1 + count)[0] for count in (1, 4)] == ["waiting", "waiting"]
    assert watch.look(flapping(5), 9) == ("doomed", "crash-loop")


def test_restarts_of_long_ago_do_not_count() -> None:
    watch = Watch()
    assert [watch.look(flapping(40), at)[0] for at in (0, 5)] == ["waiting", "waiting"]
    assert watch.look(flapping(45), 9)[0] == "doomed"


def test_every_cause_has_a_budget_and_a_next_command() -> None:
    from paasctl.model.verdict import Cause

    for code, (family, meaning) in CAUSES.items():
        assert hasattr(Patience(), family)
        assert meaning
        assert hint(Cause(code=code, message="m", pod="p", container="c"), WEB)
        assert code == code.lower().replace("_", "-")


# --- the others -----------------------------------------------------------------------------------------------------


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


# --- traffic (D30) --------------------------------------------------------------------------------------------------


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
