"""What a pod needs before it can run: an image that a registry has, a node, its Secrets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from paasctl.embedded.http.faults import Fault
from paasctl.embedded.kube.controllers import pull
from paasctl.embedded.kube.controllers.pull import AskRegistry
from paasctl.embedded.kube.model import By
from support.driven import Driven, body, condition, driven, is_ready, place, pod, refused, status_of, waiting
from support.registry import Registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(auth="basic", users={"ann": "secret"}) as found:
        found.put_image("shop/web", b"layer", tag="1")
        yield found


def _asking(registry: Registry, tag: str, **spec: Any) -> Driven:
    world = driven(pull=AskRegistry())
    auths = {registry.host: {"username": "ann", "password": "secret"}}
    said = {".dockerconfigjson": json.dumps({"auths": auths})}
    world.make(body("Secret", "pull", type="kubernetes.io/dockerconfigjson", stringData=said))
    world.make(pod(container={"image": f"{registry.host}/shop/web:{tag}"}, **spec))
    return world


MAY = {"imagePullSecrets": [{"name": "pull"}]}


def test_an_image_that_is_there_is_pulled(registry: Registry) -> None:
    world = _asking(registry, "1", **MAY)
    world.pass_(5)
    assert is_ready(world.pod)
    assert registry.requests["HEAD manifests"] == 1


def test_an_image_that_is_missing_is_told_and_asked_for_ever_more_rarely(registry: Registry) -> None:
    world = _asking(registry, "2", **MAY)
    image = f"{registry.host}/shop/web:2"
    world.pass_(0.5)
    reason, message = waiting(world)
    assert (reason, message.endswith(f"{image}: not found")) == ("ErrImagePull", True)
    assert refused(world) == (400, 'container "main" in pod "web" is waiting to start: image can\'t be pulled')
    world.pass_(5)
    reason, message = waiting(world)
    assert reason == "ImagePullBackOff"
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound')
    assert refused(world)[1].endswith("is waiting to start: trying and failing to pull image")
    assert world.pod["status"]["phase"] == "Pending"
    for seconds, asked in ((0, 1), (6, 2), (20, 3), (40, 4), (80, 5), (160, 6), (300, 7), (300, 8)):
        world.pass_(seconds)
        assert registry.requests["HEAD manifests"] == asked


def test_an_image_that_comes_later_is_pulled_then(registry: Registry) -> None:
    world = _asking(registry, "2", **MAY)
    world.pass_(60)
    registry.put_image("shop/web", b"layer", tag="2")
    world.pass_(60)
    assert is_ready(world.pod)
    assert status_of(world.pod)["restartCount"] == 0


@pytest.mark.parametrize("answer", ["<html>", "[]"])
def test_a_token_service_that_answers_nonsense_is_told_and_asked_again(answer: str) -> None:
    with Registry(auth="token", users={"ann": "secret"}) as registry:
        registry.put_image("shop/web", b"layer", tag="1")
        registry.running.faults.switch_on(Fault(on="GET token", word="503", body=answer))
        world = _asking(registry, "1", **MAY)
        world.pass_(0.5)
        assert waiting(world)[0] == "ErrImagePull"
        world.pass_(60)
        assert is_ready(world.pod)


def test_a_registry_that_does_not_answer_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "_TIMEOUT", 0.2)
    asking = AskRegistry()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        for name in ("one", "two"):
            assert asking(f"{host}/{name}:1", ()).endswith(f'Head "http://{host}/v2/{name}/manifests/1": timed out')
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_who_brings_no_secret_is_refused(registry: Registry) -> None:
    world = _asking(registry, "1")
    world.pass_(0.5)
    assert "authorization failed: no basic auth credentials" in waiting(world)[1]


def test_a_registry_that_is_gone_cannot_be_reached(registry: Registry) -> None:
    world = _asking(registry, "1", **MAY)
    registry.running.server.stop()
    world.pass_(0.5)
    reason, message = waiting(world)
    assert (reason, "failed to do request: Head" in message) == ("ErrImagePull", True)


def test_an_image_on_the_node_is_not_asked_for_again(registry: Registry) -> None:
    world = _asking(registry, "1", **MAY)
    world.change(
        "Pod", "web", lambda it: it["metadata"]["annotations"].update({"sim.paasctl.dev/script": '{"oom": 1}'})
    )
    world.pass_(5)
    registry.running.server.stop()
    world.pass_(100)
    assert waiting(world)[0] == "CrashLoopBackOff"


@pytest.mark.parametrize(
    ("word", "says"), [("not-found", "not found"), ("unauthorized", "authorization failed"), ("unreachable", "refused")]
)
def test_a_script_says_why_an_image_cannot_be_had(word: str, says: str) -> None:
    world = driven()
    world.have(pod({"pull": word}), 0.5)
    reason, message = waiting(world)
    assert (reason, says in message) == ("ErrImagePull", True)


def test_a_pod_that_fits_no_node_stays_pending_and_says_why() -> None:
    world = driven()
    world.have(pod({"unschedulable": "1 Insufficient cpu."}), 60)
    said = condition(world.pod, "PodScheduled")
    assert (said["status"], said["reason"]) == ("False", "Unschedulable")
    assert said["message"] == "0/1 nodes are available: 1 Insufficient cpu."
    assert world.pod["status"]["phase"] == "Pending"
    assert "nodeName" not in world.pod["spec"]
    assert world.events("FailedScheduling") == ["0/1 nodes are available: 1 Insufficient cpu."]
    world.delete("Pod", "web")
    world.pass_()
    assert world.all("Pod") == []


def test_a_pod_waits_for_a_node_with_its_labels() -> None:
    world = driven()
    world.have(pod(nodeSelector={"disk": "fast"}), 60)
    assert condition(world.pod, "PodScheduled")["reason"] == "Unschedulable"
    at = place("Pod", "x")._replace(plural="nodes", namespace="", name="sim")
    node = world.store.get(at)
    assert node
    labels = {**node["metadata"]["labels"], "disk": "fast"}
    world.store.update(at, {**node, "metadata": {**node["metadata"], "labels": labels}}, By("kubectl"))
    world.pass_(10)
    assert is_ready(world.pod)


def test_a_pod_waits_for_its_secret() -> None:
    world = driven()
    env = [{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]
    world.have(pod(container={"env": env}), 10)
    assert waiting(world) == ("CreateContainerConfigError", 'secret "db" not found')
    world.have(body("Secret", "db", stringData={"uri": "x"}), 5)
    assert waiting(world) == ("CreateContainerConfigError", "couldn't find key url in Secret shop/db")
    world.change("Secret", "db", lambda it: it["data"].update(url="eA=="))
    world.pass_(5)
    assert is_ready(world.pod)
