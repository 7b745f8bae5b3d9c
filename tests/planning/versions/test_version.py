from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasctl.errors import ConfigError, PaasError, Refused, UsageError, WouldClobber
from paasctl.model.config import BranchRule, Versioning
from paasctl.model.version import Checkout, Version
from paasctl.planning.versions.version import ReleasePosition, name_version, release_version, wanted_release
from support.histories import history

RULES = Versioning()
MINOR = Versioning(increment="minor")
MAJOR = Versioning(increment="major")
EITHER = Versioning(increment="minorIfNotOnRelease")
PRERELEASE = Versioning(increment="prerelease")
MAVEN = Versioning(snapshot="maven")
BRANCHES = Versioning(
    branches=(
        BranchRule(pattern="release/.*", increment="patch"),
        BranchRule(pattern="feature/.*", decorate="branch"),
        BranchRule(pattern="plain/.*", decorate="none"),
        BranchRule(pattern="main", decorate="branch"),
        BranchRule(pattern=".*", increment="minor"),
    )
)

NAMED = {
    # on a tag
    "a tag names its commit": ("o v1.2.3", RULES, "1.2.3"),
    "a tag names its commit, wherever it is checked out": ("o v1.2.3 @-", RULES, "1.2.3"),
    "a tag names its commit on any branch": ("o v1.2.3 @feature/x", RULES, "1.2.3"),
    "a pre-release tag names its commit": ("o v1.2.3-rc.1", RULES, "1.2.3-rc.1"),
    "several tags on one commit: the highest": ("o v1.2.3 v1.10.0 v1.9.0", RULES, "1.10.0"),
    "a release outranks its candidate on the same commit": ("o v1.2.0-rc.2 v1.2.0", RULES, "1.2.0"),
    "two digits are more than one": ("o v1.9.0 v1.10.0", RULES, "1.10.0"),
    # off a tag
    "one commit later": ("o v1.2.3 o", RULES, "1.2.4-1.gabc1234"),
    "three commits later": ("o v1.2.3 o o o", RULES, "1.2.4-3.gabc1234"),
    "the nearest tag counts, not the highest": ("o v2.0.0 o v1.2.3 o", RULES, "1.2.4-1.gabc1234"),
    "of two nearest the highest": ("o ( o v1.5.0 | o v1.4.0 )", RULES, "1.5.1-2.gabc1234"),
    "a tag on a merged branch counts": ("o v1.0.0 ( o v1.1.0 o | o )", RULES, "1.1.1-3.gabc1234"),
    "the nearer of two lines": ("o ( o v1.1.0 o | o o v1.0.1 )", RULES, "1.0.2-3.gabc1234"),
    "a tag on a line that was not merged does not count": ("o v1.0.0 ( o v9.9.9 | o /", RULES, "1.0.1-1.gabc1234"),
    "words that start like a tag are none": ("o v1.2.3 o vacation v1.2 v01.2.3 o", RULES, "1.2.4-2.gabc1234"),
    "tags of another prefix are none": ("o v1.2.3 o web-9.9.9 o", RULES, "1.2.4-2.gabc1234"),
    "another prefix": ("o web-1.2.3 o v9.9.9 o", Versioning(tag_prefix="web-"), "1.2.4-2.gabc1234"),
    "no prefix at all": ("o 1.2.3 o", Versioning(tag_prefix=""), "1.2.4-1.gabc1234"),
    # no tag
    "no tag in the whole history": ("o o o", RULES, "0.1.0-3.gabc1234"),
    "no tag, on a branch": ("o o @topic", RULES, "0.1.0-topic.2.gabc1234"),
    "no tag, dirty": ("o !", RULES, "0.1.0-1.gabc1234.dirty.hfeedfacecafe"),
    "no tag: the rule has nothing to go on": ("o", MAJOR, "0.1.0-1.gabc1234"),
    # dirt
    "dirty on a tag is no longer the tag's version": ("o v1.2.3 !", RULES, "1.2.4-0.gabc1234.dirty.hfeedfacecafe"),
    "dirty off a tag": ("o v1.2.3 o !", RULES, "1.2.4-1.gabc1234.dirty.hfeedfacecafe"),
    "dirty on a branch": ("o v1.2.3 o @fix !", RULES, "1.2.4-fix.1.gabc1234.dirty.hfeedfacecafe"),
    # branches
    "a branch is named": ("o v1.2.3 o @topic", RULES, "1.2.4-topic.1.gabc1234"),
    "master is a main branch too": ("o v1.2.3 o @master", RULES, "1.2.4-1.gabc1234"),
    "V8 a branch's name is made an identifier": ("o v1.2.3 o @feature/x_y.z", RULES, "1.2.4-feature-x-y-z.1.gabc1234"),
    "V8 a branch of odd characters only": ("o v1.2.3 o @日本", RULES, "1.2.4-xcf2abf0c.1.gabc1234"),
    "V8 a branch of digits never ranks as a number": ("o v1.2.3 o @007", RULES, "1.2.4-b-007.1.gabc1234"),
    "V8 a long branch is cut, with a hash": (
        "o v1.2.3 o @feature/everything-we-ever-wanted-to-have",
        RULES,
        "1.2.4-feature-everything-we-ever-want-05e9fc5a.1.gabc1234",
    ),
    "V2 detached, and nobody knows the branch": ("o v1.2.3 o @-", RULES, "1.2.4-1.gabc1234"),
    "a rule names main": ("o v1.2.3 o", BRANCHES, "1.3.0-main.1.gabc1234"),
    "a rule leaves a branch out": ("o v1.2.3 o @plain/x", BRANCHES, "1.3.0-1.gabc1234"),
    "a rule's increment": ("o v1.2.3 o @release/1.2", BRANCHES, "1.2.4-release-1-2.1.gabc1234"),
    "a rule that says nothing on the matter leaves it to the next": (
        "o v1.2.3 o @feature/x",
        BRANCHES,
        "1.3.0-feature-x.1.gabc1234",
    ),
    # increments
    "minor": ("o v1.2.3 o", MINOR, "1.3.0-1.gabc1234"),
    "major": ("o v1.2.3 o", MAJOR, "2.0.0-1.gabc1234"),
    "minor off a release branch": ("o v1.2.3 o", EITHER, "1.3.0-1.gabc1234"),
    "patch on a release branch": ("o v1.2.3 o @release/1.2", EITHER, "1.2.4-release-1-2.1.gabc1234"),
    "towards the next candidate": ("o v1.2.3-rc.1 o", PRERELEASE, "1.2.3-rc.1.1.gabc1234"),
    "towards a first candidate": ("o v1.2.3 o", PRERELEASE, "1.2.4-1.gabc1234"),
    "after a candidate comes its release": ("o v1.3.0-rc.1 o", RULES, "1.3.0-rc.1.1.gabc1234"),
    "after a candidate on a branch": ("o v1.3.0-rc.1 o @topic", RULES, "1.3.0-rc.1.topic.1.gabc1234"),
    "after a candidate of a patch, minor goes on": ("o v1.2.4-rc.1 o", MINOR, "1.3.0-1.gabc1234"),
    "after a word for a pre-release": ("o v1.3.0-beta o o", PRERELEASE, "1.3.0-beta.0.2.gabc1234"),
    # Maven
    "Maven on main": ("o v1.2.3 o", MAVEN, "1.2.4-SNAPSHOT"),
    "Maven on a branch": ("o v1.2.3 o o @feature/x", MAVEN, "1.2.4-feature-x-SNAPSHOT"),
    "Maven on a tag": ("o v1.2.3", MAVEN, "1.2.3"),
}


@pytest.mark.parametrize(("drawing", "rules", "expected"), NAMED.values(), ids=NAMED)
def test_the_version_of_a_checkout(drawing: str, rules: Versioning, expected: str) -> None:
    named = name_version(history(drawing).checkout(rules.tag_prefix), rules)
    assert named.text == expected
    assert named.is_release is ("-SNAPSHOT" not in expected and "gabc1234" not in expected)
    assert named.dirty is ("!" in drawing)
    assert str(Version.parse(named.text)) == expected
    assert named.story


WANTED = {
    "the next patch": ("o v1.2.3 o", RULES, "1.2.4"),
    "the next minor": ("o v1.2.3 o", MINOR, "1.3.0"),
    "the first one": ("o o", RULES, "0.1.0"),
    "the tag's own": ("o v1.2.3", RULES, "1.2.3"),
    "a candidate is followed by its release": ("o v1.3.0-rc.2 o", RULES, "1.3.0"),
    "a candidate of a minor is followed by its release": ("o v1.3.0-rc.2 o", MINOR, "1.3.0"),
    "a candidate of a major is followed by its release": ("o v2.0.0-rc.2 o", MAJOR, "2.0.0"),
    "a candidate of a minor does not stop a major": ("o v1.3.0-rc.2 o", MAJOR, "2.0.0"),
    "the next candidate": ("o v1.3.0-rc.2 o", PRERELEASE, "1.3.0-rc.3"),
    "the next candidate, undotted": ("o v1.3.0-rc1 o", PRERELEASE, "1.3.0-rc2"),
    "a second of what was not counted": ("o v1.3.0-beta o", PRERELEASE, "1.3.0-beta.1"),
    "the first candidate": ("o v1.2.3 o", PRERELEASE, "1.2.4-rc.1"),
}


@pytest.mark.parametrize(("drawing", "rules", "expected"), WANTED.values(), ids=WANTED)
def test_what_a_release_would_be(drawing: str, rules: Versioning, expected: str) -> None:
    wanted = wanted_release(history(drawing).checkout(), rules)
    assert (wanted.text, wanted.tag) == (expected, f"v{expected}")


def test_a_version_that_was_asked_for() -> None:
    wanted = wanted_release(history("o v1.2.3 o").checkout(), RULES, explicit="2.0.0")
    assert (wanted.text, wanted.tag, wanted.is_release) == ("2.0.0", "v2.0.0", False)
    assert wanted.story == ("the nearest tag is v1.2.3, 1 commit back", "2.0.0 was asked for")


def test_a_candidate_becomes_a_release_on_the_same_commit() -> None:
    assert wanted_release(history("o v1.2.0-rc.2").checkout(), RULES, explicit="1.2.0").tag == "v1.2.0"


@pytest.mark.parametrize(
    ("explicit", "error"), [("1.2", UsageError), ("1.2.3+x", UsageError), ("1.2.3", Refused), ("1.0.0", Refused)]
)
def test_a_version_that_cannot_be_asked_for(explicit: str, error: type[PaasError]) -> None:
    with pytest.raises(error) as raised:
        wanted_release(history("o v1.2.3 o").checkout(), RULES, explicit=explicit)
    assert ("--version 1.4.0" in raised.value.hint) == (error is UsageError)


def test_asking_for_the_version_that_is_there() -> None:
    assert wanted_release(history("o v1.2.3").checkout(), RULES, explicit="1.2.3").is_release


# --- may it be released? --------------------------------------------------------------------------------------------


def at(checkout: Checkout, ahead_behind: tuple[int, int] | None = (0, 0), there: str | None = None) -> ReleasePosition:
    return ReleasePosition(checkout=checkout, ahead_behind=ahead_behind, remote_tag_commit=there)


OTHER = "f" * 40

REFUSED: dict[str, tuple[str, tuple[int, int] | None, str, str]] = {
    "V4 a dirty tree": ("o v1.2.3 o !", (0, 0), "dirty-tree", "git status; commit or stash the changes"),
    "V4 a dirty tree on a tag": ("o v1.2.3 !", (0, 0), "dirty-tree", "git status; commit or stash the changes"),
    "V5 behind": ("o v1.2.3 o", (0, 2), "branch-behind", "git pull --ff-only origin main"),
    "V5 ahead": ("o v1.2.3 o", (1, 0), "branch-ahead", "git push origin main"),
    "V5 both": ("o v1.2.3 o", (1, 1), "branch-behind", "git pull --rebase origin main, then git push origin main"),
    "V5 the remote has no such branch": ("o v1.2.3 o", None, "branch-not-pushed", "git push origin main"),
    "V5 ahead, with a tag that only we have": ("o v1.2.3", (1, 0), "branch-ahead", "git push origin main"),
    "not a branch for releases": (
        "o v1.2.3 o @topic",
        (0, 0),
        "not-a-release-branch",
        "git switch main, or add the branch to version.releaseFrom",
    ),
    "V2 detached": (
        "o v1.2.3 o @-",
        None,
        "detached-head",
        "git switch main, or check out the tag that is to be released",
    ),
}


@pytest.mark.parametrize(("drawing", "ahead_behind", "code", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_release_that_is_refused(drawing: str, ahead_behind: tuple[int, int] | None, code: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        release_version(at(history(drawing).checkout(), ahead_behind), RULES)
    assert (caught.value.code, caught.value.hint) == (code, hint)
    assert caught.value.message.startswith("releasing 1.2.")


def test_v6_somebody_else_has_the_next_version() -> None:
    with pytest.raises(WouldClobber) as caught:
        release_version(at(history("o v1.2.3 o").checkout(), there=OTHER), RULES)
    assert caught.value.message == "releasing 1.2.4: origin has tag v1.2.4 on commit fffffff, HEAD is abc1234"
    assert caught.value.hint == "git fetch --tags origin, then run again"


def test_v6_the_tag_of_a_lost_race_is_dropped_first() -> None:
    with pytest.raises(WouldClobber) as caught:
        release_version(at(history("o v1.2.3").checkout(), there=OTHER), RULES)
    assert caught.value.hint == "git tag -d v1.2.3 && git fetch --tags origin, then run again"


@pytest.mark.parametrize(
    "drawing", ["o v1.2.3", "o v1.2.3 @-", "o v1.2.3 @topic"], ids=["on main", "detached", "on another branch"]
)
def test_v7_a_release_under_way_is_completed_from_anywhere(drawing: str) -> None:
    checkout = history(drawing).checkout()
    assert release_version(at(checkout, None, there=checkout.commit), RULES).text == "1.2.3"


def test_v7_a_release_under_way_whose_tag_is_not_here_yet() -> None:
    checkout = history("o v1.2.3 o").checkout()
    assert release_version(at(checkout, (0, 3), there=checkout.commit), RULES).tag == "v1.2.4"


def test_a_project_of_which_nothing_changed_is_not_released_again() -> None:
    rules = dataclasses.replace(RULES, paths=("web",))
    checkout = dataclasses.replace(history("o v1.2.3 o o").checkout(), changes=0)
    assert name_version(checkout, rules).story == ("nothing of web changed since tag v1.2.3, 2 commits back",)
    with pytest.raises(Refused) as caught:
        release_version(at(checkout, there=OTHER), rules)
    assert caught.value.code == "nothing-to-release"
    assert "nothing of this project changed since tag v1.2.3" in caught.value.message
    assert release_version(at(checkout), rules, explicit="1.3.0").tag == "v1.3.0"


@pytest.mark.parametrize("branch", ["main", "release/1.2"])
def test_a_release_is_made(branch: str) -> None:
    rules = dataclasses.replace(RULES, release_from=("main", "release/.*"))
    assert release_version(at(history(f"o v1.2.3 o @{branch}").checkout()), rules).text == "1.2.4"


def test_for_once_another_rule_leads_to_it() -> None:
    wanted = [wanted_release(history(it).checkout(), RULES, increment="minor") for it in ("o v1.2.3 o", "o v1.2.3")]
    assert [(it.text, it.tag) for it in wanted] == [("1.3.0", "v1.3.0"), ("1.2.3", "v1.2.3")]  # what is tagged stays


def test_without_a_remote_there_is_nothing_to_be_behind_of() -> None:
    assert release_version(at(history("o").checkout(remote=None), None), RULES).tag == "v0.1.0"


def test_a_tag_that_was_made_by_hand_is_released_from_a_detached_head() -> None:
    assert release_version(at(history("o v1.2.3 @-").checkout(), None), RULES).text == "1.2.3"


def test_a_rule_that_is_no_regular_expression() -> None:
    with pytest.raises(ConfigError, match="not a regular expression"):
        release_version(at(history("o").checkout()), Versioning(release_from=("(",)))


# --- the story ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawing", "rules", "story"),
    [
        ("o v1.2.3", RULES, ["commit abc1234 carries tag v1.2.3"]),
        (
            "o v1.2.3 o o @feature/x !",
            RULES,
            [
                "the nearest tag is v1.2.3, 2 commits back",
                "the next release is 1.2.4: patch, by version.increment",
                "branch feature/x (git) is spelled feature-x",
                "1 path differs: .dirty, and a hash of what lies there",
            ],
        ),
        (
            "o",
            RULES,
            [
                "no version tag in the whole history of 1 commit",  # decision 19: said aloud
                "a first version is 0.1.0",
                "branch main (git) is left out",
            ],
        ),
        (
            "o v1.2.3 o @-",
            BRANCHES,
            [
                "the nearest tag is v1.2.3, 1 commit back",
                "the next release is 1.2.4: patch, by version.increment",
                "HEAD is detached and no CI variable names its branch",
            ],
        ),
        (
            "o v1.2.3 o @topic",
            BRANCHES,
            [
                "the nearest tag is v1.2.3, 1 commit back",
                "the next release is 1.3.0: minor, by branches '.*'",
                "branch topic (git) is named",
            ],
        ),
    ],
)
def test_the_story_says_why(drawing: str, rules: Versioning, story: list[str]) -> None:
    assert list(name_version(history(drawing).checkout(), rules).story) == story


# --- laws -----------------------------------------------------------------------------------------------------------

numbers = st.integers(0, 12)
tags = st.builds(Version, numbers, numbers, numbers, st.sampled_from(["", "rc.1", "rc.9", "alpha.3", "beta"]))
increments = st.sampled_from([RULES, MINOR, MAJOR, EITHER, PRERELEASE])
branches = st.sampled_from(["main", "release/1.0", "a/b"]) | st.text(min_size=1, max_size=60)


@given(tag=tags, rules=increments, distance=st.integers(1, 99), dirty=st.booleans())
def test_a_snapshot_sorts_between_the_tag_and_the_next_release(
    tag: Version, rules: Versioning, distance: int, dirty: bool
) -> None:
    drawing = f"o v{tag} {'o ' * distance} {'!' if dirty else ''}"
    checkout = history(drawing).checkout()
    snapshot = Version.parse(name_version(checkout, rules).text)
    assert tag < snapshot < Version.parse(wanted_release(checkout, rules).text)


@given(tag=tags, rules=increments, branch=branches)
def test_any_branch_gives_a_version(tag: Version, rules: Versioning, branch: str) -> None:
    checkout = dataclasses.replace(history(f"o v{tag} o").checkout(), branch=branch)
    assert tag < Version.parse(name_version(checkout, rules).text)
