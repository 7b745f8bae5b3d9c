"""Jobs and CronJobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from paasctl.embedded.kube.controllers.cron import next_time
from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.making import end_pod, is_over, is_ready, make_pod
from paasctl.embedded.kube.controllers.shapes import holds, is_going, meta, moment, number, owned_by, part, stamp
from paasctl.embedded.kube.model import Object, Place, Refusal

NAME = "job-controller"
_FIRST_RETRY = 10.0
_JOBS = ("batch", "jobs")


def sync(desk: Desk, place: Place) -> None:
    """One look at one Job."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    if holds(body, "Complete") or holds(body, "Failed"):
        _outlived(desk, place, body)
        return
    pods = desk.seen.owned(body, "pods")
    good = [it for it in pods if part(it, "status").get("phase") == "Succeeded"]
    bad = [it for it in pods if part(it, "status").get("phase") == "Failed"]
    active = [it for it in pods if not is_over(it) and not is_going(it)]
    spec = part(body, "spec")
    wanted = number(spec, "completions", 1)
    failed = _failure(desk, body, bad)
    if failed or spec.get("suspend"):
        for it in active:
            end_pod(desk, body, it, NAME)
        active = []
    elif len(good) < wanted:
        active = _fill(desk, body, active, wanted - len(good), bad)
    conditions = _ending(desk, body, failed, done=len(good) >= wanted)
    _tell(desk, place, body, (len(good), len(bad), active), conditions)


def _failure(desk: Desk, body: Object, bad: list[Object]) -> tuple[str, str] | None:
    spec = part(body, "spec")
    if len(bad) > number(spec, "backoffLimit", 6) or _restarts_too_often(desk, body):
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    limit, began = spec.get("activeDeadlineSeconds"), moment(part(body, "status").get("startTime"))
    if limit is not None and began:
        if desk.now >= began + limit:
            return "DeadlineExceeded", "Job was active longer than specified deadline"
        desk.later(began + limit, Key("jobs", Place(*_JOBS, meta(body)["namespace"], meta(body)["name"])))
    return None


def _restarts_too_often(desk: Desk, body: Object) -> bool:
    """Whether pods that are restarted in their place (`OnFailure`) have used up the tries."""
    spec = part(body, "spec")
    if part(spec, "template", "spec").get("restartPolicy") != "OnFailure":
        return False
    statuses = (part(it, "status").get("containerStatuses") or () for it in desk.seen.owned(body, "pods"))
    tried = sum(number(it, "restartCount") for its in statuses for it in its)
    return tried >= max(1, number(spec, "backoffLimit", 6))


def _fill(desk: Desk, body: Object, active: list[Object], left: int, bad: list[Object]) -> list[Object]:
    place = Place(*_JOBS, meta(body)["namespace"], meta(body)["name"])
    room = min(number(part(body, "spec"), "parallelism", 1), left) - len(active)
    if room > 0 and bad:
        last = max(_ended(it) for it in bad)
        again = last + min(_FIRST_RETRY * 2 ** (len(bad) - 1), 360.0)
        if desk.now < again:
            desk.later(again, Key("jobs", place))
            return active
    made = list(active)
    for _ in range(max(0, room)):
        pod = make_pod(desk, body, _template(body), NAME)
        if isinstance(pod, Refusal):
            desk.later(desk.now + 5.0, Key("jobs", place))
            break
        if pod is not None:
            made.append(pod)
    return made


def _template(body: Object) -> Object:
    template: Object = body["spec"]["template"]
    named = {
        "batch.kubernetes.io/job-name": meta(body)["name"],
        "batch.kubernetes.io/controller-uid": meta(body)["uid"],
    }
    old = {"job-name": meta(body)["name"], "controller-uid": meta(body)["uid"]}
    described = part(template, "metadata")
    return {**template, "metadata": {**described, "labels": {**described.get("labels", {}), **named, **old}}}


def _ended(pod: Object) -> float:
    found = [
        part(it, "state", "terminated").get("finishedAt") for it in part(pod, "status").get("containerStatuses") or ()
    ]
    return max((moment(it) for it in found if it), default=0.0)


def _ending(desk: Desk, body: Object, failed: tuple[str, str] | None, *, done: bool) -> list[Object]:
    if not failed and not done:
        return []
    if failed:
        desk.event(body, failed[0], failed[1], NAME, "Warning")
        kinds = [("FailureTarget", *failed), ("Failed", *failed)]
    else:
        desk.event(body, "Completed", "Job completed", NAME)
        said = ("CompletionsReached", "Reached expected number of succeeded pods")
        kinds = [("SuccessCriteriaMet", *said), ("Complete", *said)]
    return [
        {
            "type": kind, "status": "True", "lastProbeTime": desk.stamp, "lastTransitionTime": desk.stamp,
            "reason": reason, "message": message,
        }
        for kind, reason, message in kinds
    ]  # fmt: skip


def _tell(
    desk: Desk, place: Place, body: Object, pods: tuple[int, int, list[Object]], conditions: list[Object]
) -> None:
    good, bad, active = pods
    said: dict[str, Any] = {"startTime": part(body, "status").get("startTime") or desk.stamp}
    counts = {"active": len(active), "succeeded": good, "failed": bad}
    said |= {name: it for name, it in counts.items() if it}
    said |= {"ready": sum(map(is_ready, active)), "terminating": 0, "uncountedTerminatedPods": {}}
    if conditions:
        said["conditions"] = conditions
        if conditions[-1]["type"] == "Complete":
            said["completionTime"] = desk.stamp
    desk.tell(place, desk.seen.get(place) or body, said, "kube-controller-manager")


def _outlived(desk: Desk, place: Place, body: Object) -> None:
    ttl = part(body, "spec").get("ttlSecondsAfterFinished")
    if ttl is None:
        return
    ended = max(moment(it.get("lastTransitionTime")) for it in part(body, "status").get("conditions") or ())
    if desk.now >= ended + ttl:
        desk.delete(place)
    else:
        desk.later(ended + ttl, Key("jobs", place))


def sync_cron(desk: Desk, place: Place) -> None:
    """One look at one CronJob."""
    body = desk.seen.get(place)
    if body is None or is_going(body):
        return
    jobs = desk.seen.owned(body, "jobs")
    active = [it for it in jobs if not holds(it, "Complete") and not holds(it, "Failed")]
    spec = part(body, "spec")
    last = moment(part(body, "status").get("lastScheduleTime")) or moment(meta(body).get("creationTimestamp"))
    schedule, said = str(spec.get("schedule", "")), dict(part(body, "status"))
    due = None if spec.get("suspend") else _newest(desk, schedule, last)
    if due and _may_start(desk, body, due, active):
        made = _start(desk, body, due, active)
        said["lastScheduleTime"] = stamp(due)
        active += [made] if made else []
    if not spec.get("suspend") and (coming := next_time(schedule, desk.now)):
        desk.later(coming, Key("cronjobs", place))
    said["active"] = [_reference(it) for it in active]
    if not said["active"]:
        del said["active"]
    if done := [moment(part(it, "status").get("completionTime")) for it in jobs if holds(it, "Complete")]:
        said["lastSuccessfulTime"] = stamp(max(done))
    desk.tell(place, desk.seen.get(place) or body, said, "kube-controller-manager")
    _forget(desk, body, jobs)


def _newest(desk: Desk, schedule: str, last: float) -> float | None:
    """The newest time since then that has come; those that were missed before it are not made up for."""
    newest, due = None, next_time(schedule, last)
    while due and due <= desk.now:
        newest, due = due, next_time(schedule, due)
    return newest


def _may_start(desk: Desk, body: Object, due: float, active: list[Object]) -> bool:
    deadline = part(body, "spec").get("startingDeadlineSeconds")
    if deadline is not None and desk.now > due + deadline:
        text = f"Missed scheduled time to start a job: {datetime.fromtimestamp(due, UTC):%a, %d %b %Y %H:%M:%S +0000}"
        desk.event(body, "MissSchedule", text, "cronjob-controller", "Warning")
        return False
    if active and part(body, "spec").get("concurrencyPolicy") == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        desk.event(body, "JobAlreadyActive", text, "cronjob-controller")
        return False
    return True


def _start(desk: Desk, body: Object, due: float, active: list[Object]) -> Object | None:
    policy = part(body, "spec").get("concurrencyPolicy", "Allow")
    for it in active if policy == "Replace" else ():
        desk.delete(Place(*_JOBS, meta(it)["namespace"], meta(it)["name"]))
    template, namespace = part(body, "spec", "jobTemplate"), meta(body)["namespace"]
    name = f"{meta(body)['name']}-{int(due // 60)}"
    made = desk.create(
        Place(*_JOBS, namespace, name),
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                **part(template, "metadata"),
                "name": name,
                "namespace": namespace,
                "ownerReferences": owned_by(body),
            },
            "spec": dict(part(template, "spec")),
        },
        "kube-controller-manager",
    )
    if made:
        desk.event(body, "SuccessfulCreate", f"Created job {name}", "cronjob-controller")
    return made


def _reference(job: Object) -> Object:
    found = meta(job)
    return {
        "kind": "Job", "namespace": found["namespace"], "name": found["name"], "uid": found["uid"],
        "apiVersion": "batch/v1", "resourceVersion": found["resourceVersion"],
    }  # fmt: skip


def _forget(desk: Desk, body: Object, jobs: list[Object]) -> None:
    spec = part(body, "spec")
    for kind, name, default in (("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)):
        done = sorted((it for it in jobs if holds(it, kind)), key=lambda it: str(meta(it).get("creationTimestamp")))
        for it in done[: max(0, len(done) - number(spec, name, default))]:
            desk.delete(Place(*_JOBS, meta(it)["namespace"], meta(it)["name"]))
