"""What came since a tag, in its authors' words."""

from __future__ import annotations

import pytest

from paasctl.model.config import Versioning
from support.git_worlds import Draw
from support.histories import RULES

pytestmark = pytest.mark.contract


def test_changes_are_those_that_the_tag_has_not_newest_first(draw: Draw) -> None:
    world = draw("o v1.0.0 o o")
    told = world.git.changes("v1.0.0", RULES)
    assert [(it.commit, it.subject) for it in told] == [(world.at(3), "commit 3"), (world.at(2), "commit 2")]


def test_without_a_tag_all_of_them_are(draw: Draw) -> None:
    assert [it.subject for it in draw("o o").git.changes("", RULES)] == ["commit 2", "commit 1"]


def test_nothing_came(draw: Draw) -> None:
    assert draw("o v1.0.0").git.changes("v1.0.0", RULES) == ()


def test_a_message_has_a_body(draw: Draw) -> None:
    world = draw("o v1.0.0")
    world.commit("feat: größer\n\nmore of it\n\nRefs: #12")
    (told,) = world.git.changes("v1.0.0", RULES)
    assert (told.subject, told.body, told.is_merge) == ("feat: größer", "more of it\n\nRefs: #12", False)


def test_a_merge_is_one(draw: Draw) -> None:
    told = draw("o v1.0.0 ( o | o )").git.changes("v1.0.0", RULES)
    assert [it.is_merge for it in told] == [True, False, False]


def test_of_a_project_what_touches_its_paths(draw: Draw) -> None:
    world = draw("o v1.0.0")
    for path in ("web/a", "api/a"):
        world.write(path, "x")
        world.commit(f"feat: {path}")
    assert [it.subject for it in world.git.changes("v1.0.0", Versioning(paths=("/web",)))] == ["feat: web/a"]
