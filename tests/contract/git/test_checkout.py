"""What a checkout is told as: its commit, its history since the tags, its branch, its dirt."""

from __future__ import annotations

import pytest

from paasctl.errors import Refused
from paasctl.model.config import BranchRule, Versioning
from support.git_worlds import Draw, refusal
from support.histories import RULES
from support.memory_git import FIRST

pytestmark = pytest.mark.contract


def test_a_checkout_is_at_a_commit_with_its_time(draw: Draw) -> None:
    world = draw("o o o")
    told = world.git.checkout(RULES, {})
    assert (told.commit, told.committed, told.root) == (world.at(3), FIRST + 180, world.root)


def test_commits_of_a_merged_line_count_once(draw: Draw) -> None:
    assert draw("o ( o o | o ) o").git.checkout(RULES, {}).commits == 6


def test_what_was_not_merged_does_not_count(draw: Draw) -> None:
    told = draw("o ( o v9.9.9 | o /").git.checkout(RULES, {})
    assert (told.commits, told.tags) == (2, ())


def test_a_distance_is_what_came_since(draw: Draw) -> None:
    assert draw("o o v1.2.3 o o o").git.checkout(RULES, {}).tags == (("v1.2.3", 3),)


def test_a_tag_of_a_merged_line_is_as_far_as_the_commits_it_does_not_have(draw: Draw) -> None:
    told = draw("o v1.0.0 ( o v1.1.0 o | o o ) o").git.checkout(RULES, {})
    assert told.tags == (("v1.1.0", 5), ("v1.0.0", 6))


def test_of_tags_as_near_the_highest_comes_first(draw: Draw) -> None:
    told = draw("o v1.9.0 v1.10.0 v1.10.0-rc.1 o").git.checkout(RULES, {})
    assert told.tags == (("v1.10.0", 1), ("v1.10.0-rc.1", 1), ("v1.9.0", 1))


def test_the_nearest_comes_first_however_low(draw: Draw) -> None:
    told = draw("o v2.0.0 o v1.0.0 o").git.checkout(RULES, {})
    assert told.tags == (("v1.0.0", 1), ("v2.0.0", 2))


def test_what_is_no_version_is_no_tag_of_ours(draw: Draw) -> None:
    assert draw("o v1.2 vacation nightly v01.0.0").git.checkout(RULES, {}).tags == ()


def test_another_prefix_is_somebody_else_s_tag(draw: Draw) -> None:
    world = draw("o 1.0.0 web-2.0.0 v3.0.0")
    assert world.git.checkout(Versioning(tag_prefix="web-"), {}).tags == (("web-2.0.0", 0),)


def test_a_tag_of_a_tag_is_not_guessed(draw: Draw) -> None:
    world = draw("o v1.0.0 v1.0.1")
    world.mark("v2.0.0", "", of_tag="v1.0.1")
    assert refusal(world.git) == ("nested-tag", "git tag -f v2.0.0 v2.0.0^{}")


def test_a_tag_of_a_tag_that_is_no_version_does_not_matter(draw: Draw) -> None:
    world = draw("o v1.0.0 v1.0.1")
    world.mark("newest", "", of_tag="v1.0.1")
    assert len(world.git.checkout(RULES, {}).tags) == 2


def test_subjects_are_those_since_the_nearest_tag_newest_first(draw: Draw) -> None:
    assert draw("o v1.0.0 o v1.1.0 o o").git.checkout(RULES, {}).head_subjects == ("commit 4", "commit 3")


def test_subjects_of_both_lines_of_a_merge(draw: Draw) -> None:
    told = draw("o v1.0.0 ( o | o ) o").git.checkout(RULES, {})
    assert sorted(told.head_subjects) == ["commit 2", "commit 3", "commit 4", "commit 5"]


def test_a_tag_on_head_leaves_the_subjects_that_it_brings(draw: Draw) -> None:
    assert draw("o v1.0.0 o o v1.1.0").git.checkout(RULES, {}).head_subjects == ("commit 3", "commit 2")


def test_without_a_tag_every_subject_counts(draw: Draw) -> None:
    assert draw("o o").git.checkout(RULES, {}).head_subjects == ("commit 2", "commit 1")


def test_there_are_at_most_a_thousand_subjects(draw: Draw) -> None:
    told = draw("o " * 1002).git.checkout(RULES, {})
    assert (len(told.head_subjects), told.head_subjects[-1]) == (1000, "commit 3")


def test_a_repository_without_a_commit(draw: Draw) -> None:
    assert refusal(draw("").git) == ("no-commit", 'git add -A && git commit -m "feat: begin"')


def test_half_a_history_tells_no_version(draw: Draw) -> None:
    assert refusal(draw("o v1.0.0 o o").clone(shallow=True)) == ("shallow-clone", "git fetch --unshallow --tags")


def test_a_clone_without_tags_tells_no_version(draw: Draw) -> None:
    assert refusal(draw("o v1.0.0 o").clone(tags=False)) == ("no-tags", "git fetch --tags")


def test_a_clone_has_its_tags(draw: Draw) -> None:
    told = draw("o v1.0.0 o").clone().checkout(RULES, {})
    assert (told.tags, told.remote, told.dirty) == ((("v1.0.0", 1),), "origin", ())


def test_a_branch_that_is_checked_out_needs_no_ci(draw: Draw) -> None:
    assert draw("o @feature/x").git.checkout(RULES, {"CI_COMMIT_BRANCH": "main"}).branch == "feature/x"


def test_a_detached_head_is_on_no_branch(draw: Draw) -> None:
    assert draw("o @-").git.checkout(RULES, {}).branch is None


def test_ci_names_the_branch_of_a_detached_head(draw: Draw) -> None:
    environ = {"GITHUB_HEAD_REF": "topic", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "12/merge"}
    assert draw("o @-").git.checkout(RULES, environ).branch == "topic"


def test_a_clean_tree_has_no_name(draw: Draw) -> None:
    world = draw("o")
    world.write("kept.txt", "as it was\n")
    world.commit("a file")
    told = world.git.checkout(RULES, {})
    assert (told.dirty, told.tree) == ((), "")


def test_edited_new_and_gone_files_are_dirt_in_order(draw: Draw) -> None:
    world = draw("o")
    for name in ("gone.txt", "edited.txt", "kept.txt"):
        world.write(name, "as it was\n")
    world.commit("files")
    world.write("sub/new.txt", "")
    world.write("edited.txt", "otherwise\n")
    world.remove("gone.txt")
    told = world.git.checkout(RULES, {})
    assert told.dirty == ("edited.txt", "gone.txt", "sub/new.txt")


def test_what_was_edited_back_is_clean(draw: Draw) -> None:
    world = draw("o !")
    assert world.git.checkout(RULES, {}).dirty == ("edited.txt",)
    world.remove("edited.txt")
    assert world.git.checkout(RULES, {}).dirty == ()


def test_a_dirty_tree_is_named_by_its_contents(draw: Draw) -> None:
    world = draw("o !")
    before = world.git.checkout(RULES, {}).tree
    assert len(before) == 12
    assert world.git.checkout(RULES, {}).tree == before
    world.write("edited.txt", "otherwise\n")
    assert world.git.checkout(RULES, {}).tree != before


def test_a_dirty_tree_is_named_by_its_commit_too(draw: Draw) -> None:
    world = draw("o")
    world.write("edited.txt", "the same\n")
    before = world.git.checkout(RULES, {}).tree
    world.remove("edited.txt")
    world.commit("another")
    world.write("edited.txt", "the same\n")
    assert world.git.checkout(RULES, {}).tree != before


def test_a_dirty_tree_is_named_by_its_paths_too(draw: Draw) -> None:
    world = draw("o !")
    before = world.git.checkout(RULES, {}).tree
    world.remove("edited.txt")
    world.write("another.txt", "changed\n")
    assert world.git.checkout(RULES, {}).tree != before


def test_the_caller_s_word_for_the_branch_goes_before_what_is_checked_out(draw: Draw) -> None:
    told = draw("o @topic").git.checkout(RULES, {"PAASCTL_BRANCH": "main"})
    assert (told.branch, told.branch_from) == ("main", "--branch or PAASCTL_BRANCH")


def test_tags_are_those_of_the_branch(draw: Draw) -> None:
    rules = Versioning(branches=(BranchRule(pattern="old/.*", tag_prefix="old-"),))
    assert draw("o v2.0.0 old-1.0.0 @old/1").git.checkout(rules, {}).tags == (("old-1.0.0", 0),)


def test_a_prefix_that_tags_had_once_still_counts(draw: Draw) -> None:
    told = draw("o r-1.0.0 o v2.0.0").git.checkout(Versioning(fallback_prefixes=("r-",)), {})
    assert told.tags == (("v2.0.0", 0), ("r-1.0.0", 1))


def test_all_commits_are_changes_where_no_path_is_named(draw: Draw) -> None:
    assert draw("o:web/a v1.0.0 o:api/a").git.checkout(RULES, {}).changes is None


@pytest.mark.parametrize(
    ("paths", "exclude", "changes"),
    [
        (("/web",), (), 2),
        (("/web", "/api"), (), 3),
        ((), ("/web",), 1),
        (("/web",), ("/web/docs",), 1),
        (("/x",), (), 0),
    ],
)
def test_changes_are_commits_that_touch_the_paths(
    draw: Draw, paths: tuple[str, ...], exclude: tuple[str, ...], changes: int
) -> None:
    world = draw("o:web/a v1.0.0 ( o:web/a | o:api/a ) o:web/docs/a o")
    assert world.git.checkout(Versioning(paths=paths, exclude=exclude), {}).changes == changes


def test_in_ci_the_rest_of_the_history_is_fetched(draw: Draw) -> None:
    told = draw("o v1.0.0 o o").clone(shallow=True).checkout(RULES, {"CI": "true"})
    assert (told.tags, told.fetched) == ((("v1.0.0", 2),), "origin")


def test_in_ci_nothing_is_fetched_against_the_rules(draw: Draw) -> None:
    clone = draw("o v1.0.0 o o").clone(shallow=True)
    with pytest.raises(Refused, match="shallow"):
        clone.checkout(Versioning(fetch="never"), {"CI": "true"})
