"""A freeze that comes at any moment of a deploy: refused before it began, or done to its end, and said either way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.lanes import VERSION, Goal, Lane, lane_in
from support.meanwhile import meanwhile


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with lane_in(tmp_path_factory.mktemp("frozen") / "lane") as made:
        yield made


@pytest.mark.parametrize(
    ("word", "goes_on"),
    [
        ("/namespaces", False),
        ("/leases", False),
        ("-history-", True),
        ("/services/web", True),
        ("/deployments/web", True),
    ],
    ids=["before its namespace", "before its lock", "as its history is closed", "in the midst", "at the rollout"],
)
def test_refused_before_it_began_or_done_to_its_end(lane: Lane, word: str, goes_on: bool) -> None:
    goal = lane.next()
    project, environment = lane.project, f"env{goal.number}"
    project.paasctl("promote", VERSION, "--to", f"rc{goal.number}", "--from", "dev")
    told: dict[str, Any] = {}

    def freeze() -> None:
        told.update(project.outcome("freeze", environment, "--message", "fairs"))

    assert lane.box.simulation
    with meanwhile(lane.box.simulation.server, word, freeze):
        run = project.start("deploy", environment, "--version", VERSION, "--output", "json")
        out, said = run.communicate(timeout=240)
    assert told["status"] == "done"
    outcome = json.loads(out)
    running = [it for it in told["facts"] if it.startswith("running.")]
    if goes_on:
        assert (run.returncode, outcome["status"]) == (0, "done"), said
        assert len(running) == 1, "who froze it was told that it goes on"
        assert goal.runs
    else:
        assert (run.returncode, outcome["problems"][0]["code"]) == (5, "frozen"), said
        assert not goal.runs
        assert "open" not in {it["outcome"] for it in goal.history}
    _check_frozen(goal, environment)


def _check_frozen(goal: Goal, environment: str) -> None:
    """Whoever comes later is refused where there is something to do; lifted, it goes on."""
    project = goal.lane.project
    if not goal.runs:
        refused = project.outcome("deploy", environment, "--version", VERSION, expect=5)
        assert refused["problems"][0]["code"] == "frozen"
    project.outcome("unfreeze", environment, "--reason", "over")
    assert project.outcome("deploy", environment, "--version", VERSION)["status"] in ("done", "nothing-to-do")
    assert goal.runs
    assert goal.holders == [""]
