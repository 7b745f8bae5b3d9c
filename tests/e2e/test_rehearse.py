"""A rehearsal tells where a deploy would end, and leaves everything that is live as it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import Project

_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
_ASKING = "authorization.k8s.io"
"""Who asks what it may creates a review, which is kept nowhere."""
_BROKEN = """\
pods:
- match: {container: web}
  crash: {exit: 3, logs: ["panic: no such table: users"]}
"""


pytestmark = pytest.mark.xdist_group("rehearse")  # one deployed project for all that leave it as it is


def _waiting(project: Project) -> Project:
    """One release runs, the next is made."""
    project.release()
    project.paasctl("deploy", "dev")
    project.release("two")
    return project


@pytest.fixture(scope="module")
def waiting(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path_factory.mktemp("rehearse"))
    yield _waiting(made)
    made.remove()


def _report(project: Project, *args: str, expect: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = project.outcome("rehearse", "dev", *args, expect=expect)["answer"]
    return found


def _live(project: Project) -> dict[str, str]:
    """What a deploy would change."""
    found = [it for kind in ("deployments", "configmaps", "services", "ingresses", "leases")
             for it in project.objects(kind)]  # fmt: skip
    kept = {"kube-root-ca.crt"}
    return {it["metadata"]["uid"]: json.dumps([it["metadata"], it.get("spec"), it.get("data")], sort_keys=True)
            for it in found if it["metadata"]["name"] not in kept}  # fmt: skip


def test_it_says_what_the_deploy_then_does(project: Project) -> None:
    before = _live(_waiting(project))
    said = _report(project)
    assert _live(project) == before
    assert (said["status"], said["exit"], said["left"]) == ("done", 0, 0)
    planned = project.outcome("diff", "dev")["answer"]["objects"]
    assert said["objects"] == planned
    done = project.outcome("deploy", "dev")
    assert len(done["done"]) == said["done"]
    assert _report(project)["status"] == "nothing-to-do"


def test_a_first_deploy_is_rehearsed_where_nothing_is_yet(project: Project) -> None:
    project.release()
    said = _report(project)
    assert {it["change"] for it in said["objects"]} == {"create"}
    assert said["targets"][0]["version"] == "0.1.0"
    assert project.namespace not in {it["metadata"]["name"] for it in project.testbed.objects("namespaces", "default")}


def test_a_version_that_crashes_is_told_before_anybody_has_it(waiting: Project, tmp_path: Path) -> None:
    script = tmp_path / "pods.yaml"
    script.write_text(_BROKEN)
    before = _live(waiting)
    said = _report(waiting, "--script", str(script), expect=1)
    assert (said["status"], said["exit"]) == ("failed", 1)
    assert [it["code"] for it in said["problems"]] == ["crash-loop"]
    assert any("no such table" in line for line in said["problems"][0]["evidence"])
    assert said["left"]
    assert _live(waiting) == before
    assert waiting.served() == "one"


def test_faults_are_told_with_what_they_did(waiting: Project) -> None:
    said = _report(waiting, "--fault", "patch deployments: 503 times=2", "--fault", "get nodes: reset")
    struck, unstruck = said["faults"]
    assert (struck["hits"], struck["requests"], struck["givenUp"]) == (2, ["patch deployments/web"], 0)
    assert len(struck["waits"]) == 2
    assert unstruck["hits"] == 0
    assert said["exit"] == 0


def test_a_right_that_is_refused_ends_it_as_it_would_the_deploy(waiting: Project) -> None:
    before = _live(waiting)
    said = _report(waiting, "--fault", "patch deployments: forbid", expect=77)
    assert (said["exit"], said["done"], said["faults"][0]["hits"]) == (77, 0, 1)
    assert "may not patch deployments.apps in the namespace" in said["problems"][0]["message"]
    assert _live(waiting) == before


def test_a_checkout_is_rehearsed_without_pushing_it(waiting: Project) -> None:
    waiting.write("version", "three\n")
    try:
        said = _report(waiting, "--build")
    finally:
        waiting.write("version", "two\n")
    assert [it["name"] for it in said["steps"] if it["do"] == "push"] == ["web"]
    assert said["status"] == "done"
    assert waiting.testbed.of_registry(f"{waiting.app}/web/manifests/{said['version']}").status == 404


def test_in_words(waiting: Project) -> None:
    done = waiting.paasctl("rehearse", "dev")
    assert "== how it ended: it went well" in done.stdout
    assert "nothing was written to a live cluster or registry" in done.stdout
    assert "Deployment/web" in done.stdout


def test_a_fault_that_is_none_is_refused_before_anything_is_read(waiting: Project) -> None:
    assert (
        "is nothing that can go wrong" in waiting.paasctl("rehearse", "dev", "--fault", "all: explode", expect=2).stderr
    )


def test_the_live_cluster_s_audit_log_shows_no_write(real: Testbed, tmp_path: Path) -> None:
    project = Project.make(real, tmp_path)
    try:
        project.release()
        project.paasctl("deploy", "dev")
        project.release("two")
        log = Path(os.environ["PAASCTL_TEST_AUDIT_LOG"])
        begin = log.stat().st_size
        project.paasctl("rehearse", "dev", "--fault", "patch deployments: 503 times=2")
        ours = _audited(log, begin, project)
        assert any(it["verb"] == "list" for it in ours), "the log shows what was read"
        assert [it for it in ours if it["verb"] in _WRITES] == []
        middle = log.stat().st_size
        project.paasctl("deploy", "dev")
        assert any(it["verb"] == "patch" for it in _audited(log, middle, project)), "the log shows what is written"
    finally:
        project.remove()


def _audited(log: Path, begin: int, project: Project) -> list[dict[str, Any]]:
    """What `paasctl` asked of this project's namespace: other tests run beside this one."""
    with log.open() as file:
        file.seek(begin)
        found = [json.loads(line) for line in file if line.endswith("\n")]
    of = [(it, it.get("objectRef", {})) for it in found if it["userAgent"].startswith("paasctl")]
    return [it for it, at in of if at.get("apiGroup") != _ASKING and project.app in json.dumps(at)]
