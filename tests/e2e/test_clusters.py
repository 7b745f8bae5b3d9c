"""An environment on several clusters: in the file's order, and not at all where one of them is down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.parts import Testbed, contexts, until
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


@pytest.fixture
def project(testbed: Testbed, second: str, tmp_path: Path) -> Iterator[Project]:
    """One kubeconfig with three contexts: two clusters, and an address where nobody listens."""
    made = Project.make(testbed, tmp_path, _TWO + _DOWN)
    made.kubeconfig = str(tmp_path / "kubeconfig")
    contexts(Path(made.kubeconfig), one=testbed.kubeconfig, two=second, down=testbed.kubeconfig)
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
