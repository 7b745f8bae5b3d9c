"""Going back: what there is is shown, whether it could be had is found out, and then it runs, as it was."""

from __future__ import annotations

import pytest

from e2e.project import Project


@pytest.mark.journey
def test_what_ran_well_before_runs_again(project: Project) -> None:
    first = project.release()
    project.paasctl("deploy", "dev", "--set", "colour=red")
    project.expect_served("one")
    second = project.release("two")
    project.paasctl("deploy", "dev", "--set", "colour=blue")
    project.expect_served("two")

    answer = project.outcome("rollback", "dev", "--list")["answer"]
    assert answer["now"] == [second]
    (way,) = answer["rows"]
    assert way["version"] == first
    assert {it["what"]: (it["now"], it["then"]) for it in way["differs"]}["value colour"] == ('"blue"', '"red"')

    checked = project.paasctl("rollback", "dev", "--check")
    assert f"what {first} needs was looked for: 1 pinned image" in checked.stderr
    project.expect_served("two")

    outcome = project.outcome("rollback", "dev", "--reason", "loses baskets")
    assert (outcome["verb"], outcome["status"], outcome["facts"]["from"]) == ("rollback", "done", second)
    project.expect_served("one")
    newest = project.outcome("history", "dev")["answer"]["entries"][0]
    assert (newest["version"], newest["reason"], newest["outcome"]) == (first, "loses baskets", "done")
    assert dict(newest["settings"])["colour"] == '"red"'

    none = project.paasctl("rollback", "dev", expect=4)
    assert "nothing ran well there before" in none.stderr


def test_what_was_rejected_meanwhile_is_passed_over(project: Project) -> None:
    first = project.release()
    project.paasctl("deploy", "dev")
    second = project.release("two")
    project.paasctl("deploy", "dev")
    third = project.release("three")
    project.paasctl("deploy", "dev")
    project.paasctl("reject", second, "--reason", "loses baskets")
    done = project.paasctl("rollback", "dev")
    assert f"back from {third} to {first}" in done.stderr
    assert f"{second} is passed over" in done.stderr
    project.expect_served("one")
