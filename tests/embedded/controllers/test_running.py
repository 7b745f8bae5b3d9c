"""Controllers as a whole: they go on where others stopped, try again what was refused, and live by their clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.controllers import replicasets
from paasctl.embedded.kube.controllers.running import run
from paasctl.embedded.kube.controllers.scripts import BadScriptError, read_scripts
from paasctl.embedded.kube.model import By, Object, Place, Refusal
from support.driven import Driven, body, condition, driven, is_ready, pod, status_of, template, waiting, workload


def _again(world: Driven) -> None:
    """End its controllers and begin anew over what is stored."""
    world.running.stop()
    world.running = run(world.store, world.clock)


def test_others_go_on_with_a_rollout() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=4, of=template(script='{"ready": 5}')), 30)
    world.image("Deployment", "web", "app:2")
    for _ in range(30):
        world.pass_(3)
        _again(world)
    assert world.get("Deployment", "web")["status"]["updatedReplicas"] == 4
    assert [is_ready(it) for it in world.all("Pod")] == [True] * 4
    assert condition(world.get("Deployment", "web"), "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_others_touch_nothing_that_is_well() -> None:
    world = driven()
    world.make(workload("Deployment", replicas=2))
    world.make(workload("StatefulSet", "db"))
    world.make(workload("DaemonSet", "agent"))
    world.have(body("Job", "seed", {"template": template("seed", script='{"exit": 0}', restartPolicy="Never")}), 60)
    before = world.store.version()
    _again(world)
    world.pass_(3600)
    assert world.store.version() == before


def test_a_crash_loop_waits_no_shorter_and_no_longer_for_it() -> None:
    world = driven()
    world.have(pod({"crash": {"exit": 3, "after": 1}}), 100)
    restarts = status_of(world.pod)["restartCount"]
    reason, message = waiting(world)
    assert (restarts, reason, message.startswith("back-off 1m20s")) == (4, "CrashLoopBackOff", True)
    _again(world)
    world.pass_(50)
    assert (status_of(world.pod)["restartCount"], waiting(world)) == (4, (reason, message))
    world.pass_(20)
    assert status_of(world.pod)["restartCount"] == 5
    assert waiting(world)[1].startswith("back-off 2m40s")


def test_a_deadline_is_not_counted_anew() -> None:
    world = driven({"never-ready": "no"})
    world.have(workload("Deployment"), 500)
    world.running.stop()
    world.running = run(world.store, world.clock, scripts=read_scripts([{"never-ready": "no"}]))
    world.pass_(102)
    assert condition(world.get("Deployment", "web"), "Progressing")["reason"] == "ProgressDeadlineExceeded"


def test_a_cron_job_goes_on_and_makes_up_for_the_newest() -> None:
    world = driven()
    job = {"spec": {"template": template("tick", script='{"exit": 0}', restartPolicy="Never")}}
    world.have(body("CronJob", "tick", {"schedule": "*/5 * * * *", "jobTemplate": job}), 310)
    world.running.stop()
    world.pass_(3600)
    assert len(world.all("Job")) == 1
    world.running = run(world.store, world.clock)
    world.pass_(10)
    assert len(world.all("Job")) == 2


def _refusing(world: Driven, refusal: Refusal, plural: str = "pods") -> Callable[[], None]:
    """Refuse every create of a kind; what it gives ends that."""
    create = world.store.create

    def refused(place: Place, body: Object, by: By) -> Object:
        if place.plural == plural:
            raise refusal
        return create(place, body, by)

    world.store.create = refused  # type: ignore[method-assign]

    def end() -> None:
        world.store.create = create  # type: ignore[method-assign]

    return end


def test_a_pod_that_a_quota_forbids_is_told_and_tried_again() -> None:
    world = driven()
    why = 'pods "web" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2'
    end = _refusing(world, Refusal(403, "Forbidden", why))
    world.have(workload("Deployment", replicas=2), 60)
    (owner,) = world.all("ReplicaSet")
    for it in (owner, world.get("Deployment", "web")):
        failure = condition(it, "ReplicaFailure")
        assert (failure["status"], failure["reason"], failure["message"]) == ("True", "FailedCreate", why)
    assert world.events("FailedCreate") == [f"Error creating: {why}"]
    end()
    world.pass_(30)
    assert [is_ready(it) for it in world.all("Pod")] == [True] * 2
    assert not condition(world.get("Deployment", "web"), "ReplicaFailure")


def test_a_refused_write_of_a_controller_holds_nobody_else_up() -> None:
    world = driven()
    end = _refusing(world, Refusal(422, "Invalid", "no"), "replicasets")
    world.make(workload("Deployment"))
    world.have(workload("StatefulSet", "db"), 30)
    assert world.names("Pod") == ["db-0"]
    end()
    world.pass_(30)
    assert len(world.all("Pod")) == 2


def _label(number: int, it: Any) -> None:
    it["metadata"].setdefault("labels", {})["n"] = str(number)


def test_somebody_who_writes_all_the_time_is_no_harm() -> None:
    world = driven()
    world.have(workload("Deployment", replicas=3), 10)
    world.image("Deployment", "web", "app:2")
    for number in range(40):
        for kind, name in [("Deployment", "web"), *(("Pod", it) for it in world.names("Pod"))]:
            world.change(kind, name, partial(_label, number))
        world.pass_(0.5)
    assert world.get("Deployment", "web")["status"]["updatedReplicas"] == 3
    assert world.get("Deployment", "web")["status"]["replicas"] == 3


def test_an_hour_of_a_whole_namespace_takes_no_time() -> None:
    world = driven({"match": {"labels": {"app": "ill"}}, "crash": {"exit": 1}})
    for name in ("web", "ill", "api"):
        world.make(workload("Deployment", name, replicas=3))
    world.pass_(3600)
    assert sum(map(is_ready, world.all("Pod"))) == 6


# --- the clock ---


class _Mover:
    """Somebody who has something to do at these times."""

    def __init__(self, clock: DrivenClock, *times: float) -> None:
        self.clock, self.times, self.told = clock, sorted(times), list[float]()

    def settle(self) -> None:
        while self.times and self.times[0] <= self.clock.utc():
            self.times.pop(0)
            self.told.append(self.clock.utc())

    def due(self) -> float | None:
        return self.times[0] if self.times else None


def test_a_driven_clock_stops_at_all_that_is_due_on_the_way() -> None:
    clock = DrivenClock(100.0)
    one, two = _Mover(clock, 101.0, 105.0), _Mover(clock, 103.0, 90.0, 200.0)
    clock.attach(one)
    clock.attach(two)
    clock.advance(5)
    assert (one.told, two.told) == ([101.0, 105.0], [100.0, 103.0])
    assert clock.utc() == 105.0
    clock.detach(two)
    clock.advance(200)
    assert (clock.utc(), two.told) == (305.0, [100.0, 103.0])


def test_a_driven_clock_stands_still_by_itself() -> None:
    world = driven()
    world.make(workload("Deployment"))
    threading.Event().wait(0.05)
    assert world.all("ReplicaSet") == []
    assert world.now == 0


# --- scripts ---


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["ready"], "script 1 is no mapping"),
        ([{}, {"match": {"colour": "red"}}], "script 2: 'colour' is nothing to match by"),
        ([{"explode": True}], "script 1: 'explode' is nothing that a pod does"),
    ],
)
def test_a_script_that_cannot_be_read_says_why(said: Any, why: str) -> None:
    with pytest.raises(BadScriptError, match=why):
        read_scripts(said)


@pytest.mark.parametrize(
    "does",
    [
        *({"ready": "soon"}, {"ready": float("nan")}, {"ready": -1}, {"slow-stop": float("inf")}, {"exit": None}),
        *({"crash": {"exit": "x"}}, {"crash": {"exti": 3}}, {"crash": 3}, {"crash": {"logs": "x"}}, {"exit": 1 << 31}),
        *({"logs": 3}, {"logs": "x"}, {"logs": [3]}, {"oom": "false"}, {"pull": "never"}, {"never-ready": {}}),
        *({"match": 3}, {"match": {"labels": ["app"]}}, {"match": {"env": {"A": 1}}}, {"match": {"args": 5}}),
        *({"match": {"image": 5}}, {"match": {"container": []}}, {"match": {"namespace": 1}}),
    ],
    ids=str,
)
def test_a_script_whose_values_make_no_sense_is_refused(does: dict[str, Any]) -> None:
    with pytest.raises(BadScriptError, match="script 1"):
        read_scripts([does])


def test_what_a_bug_kept_from_being_looked_at_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    world = driven()
    with monkeypatch.context() as patched:
        patched.setattr(replicasets, "make_pod", bug)
        with pytest.raises(ZeroDivisionError):
            world.have(workload("Deployment", replicas=1), 5)
    world.pass_(20)
    assert is_ready(world.pod)
