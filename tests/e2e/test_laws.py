"""The laws over HTTP, with real processes: plan twice, run twice, killed before any write the next run ends the same.

A kill before write number n + 1 is a kill after write number n, so that every write is the last one once.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator

import pytest

from e2e.boxed import Boxed
from e2e.parts import until
from e2e.project import Project
from e2e.test_killed import PAAS_WITH_MORE, outcomes, state
from paasctl.embedded.http.server import Server
from support.striking import Strike, ended, struck

pytestmark = pytest.mark.laws
_MOST = 40
"""More writes than a run has."""


def _killed(project: Project, server: Server, at: int, *args: str) -> bool:
    """Whether the run was killed; one that had fewer writes has gone well."""
    with struck(Strike(at), server) as strike:
        run = project.start(*args)
        out, err = ended(run, strike)
    assert run.returncode in (0, -signal.SIGKILL), f"{out}\n{err}"
    assert (run.returncode != 0) == strike.hit
    return strike.hit


@pytest.fixture
def boxed_project(embedded: Boxed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project.make(embedded, tmp_path_factory.mktemp("laws"), PAAS_WITH_MORE)
    yield made
    made.remove()


def test_a_deploy_killed_before_any_write_is_ended_by_the_next(embedded: Boxed, boxed_project: Project) -> None:
    project = boxed_project
    assert embedded.simulation
    server = embedded.simulation.server
    versions = (project.release(), project.release("two"))
    ends = {}
    for version in (*versions, versions[0]):
        project.paasctl("deploy", "dev", "--version", version)
        ends[version] = state(project)
    killed = 0
    for at in range(_MOST):
        version = versions[(at + 1) % 2]
        if not _killed(project, server, at, "deploy", "dev", "--version", version):
            break
        killed += 1
        project.paasctl("deploy", "dev", "--version", version)
        assert state(project) == ends[version], f"killed before write {at}"
        again = project.outcome("deploy", "dev", "--version", version)
        assert again["status"] == "nothing-to-do", f"killed before write {at}"
    assert 3 <= killed < _MOST
    assert "open" not in outcomes(project)
    assert not project.objects("leases")[0]["spec"].get("holderIdentity")


def test_a_first_deploy_killed_before_any_write_is_ended_by_the_next(embedded: Boxed, boxed_project: Project) -> None:
    project = boxed_project
    assert embedded.simulation
    project.release()
    for at in itertools.count():
        is_killed = _killed(project, embedded.simulation.server, at, "deploy", "dev")
        if is_killed:
            project.paasctl("deploy", "dev")
        found = state(project)
        assert {it.partition("/")[0] for it in found} >= {"Deployment", "Service", "Ingress", "ConfigMap"}
        assert project.outcome("deploy", "dev")["status"] == "nothing-to-do", f"killed before write {at}"
        if not is_killed:
            break
        project.testbed.do("delete", "namespaces", project.namespace)
        until(lambda: project.testbed.run_kubectl("get", "namespace", project.namespace).returncode)
        assert at < _MOST


def test_a_release_killed_before_any_write_is_ended_by_the_next(embedded: Boxed, boxed_project: Project) -> None:
    project = boxed_project
    assert embedded.images
    for at in range(_MOST):
        project.commit(f"version {at}")
        is_killed = _killed(project, embedded.images.server, at, "release")
        version = project.release()
        assert project.git("rev-list", "-1", f"v{version}") == project.git("rev-parse", "HEAD")
        assert embedded.manifest(f"{project.app}/web", version)
        assert project.release() == version, f"killed before write {at}"
        if not is_killed:
            break
    assert 3 <= at < _MOST - 1


def test_a_plan_made_twice_is_the_same(boxed_project: Project) -> None:
    project = boxed_project
    project.release()
    assert project.outcome("diff", "dev")["answer"] == project.outcome("diff", "dev")["answer"]
    project.paasctl("deploy", "dev")
    project.release("two")
    first = project.outcome("diff", "dev")["answer"]
    assert first["objects"]
    assert project.outcome("diff", "dev")["answer"] == first
