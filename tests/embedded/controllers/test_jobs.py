"""Jobs end well or ill by their limits; CronJobs start them at their times."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from paasctl.embedded.kube.controllers.cron import next_time
from paasctl.embedded.kube.controllers.shapes import moment, stamp
from paasctl.embedded.kube.model import Object
from support.driven import Driven, body, condition, driven, is_ready, template, workload

GOOD, BAD, LONG = '{"exit": 0, "ready": 2}', '{"exit": 3, "ready": 2}', '{"exit": 0, "ready": 150}'


def _job(script: str = GOOD, policy: str = "Never", **spec: Any) -> Object:
    return body("Job", "seed", {"template": template("seed", script=script, restartPolicy=policy), **spec})


def _end(world: Driven) -> tuple[str, str]:
    job = world.get("Job", "seed")
    return next(
        ((it, condition(job, it)["reason"]) for it in ("Complete", "Failed") if condition(job, it)), ("", "")
    )  # fmt: skip


def _made_at(world: Driven) -> list[float]:
    """Seconds after which each pod was made."""
    pods = {it.place.name: it.body for it, _ in world.history() if it.place.plural == "pods"}
    return sorted(moment(it["metadata"]["creationTimestamp"]) - world.clock.utc() + world.now for it in pods.values())


# --- Jobs ---


def test_a_job_is_complete_when_its_pod_has_succeeded() -> None:
    world = driven()
    world.have(_job(), 1)
    assert (world.get("Job", "seed")["status"]["active"], _end(world)) == (1, ("", ""))
    world.pass_(10)
    status = world.get("Job", "seed")["status"]
    assert _end(world) == ("Complete", "CompletionsReached")
    assert (status["succeeded"], "active" in status) == (1, False)
    assert status["completionTime"] == "2026-01-01T00:00:02Z"
    assert world.pod["status"]["phase"] == "Succeeded"
    assert world.events("Completed") == ["Job completed"]


def test_a_job_that_nothing_is_said_of_ends_well_beside_its_sidecar() -> None:
    world = driven()
    sidecar = {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}
    of = template("seed", container={"args": ["migrate"]}, initContainers=[sidecar], restartPolicy="Never")
    world.have(body("Job", "seed", {"template": of}), 10)
    assert _end(world) == ("Complete", "CompletionsReached")
    assert world.pod["status"]["initContainerStatuses"][0]["restartCount"] == 0


def test_only_a_job_s_words_make_a_container_end() -> None:
    world = driven()
    world.have(workload("Deployment", of=template(container={"args": ["queue", "job"]}), replicas=1), 30)
    assert is_ready(world.pod)


def test_a_job_has_as_many_pods_at_once_as_it_may_and_as_many_as_it_must() -> None:
    world = driven()
    world.have(_job(completions=5, parallelism=2), 60)
    alive = [
        sum(it["status"].get("phase") in ("Pending", "Running") for at, it in all_.items() if at.plural == "pods")
        for _, all_ in world.history()
    ]
    assert max(alive) == 2
    assert (len(world.all("Pod")), world.get("Job", "seed")["status"]["succeeded"]) == (5, 5)
    assert _end(world)[0] == "Complete"


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_a_job_gives_up_after_its_tries(limit: int) -> None:
    world = driven()
    world.have(_job(BAD, backoffLimit=limit), 600)
    assert _end(world) == ("Failed", "BackoffLimitExceeded")
    status = world.get("Job", "seed")["status"]
    assert (status["failed"], len(world.all("Pod"))) == (limit + 1, limit + 1)
    assert "completionTime" not in status
    assert condition(world.get("Job", "seed"), "FailureTarget")["status"] == "True"


def test_a_job_tries_seven_times_unless_something_is_said() -> None:
    world = driven()
    world.have(_job(BAD), 3000)
    assert len(world.all("Pod")) == 7


def test_each_try_waits_longer() -> None:
    world = driven()
    world.have(_job(BAD, backoffLimit=4), 600)
    made = _made_at(world)
    assert [round(after - before - 2) for before, after in pairwise(made)] == [10, 20, 40, 80]


@pytest.mark.parametrize("limit", [0, 2])
def test_a_job_whose_pod_is_restarted_in_its_place_gives_up_too(limit: int) -> None:
    world = driven()
    world.have(_job(BAD, "OnFailure", backoffLimit=limit), 600)
    assert _end(world) == ("Failed", "BackoffLimitExceeded")
    assert world.all("Pod") == []


def test_a_job_that_takes_too_long_is_ended() -> None:
    world = driven()
    world.have(_job(LONG, activeDeadlineSeconds=30), 29)
    assert _end(world) == ("", "")
    world.pass_(2)
    assert _end(world) == ("Failed", "DeadlineExceeded")
    assert world.all("Pod") == []


def test_a_job_that_is_over_goes_after_its_time() -> None:
    world = driven()
    world.have(_job(ttlSecondsAfterFinished=60), 61)
    assert _end(world)[0] == "Complete"
    world.pass_(2)
    assert (world.all("Job"), world.all("Pod")) == ([], [])


def test_a_suspended_job_runs_nothing_until_it_goes_on() -> None:
    world = driven()
    world.have(_job(suspend=True), 60)
    assert world.all("Pod") == []
    world.set("Job", "seed", suspend=False)
    world.pass_(10)
    assert _end(world)[0] == "Complete"


def test_a_job_that_is_over_makes_no_pod_again() -> None:
    world = driven()
    world.have(_job(), 10)
    world.delete("Pod", world.pod["metadata"]["name"])
    world.pass_(600)
    assert (world.all("Pod"), _end(world)[0]) == ([], "Complete")


# --- CronJobs ---


def _cron(schedule: str = "*/5 * * * *", script: str = GOOD, **spec: Any) -> Object:
    job = {"spec": {"template": template("tick", script=script, restartPolicy="Never"), "backoffLimit": 0}}
    return body("CronJob", "tick", {"schedule": schedule, "jobTemplate": job, **spec})


def _started(world: Driven) -> list[int]:
    """Minutes since the world began of all Jobs that are there."""
    began = int((world.clock.utc() - world.now) // 60)
    return [int(it.removeprefix("tick-")) - began for it in world.names("Job")]


def test_a_cron_job_starts_jobs_at_its_times() -> None:
    world = driven()
    world.have(_cron(), 299)
    assert _started(world) == []
    world.pass_(1)
    assert _started(world) == [5]
    world.pass_(600)
    assert _started(world) == [5, 10, 15]
    status = world.get("CronJob", "tick")["status"]
    assert (status["lastScheduleTime"], "active" in status) == ("2026-01-01T00:15:00Z", True)
    world.pass_(10)
    status = world.get("CronJob", "tick")["status"]
    assert (status["lastSuccessfulTime"], "active" in status) == ("2026-01-01T00:15:02Z", False)


@pytest.mark.parametrize(("kept", "good"), [(3, {}), (1, {"successfulJobsHistoryLimit": 1})])
def test_jobs_that_went_well_are_kept_to_the_limit(kept: int, good: dict[str, Any]) -> None:
    world = driven()
    world.have(_cron(**good), 3600)
    world.pass_(10)
    assert _started(world) == [60 - 5 * it for it in range(kept)][::-1]
    assert len(world.all("Pod")) == kept


@pytest.mark.parametrize(("kept", "bad"), [(1, {}), (2, {"failedJobsHistoryLimit": 2})])
def test_jobs_that_failed_are_kept_to_a_limit_of_their_own(kept: int, bad: dict[str, Any]) -> None:
    world = driven()
    world.have(_cron(script=BAD, **bad), 3610)
    assert len(world.all("Job")) == kept


@pytest.mark.parametrize(("policy", "alive"), [("Allow", [1, 2, 3]), ("Forbid", [1]), ("Replace", [3])])
def test_what_still_runs_is_let_be_forbids_the_next_or_is_replaced(policy: str, alive: list[int]) -> None:
    world = driven()
    world.have(_cron("* * * * *", '{"exit": 0, "ready": 9000}', concurrencyPolicy=policy), 185)
    assert _started(world) == alive
    assert [it["name"] for it in world.get("CronJob", "tick")["status"]["active"]] == world.names("Job")
    assert sum(it["status"]["phase"] == "Running" for it in world.all("Pod")) == len(alive)


def test_a_run_that_was_forbidden_starts_when_the_one_before_is_over() -> None:
    world = driven()
    world.have(_cron("* * * * *", LONG, concurrencyPolicy="Forbid"), 60 + 149)
    assert _started(world) == [1]
    world.pass_(3)
    assert _started(world) == [1, 3]


def test_a_run_that_was_forbidden_for_too_long_is_missed() -> None:
    world = driven()
    world.have(_cron("* * * * *", LONG, concurrencyPolicy="Forbid", startingDeadlineSeconds=20), 60 + 155)
    assert _started(world) == [1]
    assert world.events("MissSchedule") == ["Missed scheduled time to start a job: Thu, 01 Jan 2026 00:03:00 +0000"]
    world.pass_(30)
    assert _started(world) == [1, 4]


def test_a_suspended_cron_job_starts_nothing_and_then_only_the_newest_it_missed() -> None:
    world = driven()
    world.have(_cron(suspend=True), 3700)
    assert _started(world) == []
    world.set("CronJob", "tick", suspend=False)
    world.pass_(10)
    assert _started(world) == [60]
    world.pass_(300)
    assert _started(world) == [60, 65]


def test_a_cron_job_takes_its_jobs_with_it() -> None:
    world = driven()
    world.have(_cron(), 310)
    assert world.names("Job")
    world.delete("CronJob", "tick")
    world.pass_(60)
    assert (world.all("Job"), world.all("Pod")) == ([], [])


@pytest.mark.parametrize(
    ("schedule", "at"),
    [
        ("* * * * *", "2026-01-01T00:01:00Z"),
        ("30 4 * * *", "2026-01-01T04:30:00Z"),
        ("0 0 * * *", "2026-01-02T00:00:00Z"),
        ("@hourly", "2026-01-01T01:00:00Z"),
        ("0 12 29 2 *", "2028-02-29T12:00:00Z"),
        ("0 0 * * sun", "2026-01-04T00:00:00Z"),
        ("0 0 * * 7", "2026-01-04T00:00:00Z"),
        ("0 9-17/4 * * mon-fri", "2026-01-01T09:00:00Z"),
        ("0 0 13 * 5", "2026-01-02T00:00:00Z"),
        ("15,45 * * * *", "2026-01-01T00:15:00Z"),
        ("0 0 1 feb *", "2026-02-01T00:00:00Z"),
    ],
)
def test_a_schedule_comes_round(schedule: str, at: str) -> None:
    found = next_time(schedule, moment("2026-01-01T00:00:00Z"))
    assert found is not None
    assert stamp(found) == at


@pytest.mark.parametrize("schedule", ["", "nope", "* * * *", "60 * * * *", "* 24 * * *", "0 0 0 * *", "*/0 * * * *"])
def test_a_schedule_that_cannot_be_read_never_comes(schedule: str) -> None:
    assert next_time(schedule, 0.0) is None


def test_a_cron_job_with_no_such_schedule_harms_nobody() -> None:
    world = driven()
    world.make(_cron("99 * * * *"))
    world.have(_job(), 60)
    assert _end(world)[0] == "Complete"
