"""How pods stop, what holds them, and what their logs say."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.embedded.kube.model import Refusal
from support.driven import Driven, driven, pod, refused, status_of


def _gone_after(world: Driven, **how: Any) -> float:
    began = world.now
    world.delete("Pod", "web", **how)
    for _ in range(200):
        if world.find("Pod", "web") is None:
            break
        world.pass_(0.5)
    return world.now - began


@pytest.mark.parametrize(("slow", "grace", "takes"), [(0, 30, 0.5), (12, 30, 12), (300, 30, 30), (300, 5, 5)])
def test_a_pod_has_its_grace_period_to_stop_and_no_more(slow: int, grace: int, takes: float) -> None:
    world = driven()
    world.have(pod({"slow-stop": slow}, terminationGracePeriodSeconds=grace), 5)
    assert _gone_after(world) == takes
    assert world.events("Killing") == ["Stopping container main"]


def test_who_deletes_may_ask_for_less_grace() -> None:
    world = driven()
    world.have(pod({"slow-stop": 300}), 5)
    assert _gone_after(world, grace=3) == 3


def test_who_loses_patience_may_ask_again() -> None:
    world = driven()
    world.have(pod({"slow-stop": 300}, terminationGracePeriodSeconds=60), 5)
    world.delete("Pod", "web")
    world.pass_(10)
    assert "deletionTimestamp" in world.pod["metadata"]
    assert _gone_after(world, grace=2) == 2


def test_without_grace_a_pod_is_gone_at_once() -> None:
    world = driven()
    world.have(pod({"slow-stop": 300}), 5)
    world.delete("Pod", "web", grace=0)
    assert world.find("Pod", "web") is None


def test_a_pod_that_stops_is_not_started_again() -> None:
    world = driven()
    world.have(pod({"slow-stop": 300, "crash": {"exit": 1}}, terminationGracePeriodSeconds=100), 25)
    before = status_of(world.pod)["restartCount"]
    world.delete("Pod", "web")
    world.pass_(90)
    assert status_of(world.pod)["restartCount"] == before


def test_a_finalizer_holds_a_pod_that_has_stopped() -> None:
    world = driven()
    made = pod()
    made["metadata"]["finalizers"] = ["example.com/hold"]
    world.have(made, 5)
    world.delete("Pod", "web")
    world.pass_(60)
    assert world.pod["metadata"]["finalizers"] == ["example.com/hold"]
    world.change("Pod", "web", lambda it: it["metadata"].update(finalizers=[]))
    world.pass_()
    assert world.all("Pod") == []


def test_logs_are_those_of_this_instance_and_of_the_one_before() -> None:
    world = driven()
    world.have(pod({"crash": {"exit": 3, "after": 1, "logs": ["one", "two"]}}), 0.5)
    assert world.log(world.pod) == "one\ntwo\n"
    assert refused(world, previous=True) == (400, 'previous terminated container "main" in pod "web" not found')
    world.pass_(2)
    assert status_of(world.pod)["restartCount"] == 1
    assert world.log(world.pod, previous=True) == "one\ntwo\n"


def test_logs_can_be_asked_for_in_part_and_with_their_times() -> None:
    world = driven()
    world.have(pod({"logs": ["one", "two", "three"]}), 60)
    assert world.log(world.pod, tail=2) == "two\nthree\n"
    assert world.log(world.pod, tail=0) == ""
    assert world.log(world.pod, since_seconds=10) == ""
    assert world.log(world.pod, timestamps=True, tail=1) == "2026-01-01T00:00:00.050000000Z three\n"


def test_a_log_that_is_followed_goes_on_until_its_container_ends() -> None:
    world = driven()
    world.have(pod({"exit": 0, "ready": 10, "logs": ["one", "two"]}, restartPolicy="Never"), 1)
    following = world.running.logs("shop", "web", "main", follow=True, tail=1)
    assert [next(following) for _ in range(2)] == [b"two\n", b""]
    world.pass_(60)
    assert b"".join(following) == b""
    assert list(world.running.logs("shop", "web", "main", follow=True)) == [b"one\n", b"two\n", b""]


def test_logs_of_what_is_not_there_are_refused() -> None:
    world = driven()
    world.have(pod(), 5)
    with pytest.raises(Refusal, match='pods "nope" not found'):
        world.running.logs("shop", "nope", "main")
    with pytest.raises(Refusal, match="container nope is not valid for pod web"):
        world.running.logs("shop", "web", "nope")
