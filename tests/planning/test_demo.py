"""What the demo says at its end."""

from __future__ import annotations

import shlex

from paasctl.planning.demo import acts, what_next


def test_a_folder_with_an_odd_name_can_be_gone_to() -> None:
    first, *_ = what_next("/tmp/t m'p/demo", kept=True, parts=())
    assert shlex.split(first) == ["cd", "/tmp/t m'p/demo/project"]


def test_what_to_try_next_is_called_as_the_demo_was() -> None:
    said = what_next("/tmp/demo", kept=False, parts=(), program="/home/a/.venv/bin/paasctl")
    assert said[0].startswith("/home/a/.venv/bin/paasctl demo --keep ")
    kept = what_next("/tmp/demo", kept=True, parts=(), program="x/paasctl")
    assert "then: x/paasctl deploy demo, x/paasctl status, x/paasctl history demo" in kept


def test_whoever_keeps_the_project_can_commit_there_without_a_git_identity() -> None:
    first, *_ = acts("127.0.0.1:5000/hello")
    told = [it[2] for it in first.before if it[:2] == ("git", "config")]
    assert told == ["user.name", "user.email"]
