"""A freeze is seen by whoever deploys, from whatever machine; lifted, the line goes on."""

from __future__ import annotations

import pytest

from e2e.project import Project


@pytest.mark.journey
def test_a_frozen_environment_waits_for_whoever_lifts_it(project: Project) -> None:
    project.release()
    project.paasctl("freeze", "dev", "--until", "2h", "--message", "fêtes")
    refused = project.paasctl("deploy", "dev", expect=5)
    assert "frozen" in refused.stderr
    assert "fêtes" in refused.stderr
    assert "paasctl unfreeze dev --reason WHY" in refused.stderr
    status = project.outcome("status", "dev")["answer"]["environments"][0]["targets"][0]
    assert "fêtes" in status["freeze"]
    assert project.outcome("freeze", "dev", "--until", "1s", "--message", "soon over")["status"] == "done"
    assert project.outcome("unfreeze", "dev", "--reason", "the fix must go out")["status"] in ("done", "nothing-to-do")
    project.paasctl("deploy", "dev")
    project.expect_served("one")
