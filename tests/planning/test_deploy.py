"""What a deploy does, told in sentences: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paasctl.model.kube import Kind, Target
from paasctl.model.plan import Apply
from paasctl.planning.deploy import (
    TargetFacts,
    permissions,
    same_writes,
    to_preview,
    to_watch,
)
from support.cluster import FakeCluster
from support.deploys import HAD, WEB, deploy, facts, record, told
from support.make import TARGET, foreign, have, want
from support.rollouts import Rollout

CASES: dict[str, tuple[TargetFacts, list[str]]] = {
    "nothing there: what others mention first, routes only when there is something behind them": (
        facts([want("HTTPRoute/web"), *WEB, want("HorizontalPodAutoscaler/web"), want("ServiceAccount/web")]),
        [
            "create ServiceAccount/web + create ConfigMap/web + create Service/web",
            "create Deployment/web",
            "create HorizontalPodAutoscaler/web",
            "wait up to 9 s for Deployment/web, Service/web",
            "create HTTPRoute/web",
            "wait up to 9 s for HTTPRoute/web",
        ],
    ),
    "everything is as wanted": (facts(WEB, HAD), []),
    "an image changes": (
        facts([want("Deployment/web@v2"), *WEB[1:]], HAD),
        ["update Deployment/web", "wait up to 9 s for Deployment/web, Service/web"],
    ),
    "configuration comes before what reads it, the old one goes after the wait": (
        facts([want("Deployment/web@v2"), want("ConfigMap/web-2")], [have("Deployment/web"), have("ConfigMap/web-1")]),
        [
            "create ConfigMap/web-2",
            "update Deployment/web",
            "wait up to 9 s for Deployment/web",
            "delete ConfigMap/web-1",
        ],
    ),
    "what isn't ready is waited for, though nothing is to be written": (
        facts(WEB, HAD, ready=False),
        ["wait up to 9 s for Deployment/web, Service/web"],
    ),
    "a plain object changes: nothing to wait for": (
        facts([WEB[0], WEB[1], want("ConfigMap/web@v2")], HAD),
        ["update ConfigMap/web"],
    ),
    "a Service is pointed elsewhere only when what it is pointed at is ready": (
        facts(
            [want("Deployment/new"), want("Service/web", selector={"app.kubernetes.io/name": "new"})],
            [have("Deployment/web"), have("Service/web")],
        ),
        [
            "create Deployment/new",
            "wait up to 9 s for Deployment/new, Service/web",
            "update Service/web",
            "wait up to 9 s for Service/web",
            "delete Deployment/web",
        ],
    ),
    "a Service's other changes come first: a port, for one": (
        facts([WEB[0], want("Service/web@v2")], HAD[:2]),
        ["update Service/web", "wait up to 9 s for Service/web"],
    ),
    "a Job that ran is not run again": (facts([want("Job/seed-1")], [have("Job/seed-1")]), []),
    "a changed Job has another name": (  # D14
        facts([want("Job/seed-2")], [have("Job/seed-1")]),
        ["create Job/seed-2", "wait up to 9 s for Job/seed-2", "delete Job/seed-1"],
    ),
    "claims and namespaces are never pruned": (  # D14, D31
        facts(WEB, [*HAD, have("PersistentVolumeClaim/data"), have("Namespace/shop-dev")]),
        [],
    ),
    "routes go before what they lead to, configuration last": (
        facts([WEB[2]], [*HAD, have("Ingress/web"), have("ServiceAccount/web")], history=()),
        ["delete Ingress/web + delete Deployment/web + delete Service/web + delete ServiceAccount/web"],
    ),
    "an interrupted run is made good: all that runs is looked at again": (
        facts(WEB, HAD, history=(record(outcome="interrupted"), record())),
        ["wait up to 9 s for Deployment/web, Service/web"],
    ),
}


@pytest.mark.parametrize(("one", "expected"), CASES.values(), ids=CASES)
def test_what_a_deploy_does(one: TargetFacts, expected: list[str]) -> None:
    assert told(deploy(one)) == expected
    assert deploy(one) == deploy(one)


def test_an_object_in_the_making_or_going_is_left_alone() -> None:
    going, made = have("ConfigMap/old"), have("Job/nightly-1")
    going.body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    made.body["metadata"]["ownerReferences"] = [{"kind": "CronJob", "uid": "u", "controller": True}]
    assert told(deploy(facts(WEB, [*HAD, going, made]))) == []


def test_a_job_that_gave_up_is_tried_again() -> None:
    cluster = FakeCluster(rollouts={"Job/seed": Rollout("crash")}).put(have("Job/seed"))
    (failed,) = cluster.owned(TARGET)
    one = facts([want("Job/seed")], [have("Job/seed")], owned=(failed,), looked=(failed,))
    assert told(deploy(one)) == ["delete Job/seed", "create Job/seed", "wait up to 9 s for Job/seed"]
    assert to_preview(one) == ()


def test_a_record_is_opened_where_something_is_written_or_was_left_open() -> None:
    changed = facts([want("Deployment/web@v2")], HAD[:1], history=(record("1.1.0", "failed"), record("1.0.0")))
    (head,) = deploy(changed, version="1.2.0", images=(("web", "x@y"),)).heads
    assert (head.version, head.before, head.images, head.environment) == ("1.2.0", "1.0.0", (("web", "x@y"),), "dev")
    assert deploy(facts(WEB, HAD, history=(record(outcome="interrupted"),))).heads
    assert deploy(facts(WEB, HAD, ready=False)).heads == ()


def test_an_empty_plan_holds_and_asks_nothing() -> None:
    plan = deploy(facts(WEB, HAD), protected=True)
    assert (plan.is_empty, plan.holds, plan.heads, plan.asks) == (True, (), (), "")


def test_a_protected_environment_is_asked_about() -> None:
    assert deploy(facts(WEB), protected=True).asks == "dev is protected"


def test_clusters_are_done_in_order_and_locked_in_sorted_order() -> None:
    us, eu = Target("us", "shop-dev", "shop"), Target("eu", "shop-dev", "shop")
    one = [want("ConfigMap/a")]
    plan = deploy(facts(one, target=us), facts(one, target=eu), facts([WEB[2]], [HAD[2]]))
    assert [step.target.cluster for step in plan.steps if isinstance(step, Apply)] == ["us", "eu"]
    assert plan.holds == (eu, TARGET, us)
    assert [head.target.cluster for head in plan.heads] == ["us", "eu"]
    assert plan.subject == "dev (us/shop-dev/shop, eu/shop-dev/shop, testbed/shop-dev/shop)"


@pytest.mark.parametrize(
    ("owned", "pruned", "asks"),
    [(4, 3, False), (5, 2, False), (6, 3, False), (5, 3, True), (60, 20, False), (60, 21, True)],
)
def test_much_pruning_is_asked_about(owned: int, pruned: int, *, asks: bool) -> None:  # D31
    live = [have(f"ConfigMap/c{number}") for number in range(owned)]
    plan = deploy(facts([want(f"ConfigMap/c{number}") for number in range(pruned, owned)], live))
    expected = f"{pruned} of the {owned} objects in testbed/shop-dev/shop would be deleted"
    assert plan.asks == (expected if asks else "")


def test_the_server_is_asked_only_about_what_is_new_or_seems_to_differ() -> None:
    one = facts([want("Deployment/web@v2"), WEB[1], WEB[2], want("Secret/new")], HAD)
    assert [str(it.key) for it in to_preview(one)] == ["Secret/new", "Deployment/web"]


def test_the_servers_answer_decides() -> None:
    wanted = want("HTTPRoute/web", parentRefs=[{"name": "gateway"}])
    live = have("HTTPRoute/web", parentRefs=[{"name": "gateway"}])
    live.body["spec"]["parentRefs"][0]["kind"] = "Gateway"  # a default
    one = facts([wanted], [live])
    assert [it.key for it in to_preview(one)] == [wanted.key]
    assert told(deploy(one)) != []
    assert told(deploy(replace(one, previews={wanted.key: live}))) == []


def test_fields_are_told_with_the_step() -> None:
    (step, *_) = deploy(facts([want("Deployment/web", replicas=3)], HAD[:1])).steps
    assert isinstance(step, Apply)
    assert [(it.path, it.before, it.after) for it in step.fields] == [("spec.replicas", "2", "3")]


def test_what_must_be_watched() -> None:
    kinds = to_watch([*WEB, want("CronJob/n")])
    assert [str(it) for it in kinds] == [
        "Pod", "Service", "DaemonSet.apps", "Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps",
        "EndpointSlice.discovery.k8s.io",
    ]  # fmt: skip


def test_a_flapping_pod_is_not_a_stale_plan() -> None:
    wanted = [want("Deployment/web"), want("ConfigMap/web@v2")]
    had = [HAD[0], HAD[2]]
    ready, unready = deploy(facts(wanted, had)), deploy(facts(wanted, had, ready=False))
    assert ready != unready
    assert same_writes(ready, unready)


MOVED = {
    "somebody made the object again": facts([want("ConfigMap/web@v2")], [foreign("ConfigMap/web", app="shop")]),
    "somebody changed a field of ours": facts([want("ConfigMap/web@v2")], [have("ConfigMap/web@v3")]),
    "the object is gone": facts([want("ConfigMap/web@v2")]),
    "there is more to prune": facts([want("ConfigMap/web@v2")], [HAD[2], have("ConfigMap/more")]),
    "it is done already": facts([want("ConfigMap/web@v2")], [have("ConfigMap/web@v2")]),
}


@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
def test_a_moved_world_makes_a_plan_stale(moved: TargetFacts) -> None:
    assert not same_writes(deploy(facts([want("ConfigMap/web@v2")], [HAD[2]])), deploy(moved))


def test_permissions_are_those_of_the_writes() -> None:  # D18
    plan = deploy(facts([want("Deployment/web@v2"), want("Secret/s")], [HAD[0], have("ConfigMap/old")]))
    assert permissions(plan) == (
        ("create", Kind("", "Secret"), "shop-dev"),
        ("delete", Kind("", "ConfigMap"), "shop-dev"),
        ("patch", Kind("", "Secret"), "shop-dev"),
        ("patch", Kind("apps", "Deployment"), "shop-dev"),
    )
