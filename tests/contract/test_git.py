"""What git promises, asked of git in memory (which stands in verbs' tests) and of real repositories.

A history is drawn once and made in both; see `support.histories` for how to read a drawing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import Forbidden, Refused, Unavailable, WouldClobber
from paasctl.ports.git import Git
from support.git_worlds import GitWorld, RealGit, SmallGit
from support.memory_git import FIRST

pytestmark = pytest.mark.contract
Draw = Callable[[str], GitWorld]


@pytest.fixture(params=["small", "real"])
def draw(request: pytest.FixtureRequest, tmp_path: Path) -> Draw:
    """Makes a world of a drawing."""
    return SmallGit if request.param == "small" else lambda drawing: RealGit(drawing, tmp_path)


def refusal(git: Git) -> tuple[str, str]:
    """Code and hint."""
    with pytest.raises(Refused) as caught:
        git.checkout("v", {})
    return caught.value.code, caught.value.hint


# --- a checkout -----------------------------------------------------------------------------------------------------


def test_a_checkout_is_at_a_commit_with_its_time(draw: Draw) -> None:
    world = draw("o o o")
    told = world.git.checkout("v", {})
    assert (told.commit, told.committed, told.root) == (world.at(3), FIRST + 180, world.root)


def test_commits_of_a_merged_line_count_once(draw: Draw) -> None:
    assert draw("o ( o o | o ) o").git.checkout("v", {}).commits == 6


def test_what_was_not_merged_does_not_count(draw: Draw) -> None:
    told = draw("o ( o v9.9.9 | o /").git.checkout("v", {})
    assert (told.commits, told.tags) == (2, ())


def test_a_distance_is_what_came_since(draw: Draw) -> None:
    assert draw("o o v1.2.3 o o o").git.checkout("v", {}).tags == (("v1.2.3", 3),)


def test_a_tag_of_a_merged_line_is_as_far_as_the_commits_it_does_not_have(draw: Draw) -> None:
    told = draw("o v1.0.0 ( o v1.1.0 o | o o ) o").git.checkout("v", {})
    assert told.tags == (("v1.1.0", 5), ("v1.0.0", 6))


def test_of_tags_as_near_the_highest_comes_first(draw: Draw) -> None:
    told = draw("o v1.9.0 v1.10.0 v1.10.0-rc.1 o").git.checkout("v", {})
    assert told.tags == (("v1.10.0", 1), ("v1.10.0-rc.1", 1), ("v1.9.0", 1))


def test_the_nearest_comes_first_however_low(draw: Draw) -> None:
    told = draw("o v2.0.0 o v1.0.0 o").git.checkout("v", {})
    assert told.tags == (("v1.0.0", 1), ("v2.0.0", 2))


def test_what_is_no_version_is_no_tag_of_ours(draw: Draw) -> None:
    assert draw("o v1.2 vacation nightly v01.0.0").git.checkout("v", {}).tags == ()


def test_another_prefix_is_somebody_else_s_tag(draw: Draw) -> None:
    world = draw("o 1.0.0 web-2.0.0 v3.0.0")
    assert world.git.checkout("web-", {}).tags == (("web-2.0.0", 0),)


def test_a_tag_of_a_tag_is_not_guessed(draw: Draw) -> None:
    world = draw("o v1.0.0 v1.0.1")
    world.mark("v2.0.0", "", of_tag="v1.0.1")
    assert refusal(world.git) == ("nested-tag", "git tag -f v2.0.0 v2.0.0^{}")


def test_a_tag_of_a_tag_that_is_no_version_does_not_matter(draw: Draw) -> None:
    world = draw("o v1.0.0 v1.0.1")
    world.mark("newest", "", of_tag="v1.0.1")
    assert len(world.git.checkout("v", {}).tags) == 2


def test_subjects_are_those_since_the_nearest_tag_newest_first(draw: Draw) -> None:
    assert draw("o v1.0.0 o v1.1.0 o o").git.checkout("v", {}).head_subjects == ("commit 4", "commit 3")


def test_subjects_of_both_lines_of_a_merge(draw: Draw) -> None:
    told = draw("o v1.0.0 ( o | o ) o").git.checkout("v", {})
    assert sorted(told.head_subjects) == ["commit 2", "commit 3", "commit 4", "commit 5"]


def test_a_tag_on_head_leaves_the_subjects_that_it_brings(draw: Draw) -> None:
    assert draw("o v1.0.0 o o v1.1.0").git.checkout("v", {}).head_subjects == ("commit 3", "commit 2")


def test_without_a_tag_every_subject_counts(draw: Draw) -> None:
    assert draw("o o").git.checkout("v", {}).head_subjects == ("commit 2", "commit 1")


def test_there_are_at_most_a_thousand_subjects(draw: Draw) -> None:
    told = draw("o " * 1002).git.checkout("v", {})
    assert (len(told.head_subjects), told.head_subjects[-1]) == (1000, "commit 3")


def test_a_repository_without_a_commit(draw: Draw) -> None:
    assert refusal(draw("").git) == ("no-commit", 'git add -A && git commit -m "feat: begin"')


def test_half_a_history_tells_no_version(draw: Draw) -> None:
    assert refusal(draw("o v1.0.0 o o").clone(shallow=True)) == ("shallow-clone", "git fetch --unshallow --tags")


def test_a_clone_without_tags_tells_no_version(draw: Draw) -> None:
    assert refusal(draw("o v1.0.0 o").clone(tags=False)) == ("no-tags", "git fetch --tags")


def test_a_clone_has_its_tags(draw: Draw) -> None:
    told = draw("o v1.0.0 o").clone().checkout("v", {})
    assert (told.tags, told.remote, told.dirty) == ((("v1.0.0", 1),), "origin", ())


# --- the branch -----------------------------------------------------------------------------------------------------


def test_a_branch_that_is_checked_out_needs_no_ci(draw: Draw) -> None:
    assert draw("o @feature/x").git.checkout("v", {"CI_COMMIT_BRANCH": "main"}).branch == "feature/x"


def test_a_detached_head_is_on_no_branch(draw: Draw) -> None:
    assert draw("o @-").git.checkout("v", {}).branch is None


def test_ci_names_the_branch_of_a_detached_head(draw: Draw) -> None:
    environ = {"GITHUB_HEAD_REF": "topic", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "12/merge"}
    assert draw("o @-").git.checkout("v", environ).branch == "topic"


# --- dirt -----------------------------------------------------------------------------------------------------------


def test_a_clean_tree_has_no_name(draw: Draw) -> None:
    world = draw("o")
    world.write("kept.txt", "as it was\n")
    world.commit("a file")
    told = world.git.checkout("v", {})
    assert (told.dirty, told.tree) == ((), "")


def test_edited_new_and_gone_files_are_dirt_in_order(draw: Draw) -> None:
    world = draw("o")
    for name in ("gone.txt", "edited.txt", "kept.txt"):
        world.write(name, "as it was\n")
    world.commit("files")
    world.write("sub/new.txt", "")
    world.write("edited.txt", "otherwise\n")
    world.remove("gone.txt")
    told = world.git.checkout("v", {})
    assert told.dirty == ("edited.txt", "gone.txt", "sub/new.txt")


def test_what_was_edited_back_is_clean(draw: Draw) -> None:
    world = draw("o !")
    assert world.git.checkout("v", {}).dirty == ("edited.txt",)
    world.remove("edited.txt")
    assert world.git.checkout("v", {}).dirty == ()


def test_a_dirty_tree_is_named_by_its_contents(draw: Draw) -> None:
    world = draw("o !")
    before = world.git.checkout("v", {}).tree
    assert len(before) == 12
    assert world.git.checkout("v", {}).tree == before
    world.write("edited.txt", "otherwise\n")
    assert world.git.checkout("v", {}).tree != before


def test_a_dirty_tree_is_named_by_its_commit_too(draw: Draw) -> None:
    world = draw("o")
    world.write("edited.txt", "the same\n")
    before = world.git.checkout("v", {}).tree
    world.remove("edited.txt")
    world.commit("another")
    world.write("edited.txt", "the same\n")
    assert world.git.checkout("v", {}).tree != before


def test_a_dirty_tree_is_named_by_its_paths_too(draw: Draw) -> None:
    world = draw("o !")
    before = world.git.checkout("v", {}).tree
    world.remove("edited.txt")
    world.write("another.txt", "changed\n")
    assert world.git.checkout("v", {}).tree != before


# --- remotes --------------------------------------------------------------------------------------------------------


def test_without_a_remote_there_is_none_to_push_to(draw: Draw) -> None:
    world = draw("o")
    assert (world.git.checkout("v", {}).remote, world.git.remote_url()) == (None, "")


def test_the_only_remote_is_the_one(draw: Draw) -> None:
    world = draw("o")
    url = world.publish("there")
    assert (world.git.checkout("v", {}).remote, world.git.remote_url()) == ("there", url)


def test_of_several_remotes_origin_is_the_one(draw: Draw) -> None:
    world = draw("o")
    world.publish("a")
    url = world.publish("origin")
    assert (world.git.checkout("v", {}).remote, world.git.remote_url()) == ("origin", url)


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
    assert world.git.checkout("v", {}).remote == "there"


def test_a_branch_s_own_remote_to_push_to_goes_before_all_others(draw: Draw) -> None:
    world = draw("o")
    for name in ("origin", "default", "own"):
        world.publish(name)
    world.set("branch.main.remote", "origin")
    world.set("remote.pushDefault", "default")
    assert world.git.checkout("v", {}).remote == "default"
    world.set("branch.main.pushRemote", "own")
    assert world.git.checkout("v", {}).remote == "own"


def test_a_setting_that_names_no_remote_does_not_count(draw: Draw) -> None:
    world = draw("o")
    world.publish("there")
    world.set("branch.main.remote", ".")
    assert world.git.checkout("v", {}).remote == "there"


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
    assert world.git.position("origin", "main") == (0, 0)


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


# --- tags -----------------------------------------------------------------------------------------------------------


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


def test_a_tag_that_is_made_is_annotated(draw: Draw) -> None:
    world = draw("o o")
    world.git.tag("v1.0.1", world.at(1), "Release 1.0.1")
    assert world.message("v1.0.1") == "Release 1.0.1"
    assert world.git.checkout("v", {}).tags == (("v1.0.1", 1),)


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
    world.git.push_tag("origin", "v1.0.1")
    assert world.message("v1.0.1", "origin") == "theirs"


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
