"""Tags here and there: read, made, and pushed without force."""

from __future__ import annotations

import pytest

from paasctl.errors import Forbidden, Unavailable, WouldClobber
from support.git_worlds import Draw
from support.histories import RULES

pytestmark = pytest.mark.contract


def test_a_tag_of_either_kind_is_peeled_to_its_commit(draw: Draw) -> None:
    world = draw("o v1.0.0 o v1.1.0 o")  # the second is annotated
    assert [world.git.tag_commit(it) for it in ("v1.0.0", "v1.1.0")] == [world.at(1), world.at(2)]


def test_the_remote_s_tags_are_peeled_too(draw: Draw) -> None:
    world = draw("o v1.0.0 o v1.1.0 o")
    world.publish("origin")
    found = [world.git.remote_tag_commit("origin", it) for it in ("v1.0.0", "v1.1.0")]
    assert found == [world.at(1), world.at(2)]


def test_a_tag_that_is_not_there_is_none(draw: Draw) -> None:
    world = draw("o v2/sub")
    assert [world.git.tag_commit(it) for it in ("v2", "sub", "v9.9.9")] == [None] * 3


def test_a_tag_that_is_not_at_the_remote_is_none(draw: Draw) -> None:
    world = draw("o v2/sub")
    world.publish("origin")
    world.git.tag("v9.9.9", world.at(1), "only here")
    assert [world.git.remote_tag_commit("origin", it) for it in ("v2", "sub", "v9.9.9")] == [None] * 3


def test_the_remote_is_asked_as_it_is_now(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    theirs = world.others("origin", "main", 1)
    world.others_tag("origin", "v1.0.0", theirs)
    assert world.git.remote_tag_commit("origin", "v1.0.0") == theirs
    assert world.git.tag_commit("v1.0.0") is None


def test_a_remote_that_does_not_answer_is_not_a_missing_tag(draw: Draw) -> None:
    world = draw("o v1.0.0")
    world.publish("origin")
    world.lose("origin")
    with pytest.raises(Unavailable, match="does not appear to be a git repository"):
        world.git.remote_tag_commit("origin", "v1.0.0")


def test_an_annotated_tag_names_who_made_it_and_a_light_one_nobody(draw: Draw) -> None:
    world = draw("o v1.0.0 o v1.1.0 o v2/sub")  # the second is annotated
    name, _, email = world.git.tagger("v1.1.0").partition(" <")
    assert name
    assert email.endswith(">")
    assert [world.git.tagger(it) for it in ("v1.0.0", "v9.9.9", "v2")] == [""] * 3


def test_a_tag_that_is_made_is_annotated(draw: Draw) -> None:
    world = draw("o o")
    world.git.tag("v1.0.1", world.at(1), "Release 1.0.1")
    assert world.message("v1.0.1") == "Release 1.0.1"
    assert world.git.checkout(RULES, {}).tags == (("v1.0.1", 1),)


def test_a_tag_that_is_made_again_stays_as_it_was(draw: Draw) -> None:
    world = draw("o")
    for message in ("once", "twice"):
        world.git.tag("v1.0.1", world.at(1), message)
    assert world.message("v1.0.1") == "once"


def test_a_tag_on_another_commit_is_not_moved(draw: Draw) -> None:
    world = draw("o v1.0.0 o")
    with pytest.raises(WouldClobber, match=r"making tag v1\.0\.0: it is on commit") as caught:
        world.git.tag("v1.0.0", world.at(2), "again")
    assert caught.value.hint.startswith("git show v1.0.0;")
    assert world.git.tag_commit("v1.0.0") == world.at(1)


def test_a_commit_that_is_not_there_is_not_tagged(draw: Draw) -> None:
    world = draw("o")
    with pytest.raises(Unavailable, match=r"making tag v1\.0\.0"):
        world.git.tag("v1.0.0", "12" * 20, "of nothing")
    assert world.git.tag_commit("v1.0.0") is None


def test_a_tag_is_pushed_with_its_message(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.git.tag("v1.0.1", world.at(1), "Release 1.0.1")
    world.git.push_tag("origin", "v1.0.1")
    assert world.message("v1.0.1", "origin") == "Release 1.0.1"


def test_one_tag_is_pushed_and_no_other(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    for tag in ("v1.0.1", "v1.0.2"):
        world.git.tag(tag, world.at(1), "Release")
    world.git.push_tag("origin", "v1.0.2")
    assert world.git.remote_tag_commit("origin", "v1.0.1") is None


def test_a_tag_is_pushed_to_the_remote_that_was_named(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.publish("there")
    world.git.tag("v1.0.1", world.at(1), "Release")
    world.git.push_tag("there", "v1.0.1")
    found = [world.git.remote_tag_commit(it, "v1.0.1") for it in ("origin", "there")]
    assert found == [None, world.at(1)]


def test_a_tag_that_is_there_on_the_same_commit_is_success(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.others_tag("origin", "v1.0.1", world.at(1))
    world.git.tag("v1.0.1", world.at(1), "ours")
    assert not world.git.push_tag("origin", "v1.0.1")
    assert world.message("v1.0.1", "origin") == "theirs"


def test_who_pushes_a_tag_first_has_it(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.git.tag("v1.0.1", world.at(1), "Release")
    assert [world.git.push_tag("origin", "v1.0.1") for _ in range(2)] == [True, False]


def test_the_remote_s_tag_takes_the_place_of_ours(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    world.others_tag("origin", "v1.0.1", world.at(1))
    world.git.tag("v1.0.1", world.at(2), "ours")
    world.git.adopt_tag("origin", "v1.0.1")
    assert (world.message("v1.0.1"), world.git.tag_commit("v1.0.1")) == ("theirs", world.at(1))


def test_a_tag_that_the_remote_has_not_is_not_adopted(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.git.tag("v1.0.1", world.at(1), "ours")
    with pytest.raises(Unavailable, match=r"refs/tags/v1\.0\.1"):
        world.git.adopt_tag("origin", "v1.0.1")
    assert world.message("v1.0.1") == "ours"


def test_a_tag_that_is_there_on_another_commit_is_never_forced(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    world.others_tag("origin", "v1.0.1", world.at(1))
    world.git.tag("v1.0.1", world.at(2), "ours")
    with pytest.raises(WouldClobber, match=r"pushing tag v1\.0\.1 to origin: it is there already") as caught:
        world.git.push_tag("origin", "v1.0.1")
    assert caught.value.hint == "git tag -d v1.0.1 && git fetch --tags origin, then run again"
    assert world.git.remote_tag_commit("origin", "v1.0.1") == world.at(1)


def test_a_push_to_a_remote_that_does_not_answer(draw: Draw) -> None:
    world = draw("o v1.0.0")
    world.publish("origin")
    world.lose("origin")
    with pytest.raises(Unavailable, match="does not appear to be a git repository"):
        world.git.push_tag("origin", "v1.0.0")


def test_a_push_to_a_remote_that_nobody_set_up(draw: Draw) -> None:
    world = draw("o v1.0.0")
    with pytest.raises(Unavailable, match="nowhere"):
        world.git.push_tag("nowhere", "v1.0.0")


def test_a_tag_that_is_not_here_is_not_pushed(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    with pytest.raises(Unavailable, match=r"pushing tag v1\.0\.0 to origin"):
        world.git.push_tag("origin", "v1.0.0")


def test_a_remote_that_declines_says_so(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.decline("origin")
    world.git.tag("v1.0.1", world.at(1), "Release 1.0.1")
    with pytest.raises(Forbidden, match="declined"):
        world.git.push_tag("origin", "v1.0.1")
    assert world.git.remote_tag_commit("origin", "v1.0.1") is None


def test_asking_whether_a_push_is_taken_leaves_nothing(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.git.check_push("origin", "v1.0.1", world.at(1))
    assert world.git.remote_tag_commit("origin", "v1.0.1") is None
    assert world.git.tag_commit("v1.0.1") is None


def test_who_may_only_read_is_told_before_anything_is_pushed(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.close("origin")
    with pytest.raises(Forbidden, match=r"asking whether origin takes a push of v1\.0\.1: .*denied"):
        world.git.check_push("origin", "v1.0.1", world.at(1))
    world.git.tag("v1.0.1", world.at(1), "Release 1.0.1")
    with pytest.raises(Forbidden, match="denied"):
        world.git.push_tag("origin", "v1.0.1")


def test_whether_a_push_is_taken_by_a_remote_that_does_not_answer(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.lose("origin")
    with pytest.raises(Unavailable, match="does not appear to be a git repository"):
        world.git.check_push("origin", "v1.0.1", world.at(1))


def test_a_tag_that_somebody_else_has_made_is_no_missing_right(draw: Draw) -> None:
    world = draw("o o")
    world.publish("origin")
    world.others_tag("origin", "v1.0.1", world.at(1))
    world.git.check_push("origin", "v1.0.1", world.at(2))


def test_what_a_hook_will_say_is_not_known_before(draw: Draw) -> None:
    world = draw("o")
    world.publish("origin")
    world.decline("origin")
    world.git.check_push("origin", "v1.0.1", world.at(1))
