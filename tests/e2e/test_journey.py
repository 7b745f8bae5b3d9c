"""The whole way once: a commit becomes a running release, another rolls over it, a bad one is called by its name."""

from __future__ import annotations

import time
from pathlib import Path

from e2e.boxed import Boxed
from e2e.parts import Testbed
from e2e.project import DOCKERFILE, IMAGE, PAAS, Project
from e2e.watching import Asking, FirstEnd

_LAYERED = PAAS.replace("    port: 8080\n", "    port: 8080\n    replicas: 2\n")
_WITH_DOCKER = _LAYERED.replace(IMAGE, "  web: {dockerfile: Dockerfile}\n")


def test_a_commit_becomes_a_running_release_and_the_next_one_rolls(testbed: Testbed, tmp_path: Path) -> None:
    paas = _LAYERED if isinstance(testbed, Boxed) else _WITH_DOCKER
    project = Project.make(testbed, tmp_path, paas, Dockerfile=DOCKERFILE)
    try:
        _journey(project)
    finally:
        project.remove()


def _journey(project: Project) -> None:
    assert project.release() == "0.1.0"
    assert project.git("ls-remote", "--tags", "origin", "v0.1.0")
    done = project.paasctl("deploy", "dev")
    assert f"http://{project.host}/" in done.stderr
    project.expect_served("one")

    assert "nothing to do" in project.paasctl("deploy", "dev").stderr
    again = project.paasctl("release")
    assert again.stdout.strip() == "0.1.0"
    assert "nothing to do" in again.stderr

    assert project.release("two") == "0.1.1"
    with Asking(project.testbed, project.host) as asking:
        project.paasctl("deploy", "dev")
    assert asking.lost == []
    assert asking.versions[0] == "one"
    project.expect_served("two")
    history = project.paasctl("history", "dev").stdout
    assert "0.1.0" in history
    assert "0.1.1" in history

    _crash_and_go_on(project)


def _crash_and_go_on(project: Project) -> None:  # D21, D28
    project.edit("paas.yaml", "    port: 8080\n", '    port: 8080\n    env: {APP_CRASH: "1"}\n')
    assert project.release("bad") == "0.1.2"
    with Asking(project.testbed, project.host) as asking, FirstEnd(project.testbed, project.namespace, 3) as crash:
        failed = project.paasctl("deploy", "dev", expect=1)
        ended = time.monotonic()
    assert crash.at is not None
    assert ended - crash.at < 30
    assert "crash-loop" in failed.stderr
    assert "exits with code 3" in failed.stderr
    assert "app: no database named in the configuration" in failed.stderr
    assert asking.lost == []
    assert asking.versions == ["two"]
    assert "failed" in project.paasctl("history", "dev").stdout

    project.edit("paas.yaml", '    env: {APP_CRASH: "1"}\n', "")
    assert project.release("three") == "0.1.3"
    with Asking(project.testbed, project.host) as asking:
        drawn = project.on_terminal("deploy", "dev")
    assert asking.lost == []
    project.expect_served("three")
    assert f"http://{project.host}/" in drawn
