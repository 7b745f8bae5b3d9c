"""Which remote is ours, and how far its branches are from us."""

from __future__ import annotations

import pytest

from paasctl.errors import Unavailable
from support.git_worlds import Draw, refusal
from support.histories import RULES

pytestmark = pytest.mark.contract


def test_without_a_remote_there_is_none_to_push_to(draw: Draw) -> None:
    world = draw("o")
    assert (world.git.checkout(RULES, {}).remote, world.git.remote_url()) == (None, "")


def test_the_only_remote_is_the_one(draw: Draw) -> None:
    world = draw("o")
    url = world.publish("there")
    assert (world.git.checkout(RULES, {}).remote, world.git.remote_url()) == ("there", url)


def test_of_several_remotes_origin_is_the_one(draw: Draw) -> None:
    world = draw("o")
    world.publish("a")
    url = world.publish("origin")
    assert (world.git.checkout(RULES, {}).remote, world.git.remote_url()) == ("origin", url)


def test_of_several_remotes_none_is_guessed(draw: Draw) -> None:
    world = draw("o")
    world.publish("two")
    world.publish("one")
    assert refusal(world.git) == ("ambiguous-remote", "git config remote.pushDefault one")


def test_several_remotes_have_no_url_in_common(draw: Draw) -> None:
    world = draw("o")
    world.publish("one")
    world.publish("two")
    assert world.git.remote_url() == ""


@pytest.mark.parametrize("setting", ["branch.main.remote", "remote.pushDefault", "branch.main.pushRemote"])
def test_the_remote_is_the_one_git_would_push_to(draw: Draw, setting: str) -> None:
    world = draw("o")
    world.publish("origin")
    world.publish("there")
    world.set(setting, "there")
    assert world.git.checkout(RULES, {}).remote == "there"


def test_a_branch_s_own_remote_to_push_to_goes_before_all_others(draw: Draw) -> None:
    world = draw("o")
    for name in ("origin", "default", "own"):
        world.publish(name)
    world.set("branch.main.remote", "origin")
    world.set("remote.pushDefault", "default")
    assert world.git.checkout(RULES, {}).remote == "default"
    world.set("branch.main.pushRemote", "own")
    assert world.git.checkout(RULES, {}).remote == "own"


def test_a_setting_that_names_no_remote_does_not_count(draw: Draw) -> None:
    world = draw("o")
    world.publish("there")
    world.set("branch.main.remote", ".")
    assert world.git.checkout(RULES, {}).remote == "there"


def test_position_where_nothing_differs(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    assert world.git.position("origin", "main") == (0, 0)


def test_position_ahead_and_behind(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    world.others("origin", "main", 2)
    for subject in ("ours", "ours too", "and this"):
        world.commit(subject)
    assert world.git.position("origin", "main") == (3, 2)


def test_position_of_another_branch(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    world.others("origin", "topic/a", 1)
    assert world.git.position("origin", "topic/a") == (0, 1)


def test_no_such_branch_has_no_position(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.others("origin", "topic/a", 1)
    assert world.git.position("origin", "a") is None


def test_a_remote_that_does_not_answer_is_not_a_missing_branch(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.lose("origin")
    with pytest.raises(Unavailable, match="does not appear to be a git repository"):
        world.git.position("origin", "main")
