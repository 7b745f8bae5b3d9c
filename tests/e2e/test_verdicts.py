"""What goes wrong in a rollout is called by its name, with proof, in seconds (D17, D20 to D23, D26, X3).

One release; every case is an environment of it, whose value `pod` is the PodSpec, in a namespace of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import PAAS, Project

_PAAS = PAAS.replace('hosts: ["{{ values.host }}"]\n', "pod: pod.yml.j2\n    health: /healthz\n")
_Pod = dict[str, Any]


def _web(**more: Any) -> _Pod:
    return {"containers": [{"name": "web", **more}]}


def _env(**variables: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]


@dataclass(frozen=True)
class Case:
    """A pod, and what is said of it: the code, words on the screen, seconds that the whole deploy may take."""

    name: str
    pod: _Pod
    code: str
    says: tuple[str, ...]
    seconds: float
    args: tuple[str, ...] = ()
    quota: dict[str, str] = field(default_factory=dict)


CASES = (
    Case(
        "init container fails",
        _web() | {"initContainers": [{"name": "prepare", "image": "web", "command": ["/app", "fail"]}]},
        "init-failed",
        ("init container prepare", "exits with code 4", "app: failing as asked"),
        45,
    ),
    Case(
        "command is not there",
        _web(command=["/no-such-program"]),
        "command-not-found",
        ("/no-such-program", "no such file or directory"),
        30,
    ),
    Case(
        "no node is that large",
        _web(resources={"requests": {"cpu": "64"}}),
        "unschedulable",
        ("no node takes pod", "Insufficient cpu"),
        60,
    ),
    Case(
        "quota is full",
        _web(),
        "quota-exceeded",
        ("exceeded quota: small", "limited: pods=0"),
        40,
        quota={"pods": "0"},
    ),
    Case(
        "out of memory",
        _web(env=_env(APP_MEMORY_MB="200"), resources={"limits": {"memory": "48Mi"}}),
        "out-of-memory",
        ("more memory than its limit of 48Mi",),
        40,
    ),
    Case(
        "never ready",
        _web(env=_env(APP_NEVER_READY="1")),
        "rollout-late",
        ("not ready after 12 s", "HTTP probe failed with statuscode: 503", "app: version one listens"),
        40,
        args=("--rollout-timeout", "12s"),
    ),
    Case(
        "key is not there",
        _web(env=[{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "nowhere"}}}]),
        "config-missing",
        ("couldn't find key nowhere in ConfigMap", "kube-root-ca.crt"),
        30,
    ),
    Case(
        "other image is not there",
        {"containers": [{"name": "web"}, {"name": "side", "image": "$registry/$app/gone@DIGEST"}]},
        "image-not-found",
        ("/gone@sha256:", "the registry has no such image"),
        30,
    ),
)


@pytest.fixture(scope="module")
def released(real: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The release, and an environment for each case."""
    environments = "".join(
        f"  case{at}: {{cluster: local, registry: dev, values: {json.dumps({'pod': it.pod})}}}\n"
        for at, it in enumerate(CASES)
    )
    digest = real.manifest("base/busybox", "1")["digest"]
    environments = environments.replace("@DIGEST", f"@{digest}")
    files = {"pod.yml.j2": "{{ values.pod | tojson }}\n"}
    project = Project.make(real, tmp_path_factory.mktemp("verdicts"), _PAAS + environments, **files)
    project.edit("paas.yaml", "values: {host: ", "values: {pod: {}, host: ")
    project.commit("one")
    project.paasctl("image", "copy", f"{real.registry}/base/busybox:1", f"{real.registry}/{project.app}/gone:1")
    project.release()
    lost = real.of_registry(f"{project.app}/gone/manifests/{digest}", method="DELETE")
    assert lost.status == 202, "released while it was there, and lost since"
    yield project
    project.remove()


@pytest.mark.parametrize("case", CASES, ids=lambda it: it.name)
def test_the_verdict_names_the_cause(released: Project, case: Case) -> None:
    environment = f"case{CASES.index(case)}"
    if case.quota:
        namespace = released.make_namespace(f"{released.app}-{environment}")
        hard = ",".join(f"{name}={limit}" for name, limit in case.quota.items())
        released.kubectl("create", "quota", "small", f"--hard={hard}", namespace=namespace)
    began = time.monotonic()
    failed = released.paasctl("deploy", environment, *case.args, expect=1)
    took = time.monotonic() - began
    assert f"error[{case.code}]" in failed.stderr
    for words in case.says:
        assert words in failed.stderr
    assert "→ kubectl" in failed.stderr or "→ paasctl" in failed.stderr
    assert took < case.seconds


def test_an_image_that_the_registry_lost_is_missed_at_once(project: Project) -> None:  # D20
    project.release()
    manifest = project.testbed.manifest(f"{project.app}/web", "0.1.0")
    gone = project.testbed.of_registry(f"{project.app}/web/manifests/{manifest['digest']}", method="DELETE")
    assert gone.status == 202
    began = time.monotonic()
    failed = project.paasctl("deploy", "dev", expect=1)
    assert "error[image-not-found]" in failed.stderr
    assert manifest["digest"] in failed.stderr
    assert time.monotonic() - began < 30
