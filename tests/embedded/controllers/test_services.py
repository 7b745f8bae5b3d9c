"""What pods are to others: endpoints follow readiness, budgets count, autoscalers own the count."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.embedded.kube.model import By, Object
from support.driven import Driven, body, condition, driven, is_ready, place, pod, template, workload


def _service(**spec: Any) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return body("Service", "web", {"selector": {"app": "web"}, "ports": ports, **spec})


def _ends(world: Driven) -> dict[str, tuple[bool, bool, bool]]:
    """Pod -> ready, serving, terminating."""
    (found,) = world.all("EndpointSlice")
    said = {it["targetRef"]["name"]: it["conditions"] for it in found["endpoints"] or ()}
    return {name: (it["ready"], it["serving"], it["terminating"]) for name, it in said.items()}


# --- endpoints ---


def test_endpoints_follow_readiness() -> None:
    world = driven({"ready": 10})
    world.make(_service())
    world.have(pod({"ready": 10}), 5)
    assert _ends(world) == {"web": (False, False, False)}
    subset = world.get("Endpoints", "web")["subsets"][0]
    assert ("addresses" in subset, subset["notReadyAddresses"][0]["ip"]) == (False, world.pod["status"]["podIP"])
    world.pass_(10)
    assert _ends(world) == {"web": (True, True, False)}
    subset = world.get("Endpoints", "web")["subsets"][0]
    assert (subset["addresses"][0]["ip"], "notReadyAddresses" in subset) == (world.pod["status"]["podIP"], False)
    assert subset["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]


def test_a_pod_that_crashes_leaves_the_endpoints_that_serve() -> None:
    world = driven()
    world.make(_service())
    world.have(pod({"ready": 1, "crash": {"after": 30}}), 20)
    assert _ends(world)["web"][0]
    world.pass_(10.5)
    assert not _ends(world)["web"][0]


def test_a_pod_that_stops_serves_but_is_ready_no_more() -> None:
    world = driven()
    world.make(_service())
    world.have(pod({"slow-stop": 20}), 5)
    world.delete("Pod", "web")
    world.pass_(1)
    assert _ends(world) == {"web": (False, True, True)}
    world.pass_(30)
    assert _ends(world) == {}


def test_a_rollout_always_leaves_somebody_to_serve() -> None:
    world = driven({"ready": 3, "slow-stop": 5})
    world.make(_service())
    world.have(workload("Deployment", replicas=2), 30)
    list(world.history())
    world.image("Deployment", "web", "app:2")
    world.pass_(120)
    slices = [it.body for it, _ in world.history() if it.place.plural == "endpointslices"]
    ready = [sum(end["conditions"]["ready"] for end in it["endpoints"]) for it in slices]
    assert min(ready) >= 2
    assert {it["targetRef"]["name"] for it in slices[-1]["endpoints"]} == set(world.names("Pod"))


def test_a_slice_says_whose_it_is_and_goes_with_its_service() -> None:
    world = driven()
    world.have(_service(), 1)
    (found,) = world.all("EndpointSlice")
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    world.delete("Service", "web")
    world.pass_()
    assert world.all("EndpointSlice") == []


def test_a_port_is_found_by_its_name() -> None:
    world = driven()
    world.make(_service(ports=[{"port": 80, "targetPort": "web"}]))
    world.have(pod(container={"ports": [{"name": "web", "containerPort": 3000}]}), 5)
    (found,) = world.all("EndpointSlice")
    assert [it["port"] for it in found["ports"]] == [3000]


def test_a_service_follows_its_selector() -> None:
    world = driven()
    world.make(_service())
    world.have(pod(), 5)
    assert list(_ends(world)) == ["web"]
    world.set("Service", "web", selector={"app": "other"})
    world.pass_()
    assert _ends(world) == {}


def test_a_pod_follows_its_labels() -> None:
    world = driven()
    world.make(_service())
    world.have(pod(), 5)
    world.change("Pod", "web", lambda it: it["metadata"].update(labels={"app": "other"}))
    world.pass_()
    assert _ends(world) == {}


def test_a_service_without_selector_is_left_to_somebody_else() -> None:
    world = driven()
    world.have(body("Service", "web", {"ports": [{"port": 80}]}), 5)
    assert (world.all("EndpointSlice"), world.all("Endpoints")) == ([], [])


# --- budgets ---


def _budget(**spec: Any) -> Object:
    said = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    return body("PodDisruptionBudget", "web", {name: it for name, it in said.items() if it is not None})


@pytest.mark.parametrize(
    ("spec", "desired", "allowed"),
    [
        ({"minAvailable": 2}, 2, 2),
        ({"minAvailable": "50%"}, 2, 2),
        ({"minAvailable": "60%"}, 3, 1),
        ({"maxUnavailable": 1}, 3, 1),
        ({"maxUnavailable": "25%"}, 3, 1),
        ({"minAvailable": 4}, 4, 0),
        ({"maxUnavailable": 0}, 4, 0),
    ],
)
def test_a_budget_says_how_many_may_go(spec: dict[str, Any], desired: int, allowed: int) -> None:
    world = driven()
    world.make(_budget(**spec))
    world.have(workload("Deployment", replicas=4), 30)
    status = world.get("PodDisruptionBudget", "web")["status"]
    counts = (status["expectedPods"], status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"])
    assert counts == (4, 4, desired, allowed)
    holds = condition(world.get("PodDisruptionBudget", "web"), "DisruptionAllowed")
    assert (holds["status"], holds["reason"]) == (
        ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    )
    assert status["observedGeneration"] == 1


def test_a_budget_sees_ill_pods_and_those_that_go() -> None:
    world = driven({"ready": 3, "slow-stop": 20})
    world.make(_budget(minAvailable="50%"))
    world.have(workload("Deployment", replicas=4), 30)
    world.delete("Pod", world.names("Pod")[0])
    world.pass_(1)
    status = world.get("PodDisruptionBudget", "web")["status"]
    assert (status["expectedPods"], status["currentHealthy"], status["disruptionsAllowed"]) == (4, 3, 1)
    world.pass_(10)
    assert world.get("PodDisruptionBudget", "web")["status"]["disruptionsAllowed"] == 2


@pytest.mark.parametrize(("selector", "expected"), [({}, 4), (None, 0)], ids=["empty", "none"])
def test_a_budget_that_selects_all_is_not_one_that_selects_nothing(selector: Object | None, expected: int) -> None:
    world = driven()
    world.make(_budget(minAvailable=1, selector=selector))
    world.have(workload("Deployment", replicas=4), 30)
    assert world.get("PodDisruptionBudget", "web")["status"]["expectedPods"] == expected


def test_a_budget_over_nothing_allows_nothing() -> None:
    world = driven()
    world.have(_budget(minAvailable=1), 1)
    assert world.get("PodDisruptionBudget", "web")["status"]["disruptionsAllowed"] == 0


# --- autoscalers ---


def _scaler(least: int, most: int, kind: str = "Deployment") -> Object:
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "web"}
    return body("HorizontalPodAutoscaler", "web", {"minReplicas": least, "maxReplicas": most, "scaleTargetRef": target})


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
@pytest.mark.parametrize(("count", "becomes"), [(1, 3), (4, 4), (9, 5), (0, 0)])
def test_an_autoscaler_holds_the_count_between_its_bounds(kind: str, count: int, becomes: int) -> None:
    world = driven()
    world.make(_scaler(3, 5, kind))
    world.have(workload(kind, replicas=count), 60)
    assert len(world.all("Pod")) == becomes
    assert world.get(kind, "web")["spec"]["replicas"] == becomes
    status = world.get("HorizontalPodAutoscaler", "web")["status"]
    assert (status.get("currentReplicas", 0), status["desiredReplicas"]) == (becomes, becomes)


def test_an_autoscaler_owns_the_count_by_the_scale_subresource() -> None:
    world = driven()
    world.make(_scaler(3, 5))
    world.have(workload("Deployment", replicas=1), 60)
    owners = {
        (it["manager"], it.get("subresource", "")): it["fieldsV1"].get("f:spec", {})
        for it in world.get("Deployment", "web")["metadata"]["managedFields"]
    }
    assert "f:replicas" in owners["kube-controller-manager", "scale"]
    assert "f:replicas" not in owners["kubectl", ""]


def test_who_writes_the_count_is_overruled_again() -> None:
    world = driven()
    world.make(_scaler(3, 5))
    world.have(workload("Deployment", replicas=1), 60)
    world.set("Deployment", "web", replicas=1)
    world.pass_(60)
    assert world.get("Deployment", "web")["spec"]["replicas"] == 3
    assert len([it for it in world.all("Pod") if is_ready(it)]) == 3


def test_an_autoscaler_without_target_says_so_and_finds_it_later() -> None:
    world = driven()
    world.have(_scaler(2, 5), 10)
    found = condition(world.get("HorizontalPodAutoscaler", "web"), "AbleToScale")
    assert (found["status"], found["reason"]) == ("False", "FailedGetScale")
    world.have(workload("Deployment", replicas=1), 10)
    assert condition(world.get("HorizontalPodAutoscaler", "web"), "AbleToScale")["status"] == "True"
    assert len(world.all("Pod")) == 2


def test_an_autoscaler_that_came_from_scale_is_seen_in_a_rollout() -> None:
    """A new template beside it leaves the count where the autoscaler put it."""
    world = driven()
    world.make(_scaler(3, 5))
    world.have(workload("Deployment", replicas=1), 60)
    live = world.get("Deployment", "web")
    spec = {**live["spec"], "template": template(image="app:2")}
    world.store.update(place("Deployment", "web"), {**live, "spec": spec}, By("kubectl"))
    world.pass_(60)
    assert {it["spec"]["containers"][0]["image"] for it in world.all("Pod")} == {"app:2"}
    assert len(world.all("Pod")) == 3
