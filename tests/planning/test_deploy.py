"""What a deploy does, told in sentences: facts in, plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from paasctl.errors import PaasError, Refused, WouldClobber
from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Kind, Live, Manifest, Rejection, Target
from paasctl.model.plan import Apply, Plan
from paasctl.planning.deploy import (
    DeployFacts,
    TargetFacts,
    permissions,
    plan_deploy,
    same_writes,
    to_preview,
    to_watch,
)
from paasctl.views.words import say
from support.apply import touched
from support.cluster import FakeCluster
from support.make import TARGET, foreign, have, key, want
from support.rollouts import Rollout


def record(version: str = "1.0.0", outcome: str = "done") -> HistoryEntry:
    return HistoryEntry(
        number=1, target=TARGET, version=version, before="", commit="c", by="ann", began="", ended="", outcome=outcome
    )


def facts(
    wanted: Sequence[Manifest], live: Sequence[Live] = (), *, target: Target = TARGET, ready: bool = True, **more: Any
) -> TargetFacts:
    """A target where `live` is ours, rolled out (unless not `ready`)."""
    cluster = FakeCluster(namespaces={target.namespace}).put(*live)
    if not ready:
        cluster.rollouts = {str(it.key): Rollout("never") for it in live}
        for course in cluster._courses.values():
            course.good = False
    looked = cluster.snapshot(target.namespace, to_watch(wanted), target.app)
    known: dict[str, Any] = {"owned": tuple(live), "looked": looked, "history": (record(),) if live else ()}
    return TargetFacts(target=target, wanted=tuple(wanted), **(known | more))


def deploy(*targets: TargetFacts, **more: Any) -> Plan:
    known: dict[str, Any] = {"environment": "dev", "version": "1.0.0", "commit": "c", "images": ()}
    return plan_deploy(DeployFacts(targets=targets, **(known | more)), timeout=9.0)


def told(plan: Plan) -> list[str]:
    return [" + ".join(say(step) for step in stage) for stage in plan.stages]


WEB = [want("Deployment/web"), want("Service/web"), want("ConfigMap/web")]
HAD = [have("Deployment/web"), have("Service/web"), have("ConfigMap/web")]

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


# --- heads, locks, questions ----------------------------------------------------------------------------------------


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


# --- refusals -------------------------------------------------------------------------------------------------------


def refusal(*targets: TargetFacts) -> PaasError:
    with pytest.raises(Refused) as raised:
        deploy(*targets)
    return raised.value


def test_nothing_rendered_is_refused() -> None:  # D32
    error = refusal(facts([], HAD))
    assert error.code == "nothing-rendered"
    assert "testbed/shop-dev/shop" in error.message


def test_what_is_not_ours_is_not_touched_and_its_maker_is_named() -> None:  # D31
    seen = (foreign("Service/web", "helm"), foreign("ConfigMap/web", app="till"))
    error = refusal(facts(WEB, seen=seen))
    assert isinstance(error, WouldClobber)
    assert error.evidence == (
        "Service/web in testbed/shop-dev/shop was made by helm",
        "ConfigMap/web in testbed/shop-dev/shop belongs to the app 'till'",
    )
    assert "kubectl -n shop-dev label service web --overwrite paasctl.dev/app=shop" in error.hint


def test_what_was_handed_over_is_ours() -> None:
    seen = (foreign("ConfigMap/web", "helm", app="shop"),)
    (step,) = deploy(facts([want("ConfigMap/web@v2")], seen=seen)).steps
    assert isinstance(step, Apply)
    assert (step.change, step.uid) == ("update", seen[0].uid)


def test_every_no_of_the_api_server_is_told_at_once() -> None:  # D15
    denied = Rejection(key("Deployment/web"), "Forbidden", 'admission webhook "x.example" denied the request: no')
    invalid = Rejection(key("Service/web"), "Invalid", "spec.ports[0].port: Invalid value: 0")
    error = refusal(facts(WEB, previews={denied.key: denied, invalid.key: invalid}))
    assert error.code == "rejected"
    assert error.evidence == (
        'Deployment/web in testbed/shop-dev/shop: admission webhook "x.example" denied the request: no',
        "Service/web in testbed/shop-dev/shop: spec.ports[0].port: Invalid value: 0",
    )


def test_a_conflict_names_manager_and_field() -> None:  # D10
    no = Rejection(key("Deployment/web"), "Conflict", "…", conflicts=(("kubectl-edit", ".spec.replicas"),))
    error = refusal(facts(WEB, HAD, previews={no.key: no}))
    assert error.code == "field-conflict"
    assert ".spec.replicas is set by kubectl-edit" in error.message
    assert "paasctl render dev | kubectl apply --server-side" in error.hint


def test_an_immutable_field_is_explained_never_replaced() -> None:  # D14
    no = Rejection(key("Deployment/web"), "Invalid", "spec.selector: Invalid value: …: field is immutable")
    error = refusal(facts(WEB, HAD, previews={no.key: no}))
    assert "give it another name" in error.hint


def test_the_namespace_of_this_run_is_no_false_alarm() -> None:  # D19
    no = Rejection(key("Deployment/web"), "NotFound", 'namespaces "shop-dev" not found')
    one = facts(WEB, previews={no.key: no}, namespace_exists=False)
    assert told(deploy(one))[0] == "create ConfigMap/web + create Service/web"
    assert to_preview(one) == ()


# --- autoscalers (D11) ----------------------------------------------------------------------------------------------


def replicas(plan: Plan) -> Any:
    (found,) = [it for it in plan.steps if isinstance(it, Apply) and it.manifest.key.kind == "Deployment"]
    return found.manifest.body["spec"].get("replicas")


def autoscaled(live: Live, count: int) -> Live:
    """As the autoscaler's controller leaves it."""
    path = ("spec", "replicas")
    return Live(live.key, touched(live.body, "kube-controller-manager", path, count, subresource="scale"))


HPA = want("HorizontalPodAutoscaler/web")
ON_CREATE = {"paasctl.dev/replicas-on-create": "4"}


def annotated(manifest: Manifest, **spec: Any) -> Manifest:
    meta = {**manifest.body["metadata"], "annotations": ON_CREATE}
    body = {**manifest.body, "metadata": meta, "spec": {**manifest.body["spec"], **spec}}
    return replace(manifest, body={**body, "spec": {k: v for k, v in body["spec"].items() if v is not None}})


def test_replicas_are_asked_for_only_when_it_is_made() -> None:
    assert replicas(deploy(facts([want("Deployment/web"), HPA]))) == 2
    assert replicas(deploy(facts([annotated(want("Deployment/web"), replicas=None), HPA]))) == 4
    assert replicas(deploy(facts([want("Deployment/web", replicas=None), HPA]))) == 3


def test_what_the_autoscaler_set_is_left_alone() -> None:
    live = autoscaled(have("Deployment/web"), 7)
    hpa = have("HorizontalPodAutoscaler/web")
    assert told(deploy(facts([want("Deployment/web"), HPA], [live, hpa]))) == []
    assert replicas(deploy(facts([want("Deployment/web@v2"), HPA], [live, hpa]))) is None


def test_an_autoscaler_of_somebody_else_counts_as_well() -> None:
    live = autoscaled(have("Deployment/web"), 7)
    theirs = (foreign("HorizontalPodAutoscaler/web", "keda"),)
    assert told(deploy(facts([want("Deployment/web")], [live], autoscalers=theirs))) == []


def test_before_the_autoscaler_moves_it_we_keep_what_is_there() -> None:
    live = have("Deployment/web", replicas=5)
    plan = deploy(facts([want("Deployment/web@v2", replicas=None), HPA], [live]))
    assert replicas(plan) == 5  # to drop what only we own would make it 1


def test_an_autoscaler_that_goes_gives_the_number_back() -> None:
    live, hpa = have("Deployment/web", replicas=5), have("HorizontalPodAutoscaler/web")
    plan = deploy(facts([want("Deployment/web")], [live, hpa], autoscalers=(hpa,)))
    assert replicas(plan) == 2


# --- previews and what is compared ----------------------------------------------------------------------------------


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


# --- stale plans ----------------------------------------------------------------------------------------------------


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
