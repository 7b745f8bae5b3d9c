"""Laws of versions: what must hold of every history, whatever it looks like."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from paasctl.adapters.git.reads import ReadingGit
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout, Named, Version, Wish
from paasctl.planning.versions.version import name_version, next_release, wanted_release
from support.histories import Drawn, git_environ, history, repository

_BRANCHES = ("main", "release/1.x", "feature/a_b", "日本", "007", "x" * 90)

rules = st.builds(
    Versioning,
    increment=st.sampled_from(["patch", "minor", "major", "minorIfNotOnRelease", "prerelease"]),
    pick=st.sampled_from(["nearest", "highest"]),
    snapshot=st.sampled_from(["semver", "maven"]),
    decorate=st.sampled_from(["branch", "commit", "none"]),
)
words = st.sampled_from(["o", "o", "o", "o v{}.0.0", "o v0.{}.0", "o v{}.0.0-rc.1", "o v{}.0.0-alpha", "o<"])
histories = st.recursive(
    words,
    lambda inner: st.builds("{} {}".format, inner, inner) | st.builds("( {} | {} )".format, inner, inner),
    max_leaves=14,
)


@st.composite
def _drawings(draw: st.DrawFn) -> Drawn:
    """A history whose tags have numbers of their own, on a branch or on none."""
    parts = f"o {draw(histories)}".split("{}")
    drawing = "".join(f"{part}{at + 1}" for at, part in enumerate(parts[:-1])) + parts[-1]
    return history(f"{drawing} @{draw(st.sampled_from(['-', *_BRANCHES]))}{draw(st.sampled_from(['', ' !']))}")


def _named(drawn: Drawn, of: Versioning, wish: Wish | None = None) -> Named:
    return name_version(drawn.checkout(), of, wish or Wish())


@given(_drawings(), rules)
def test_the_version_is_one_and_every_spelling_of_it_is_allowed(drawn: Drawn, of: Versioning) -> None:
    named = _named(drawn, of)
    assert str(Version.parse(named.text)) == named.text
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", named.spelled.image_tag)
    assert re.fullmatch(r"(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", named.spelled.label)
    assert re.fullmatch(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?", named.spelled.dns)


@given(
    _drawings(), rules, st.sampled_from(["web-9.9.9", "v9.9", "vacation", "v9.9.9+x", "V9.9.9", "latest", "v-9.9.9"])
)
def test_a_tag_that_is_no_version_of_ours_changes_nothing(drawn: Drawn, of: Versioning, tag: str) -> None:
    before = _named(drawn, of)
    for commit in drawn.parents:
        assert _named(replace(drawn, tags={**drawn.tags, tag: commit}), of) == before


@given(_drawings(), rules, st.data())
def test_a_tag_that_head_has_not_changes_nothing(drawn: Drawn, of: Versioning, data: st.DataObject) -> None:
    earlier = replace(drawn, head=data.draw(st.sampled_from(sorted(drawn.parents))))
    later = sorted(set(drawn.parents) - earlier.ancestors(earlier.head))
    assume(later)
    tagged = replace(earlier, tags={**earlier.tags, "v99.0.0": data.draw(st.sampled_from(later))})
    assert _named(tagged, of) == _named(earlier, of)


@given(_drawings(), rules)
def test_the_story_and_the_facts_agree_with_the_version(drawn: Drawn, of: Versioning) -> None:
    named = _named(drawn, of)
    why, story = named.why, "\n".join(named.story)
    assert why.next == next_release(drawn.checkout(), of).text
    assert (why.tag or "no version tag") in story
    if named.is_release:
        assert named.tag == why.tag == f"v{named.text}"
        return
    assert named.tag == f"v{why.next}"
    assert why.next in story
    assert of.snapshot == "maven" or f"{why.commits}.gabc1234" in named.text
    assert named.text.startswith(f"{Version.parse(why.next).core}-")


@given(_drawings(), rules)
def test_a_snapshot_comes_after_its_tag_and_before_what_it_leads_to(drawn: Drawn, of: Versioning) -> None:
    named = _named(drawn, replace(of, snapshot="semver"), Wish(snapshot=True))
    snapshot = Version.parse(named.text)
    assert snapshot < Version.parse(named.why.next)
    if named.why.tag and named.why.rule != "marker":
        assert Version.parse(named.why.tag.removeprefix("v")) < snapshot


@given(_drawings(), rules)
def test_what_is_released_is_what_the_commit_is_called_then(drawn: Drawn, of: Versioning) -> None:
    wanted = wanted_release(drawn.checkout(), of)
    assume(wanted.tag not in drawn.tags or wanted.is_release)  # the rule leads to what another line has released
    after = replace(drawn, dirty=False, tags={**drawn.tags, wanted.tag: drawn.head})
    assume(of.pick == "nearest" or _highest(after) == Version.parse(wanted.text))
    named = _named(after, of)
    assert named.is_release
    assert Version.parse(named.text) >= Version.parse(wanted.text)
    assert wanted_release(after.checkout(), of).text == named.text


def _highest(drawn: Drawn) -> Version:
    mine = drawn.ancestors(drawn.head)
    return max(Version.parse(tag[1:]) for tag, at in drawn.tags.items() if at in mine and not tag.endswith("-alpha"))


def _first_parents(drawn: Drawn) -> Iterator[Checkout]:
    """What was checked out along the main line, oldest first."""
    line, head = [drawn.head], drawn.head
    while drawn.parents[head]:
        head = drawn.parents[head][0]
        line.append(head)
    return (replace(drawn, head=it, dirty=False, branch="main").checkout() for it in reversed(line))


@given(_drawings(), rules)
def test_along_the_main_line_versions_never_go_back_where_the_highest_tag_counts(drawn: Drawn, of: Versioning) -> None:
    of = replace(of, pick="highest", snapshot="semver")
    # Who announces 2.0.0, by a tag or by a rule, may still release 1.3.0.
    assume(of.increment != "major" and not any(it.endswith("-alpha") for it in drawn.tags))
    told = [Version.parse(name_version(it, of).text) for it in _first_parents(drawn)]
    assert told == sorted(told)


@given(st.lists(st.sampled_from(["o", "o", "o v", "( o o | o )", "( o | o o ) v"]), min_size=1, max_size=14))
def test_along_the_main_line_versions_never_go_back_where_its_tags_rise(parts: list[str]) -> None:
    drawing = " ".join(f"{part}1.{at}.0" if part.endswith("v") else part for at, part in enumerate(parts))
    told = [Version.parse(name_version(it, Versioning()).text) for it in _first_parents(history(drawing))]
    assert told == sorted(told)


@given(drawn=_drawings(), of=rules)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_real_repository_says_the_same_each_time_it_is_asked(tmp_path: Path, drawn: Drawn, of: Versioning) -> None:
    shutil.rmtree(tmp_path / "work", ignore_errors=True)
    environ = git_environ(tmp_path)
    repository(tmp_path / "work", drawn, environ)
    first, again = (ReadingGit(tmp_path / "work", environ).checkout(of, {}) for _ in range(2))
    assert first == again
    spent = {tag for tag, _ in drawn.distances() if tag.endswith("-alpha")} - {tag for tag, _ in first.tags}
    assert tuple(it for it in drawn.distances() if it[0] not in spent) == first.tags
    facts = replace(drawn.checkout(), commit=first.commit, tree=first.tree, tags=first.tags)
    assert name_version(first, of).text == name_version(facts, of).text
