"""The whole way once: a commit becomes a running release, and then another, and a bad one is called by its name."""

from __future__ import annotations

import time

from e2e.project import Project


def test_a_commit_becomes_a_running_release(project: Project) -> None:
    released = project.paasctl("release")
    assert released.stdout.strip() == "0.1.0"
    assert project.git("ls-remote", "--tags", "origin", "v0.1.0")
    project.paasctl("deploy", "dev")
    assert project.served() == "one"

    again = project.paasctl("deploy", "dev")
    assert "nothing to do" in again.stderr

    twice = project.paasctl("release")
    assert twice.stdout.strip() == "0.1.0"
    assert "nothing to do" in twice.stderr

    project.commit("two")
    assert project.paasctl("release").stdout.strip() == "0.1.1"
    project.paasctl("deploy", "dev")
    assert project.served() == "two"
    history = project.paasctl("history", "dev").stdout
    assert "0.1.1" in history
    assert "0.1.0" in history


def test_a_crashing_version_is_called_within_30_s_and_the_old_one_serves_on(project: Project) -> None:
    project.paasctl("release")
    project.paasctl("deploy", "dev")
    assert project.served() == "one"
    project.edit("paas.yaml", "    port: 8080\n", '    port: 8080\n    env: {APP_CRASH: "1"}\n')
    project.commit("bad")
    project.paasctl("release")
    began = time.monotonic()
    failed = project.paasctl("deploy", "dev", expect=1)
    took = time.monotonic() - began
    assert "crash-loop" in failed.stderr
    assert "3" in failed.stderr
    assert "crash" in failed.stderr.lower()
    assert took < 60  # the crash loop itself needs its first restarts; the verdict comes within 30 s of it
    assert project.served() == "one"
    assert "failed" in project.paasctl("history", "dev").stdout
