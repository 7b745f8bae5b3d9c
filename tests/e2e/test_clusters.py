"""An environment on several clusters: in the file's order, and not at all where one of them is down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.boxed import Boxed
from e2e.parts import Testbed, until
from e2e.project import PAAS, Project

_TWO = (
    PAAS.replace(
        '  web:\n    port: 8080\n    hosts: ["{{ values.host }}"]\n',
        '  nightly: {schedule: "0 3 * * *", command: [/app, job], env: {WHERE: "{{ cluster }}"}}\n',
    )
    .replace(
        "  local: {context: testbed, router: ingress}\n",
        "  one: {context: one}\n  two: {context: two}\n  down: {context: down}\n",
    )
    .replace("{cluster: local, registry: dev,", "{clusters: [one, two], registry: dev,")
)
_DOWN = "  late: {clusters: [down, one], registry: dev, namespace: $app-late}\n"


@pytest.fixture(scope="session")
def second(testbed: Testbed) -> str:
    """The kubeconfig of a second API server, where pods are never scheduled."""
    if isinstance(testbed, Boxed):
        return next(iter(testbed.others))
    at = [sys.executable, "-m", "testbed"]
    tests = Path(__file__).resolve().parents[1]
    subprocess.run([*at, "up", "--name", "two", "--control-plane-only"], cwd=tests, check=True, timeout=300)
    asked = subprocess.run(
        [*at, "env", "--name", "two", "--json"], cwd=tests, check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found["PAASCTL_TEST_KUBECONFIG"]


@pytest.fixture
def project(testbed: Testbed, second: str, tmp_path: Path) -> Iterator[Project]:
    """One kubeconfig with three contexts: two clusters, and an address where nobody listens."""
    made = Project.make(testbed, tmp_path, _TWO + _DOWN)
    made.kubeconfig = str(tmp_path / "kubeconfig")
    whole: dict[str, list[dict[str, object]]] = {"clusters": [], "users": [], "contexts": []}
    for name, file in (("one", testbed.kubeconfig), ("two", second), ("down", testbed.kubeconfig)):
        config = json.loads(Path(file).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        server = "https://127.0.0.1:9" if name == "down" else cluster["server"]
        whole["clusters"].append({"name": name, "cluster": cluster | {"server": server}})
        whole["users"].append({"name": name, "user": user})
        whole["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    Path(made.kubeconfig).write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **whole}))
    yield made
    made.remove()
    testbed.do("delete", "namespace", made.namespace, "--ignore-not-found", "--wait=false", kubeconfig=second)


def test_clusters_are_deployed_in_order(project: Project, second: str) -> None:
    project.release()
    events = project.events("deploy", "dev")
    assert events[-1]["status"] == "done"
    begun = [it["step"]["target"]["cluster"] for it in events if it["event"] == "started"]
    assert list(dict.fromkeys(begun)) == ["one", "two"]
    assert begun == sorted(begun)
    for name, file in (("one", project.testbed.kubeconfig), ("two", second)):
        found = json.loads(
            project.testbed.do("get", "cronjobs", "-n", project.namespace, "-o", "json", kubeconfig=file)
        )
        pod = found["items"][0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["env"] == [{"name": "WHERE", "value": name}]
    assert "nothing to do" in project.paasctl("deploy", "dev").stderr
    rows = project.outcome("status", "dev")["answer"]["environments"][0]["targets"]
    assert [it["version"] for it in rows] == ["0.1.0", "0.1.0"]


def test_a_cluster_that_is_down_stops_it_before_the_first_write(project: Project) -> None:  # decision 9, L5
    project.release()
    began = time.monotonic()
    down = project.paasctl("deploy", "late", expect=75)
    assert time.monotonic() - began < 60
    assert "127.0.0.1:9" in down.stderr
    assert f"{project.app}-late" not in project.testbed.do("get", "namespaces", "-o", "name")
    listed = project.paasctl("cluster", "list", expect=75)
    assert "one" in listed.stdout

    project.paasctl("deploy", "late", "--cluster", "one")
    until(lambda: project.testbed.objects("cronjobs", f"{project.app}-late"))
    rows = project.outcome("status", "late", expect=75)["answer"]["environments"][0]["targets"]
    assert rows[0]["error"]
    assert rows[1]["version"] == "0.1.0", rows
