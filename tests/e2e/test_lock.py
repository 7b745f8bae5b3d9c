"""Two deploys at once: one holds the target, the other says who, and waits or leaves (D2, X1)."""

from __future__ import annotations

import getpass
import socket
import time

from e2e.project import Project
from e2e.test_stopped import wait_for_step


def test_a_second_deploy_names_the_holder_and_leaves_or_waits(project: Project) -> None:
    project.edit("paas.yaml", "    port: 8080\n", "    port: 8080\n    env: {APP_START_DELAY: 12s}\n")
    project.release("one")
    first = project.start("deploy", "dev", "--output", "jsonl")
    wait_for_step(first, "awaitReady")
    patient = project.start("deploy", "dev", "--wait-lock", "60s")

    began = time.monotonic()
    refused = project.paasctl("deploy", "dev", "--wait-lock", "1s", expect=5)
    assert time.monotonic() - began < 10
    assert "target-locked" in refused.stderr
    assert getpass.getuser() in refused.stderr
    assert socket.gethostname() in refused.stderr
    assert str(first.pid) in refused.stderr
    status = project.outcome("status", "dev", expect=1)["answer"]["environments"][0]["targets"][0]
    assert getpass.getuser() in status["holder"]

    ended = [(it, it.communicate(timeout=60)) for it in (first, patient)]
    for it, said in ended:
        assert it.returncode == 0, said
    assert "is held by" in ended[1][1][1]
    project.expect_served("one")
