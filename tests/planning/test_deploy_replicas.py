"""Who owns spec.replicas (D11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paasctl.model.kube import Live, Manifest
from paasctl.model.plan import Apply, Plan
from support.apply import touched
from support.deploys import deploy, facts, told
from support.make import foreign, have, want


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
