"""What a release brings, in words: read from commits as people write them."""

from __future__ import annotations

import pytest

from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.planning.release.changelog import Changelog, changelog, has_section, last_release, section, with_section
from support.histories import RULES, history

SHAS = "abcdef0123456789"


def changes(*said: str) -> list[Change]:
    """A subject each, or a whole message; one that begins with "Merge" or has a trailing mark `^` is a merge."""
    made = []
    for number, it in enumerate(said):
        subject, _, body = it.removesuffix("^").partition("\n")
        is_merge = it.endswith("^")
        made.append(Change(commit=SHAS[number] * 40, subject=subject, body=body.strip(), is_merge=is_merge))
    return made


CASES: dict[str, tuple[list[Change], str]] = {
    "nothing came": ([], ""),
    "nobody keeps to the convention": (
        changes("Faster search", "Mend the mail"),
        "### Changes\n\n- Faster search (aaaaaaa)\n- Mend the mail (bbbbbbb)",
    ),
    "kinds are groups, what is no kind of ours is told as it is": (
        changes("fix: one", "feat(search): faster", "docs: tell", "feat: more", "Whatever", "perf: quick"),
        """### Features

- search: faster (bbbbbbb)
- more (ddddddd)

### Fixes

- one (aaaaaaa)

### Performance

- quick (fffffff)

### Other changes

- docs: tell (ccccccc)
- Whatever (eeeeeee)""",
    ),
    "a breaking change by its mark": (
        changes("feat(api)!: drop v1"),
        "### Breaking changes\n\n- api: drop v1 (aaaaaaa)",
    ),
    "a breaking change by its footer is told in its own words": (
        changes("fix: a thing\n\nBREAKING CHANGE: ports are numbers now"),
        "### Breaking changes\n\n- ports are numbers now (aaaaaaa)\n\n### Fixes\n\n- a thing (aaaaaaa)",
    ),
    "a squashed pull request keeps its number": (
        changes("feat: more (#12)"),
        "### Features\n\n- more (#12) (aaaaaaa)",
    ),
    "GitHub's merge has its title in the body": (
        changes("Merge pull request #34 from ann/topic\n\nFaster search^", "quicker"),
        "### Changes\n\n- quicker (bbbbbbb)\n\n### Merged\n\n- Faster search (#34) (aaaaaaa)",
    ),
    "GitLab's names the request at the end": (
        changes("Merge branch 'topic' into 'main'\n\nFaster search\n\nSee merge request team/shop!56^"),
        "### Merged\n\n- Faster search (!56) (aaaaaaa)",
    ),
    "Bitbucket's names it in the subject": (
        changes("Merged in topic (pull request #7)\n\nFaster search^"),
        "### Merged\n\n- Faster search (#7) (aaaaaaa)",
    ),
    "a merge of branches says nothing": (
        changes("Merge branch 'main' into topic^", "x: y"),
        "### Changes\n\n- x: y (bbbbbbb)",
    ),
    "a merge with words of its own stays": (
        changes("Bring the new search in^"),
        "### Merged\n\n- Bring the new search in (aaaaaaa)",
    ),
}


@pytest.mark.parametrize(("made", "expected"), CASES.values(), ids=CASES)
def test_what_it_says(made: list[Change], expected: str) -> None:
    assert changelog(made).markdown == expected


def test_in_a_tag_s_message_no_line_is_a_comment() -> None:
    plain = changelog(changes("feat: more", "#12 is done")).plain
    assert plain == "Features:\n\n- more (aaaaaaa)\n\nOther changes:\n\n- #12 is done (bbbbbbb)"


PART = section("1.2.0", "2026-11-30", changelog(changes("feat: more")))
BODY = "## 1.2.0 (2026-11-30)\n\n### Features\n\n- more (aaaaaaa)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"# Changelog\n\n{BODY}"),
        ("# Changes\n\n## 1.1.0 (2026-01-01)\n", f"# Changes\n\n{BODY}\n## 1.1.0 (2026-01-01)\n"),
        ("# Changes\n", f"# Changes\n\n{BODY}"),
        ("## 1.1.0\n", f"# Changelog\n\n{BODY}\n## 1.1.0\n"),
    ],
    ids=["no file", "under the title", "a title alone", "no title"],
)
def test_where_it_goes_in_a_file(before: str, after: str) -> None:
    assert with_section(before, "1.2.0", PART) == after
    assert with_section(after, "1.2.0", PART) == after
    assert has_section(after, "1.2.0")
    assert not has_section(after, "1.2")


def test_a_release_without_changes_says_so() -> None:
    assert section("1.2.0", "2026-11-30", Changelog()) == "## 1.2.0 (2026-11-30)\n\nNo changes.\n"


@pytest.mark.parametrize(
    ("drawing", "tag"),
    [
        ("o o", ""),
        ("o v1.0.0 o", "v1.0.0"),
        ("o v1.0.0 o v1.1.0", "v1.0.0"),
        ("o v1.0.0 o v2.0.0-alpha o", "v1.0.0"),
    ],
)
def test_since_when(drawing: str, tag: str) -> None:
    assert last_release(history(drawing).checkout(), RULES) == tag
    assert last_release(history(drawing).checkout(), Versioning(tag_prefix="web-")) == ""
