"""Changelogs of several releases become one."""

from __future__ import annotations

import pytest

from paasctl.model.change import Change
from paasctl.planning.release.changelog import changelog, grouped

_NEW = "### Features\n\n- search (aaaaaaa)\n\n### Fixes\n\n- basket (bbbbbbb)"
_OLD = "### Breaking changes\n\n- no cookies (ccccccc)\n\n### Features\n\n- colours (ddddddd)\n- search (aaaaaaa)"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param((), (), id="none"),
        pytest.param(("", ""), (), id="releases that brought nothing"),
        pytest.param(
            (_NEW, _OLD),
            (
                ("Breaking changes", ("no cookies (ccccccc)",)),
                ("Features", ("search (aaaaaaa)", "colours (ddddddd)")),
                ("Fixes", ("basket (bbbbbbb)",)),
            ),
            id="groups are joined, what breaks comes first, the newer lines before, each once",
        ),
        pytest.param(
            ("### Changes\n\n- one (eeeeeee)", "### Changes\n\n- two (fffffff)"),
            (("Changes", ("one (eeeeeee)", "two (fffffff)")),),
            id="nobody keeps to the convention",
        ),
        pytest.param(
            (_NEW, "### Changes\n\n- one (eeeeeee)"),
            (
                ("Features", ("search (aaaaaaa)",)),
                ("Fixes", ("basket (bbbbbbb)",)),
                ("Other changes", ("one (eeeeeee)",)),
            ),
            id="some do",
        ),
        pytest.param(("no list\n- loose (1111111)",), (("Changes", ("loose (1111111)",)),), id="written by hand"),
        pytest.param(("### Mine\n- x", "### Merged\n- y"), (("Merged", ("y",)), ("Mine", ("x",))), id="unknown group"),
    ],
)
def test_what_comes_of_them(texts: tuple[str, ...], found: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    assert grouped(texts) == found


def test_what_one_release_wrote_comes_back() -> None:
    made = changelog(
        [
            Change(commit="a" * 40, subject="feat(web)!: no cookies"),
            Change(commit="b" * 40, subject="docs: words"),
            Change(commit="c" * 40, subject="Merge pull request #7 from a/b", body="A thing", is_merge=True),
        ]
    )
    assert [name for name, _ in grouped([made.markdown])] == ["Breaking changes", "Other changes", "Merged"]
    assert grouped([made.markdown, made.markdown]) == grouped([made.markdown])
