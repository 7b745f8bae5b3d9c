"""SIGINT and SIGTERM in mid rollout end in a declared state, and running again finishes (D3, X2)."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

from e2e.project import Project


def test_a_signal_stops_a_rollout_in_a_declared_state_and_the_next_run_finishes(project: Project) -> None:
    project.edit("paas.yaml", "    port: 8080\n", "    port: 8080\n    env: {APP_START_DELAY: 7s}\n")
    project.release("one")
    outcome = _stopped(project, signal.SIGINT)
    assert outcome["exit"] == 130
    assert outcome["status"] == "cancelled"
    assert {it["manifest"]["key"]["kind"] for it in outcome["done"]} == {"Deployment", "Service"}
    assert [it["do"] for it in outcome["left"]] == ["awaitReady", "apply", "awaitReady"]
    assert _newest(project) == "cancelled"

    project.paasctl("deploy", "dev")
    project.expect_served("one")

    project.release("two")
    outcome = _stopped(project, signal.SIGTERM)
    assert outcome["exit"] == 143
    assert outcome["status"] == "cancelled"
    assert [it["do"] for it in outcome["left"]] == ["awaitReady"]
    project.expect_served("one")

    project.paasctl("deploy", "dev")
    project.expect_served("two")
    assert "nothing to do" in project.paasctl("deploy", "dev").stderr


def _stopped(project: Project, by: signal.Signals) -> dict[str, Any]:
    """The outcome of a deploy that got the signal while it waited for the rollout."""
    deploy = project.start("deploy", "dev", "--output", "jsonl")
    wait_for_step(deploy, "awaitReady")
    deploy.send_signal(by)
    out, err = deploy.communicate(timeout=30)
    outcome: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert outcome["event"] == "outcome", err
    assert deploy.returncode == outcome["exit"]
    return outcome


def wait_for_step(deploy: subprocess.Popen[str], do: str) -> None:
    """Read a run's events until a step of that kind begins."""
    assert deploy.stdout
    for line in deploy.stdout:
        event = json.loads(line)
        if event["event"] == "started" and event["step"]["do"] == do:
            return
    raise AssertionError(f"no {do} in this run")


def _newest(project: Project) -> str:
    entries = project.outcome("history", "dev")["answer"]["entries"]
    return str(entries[0]["outcome"])
