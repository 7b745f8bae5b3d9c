"""What a history leads to, and the facts that explain it: real repositories, made by `git fast-import`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.git.reads import ReadingGit
from paasctl.model.version import Checkout, Named, Version
from paasctl.planning.versions.version import name_version, next_release
from support.histories import git_environ, repository
from versions.case import Case, Cases
from versions.cases import branches, increments, tags

_TABLES: tuple[Cases, ...] = (
    tags.ON_A_TAG,
    tags.OFF_A_TAG,
    tags.PREFIXES,
    tags.MERGED,
    increments.INCREMENTS,
    increments.MARKERS,
    increments.WISHES,
    branches.DECORATION,
    branches.MAVEN,
    branches.CI,
    branches.PROJECTS,
)
CASES = {name: it for table in _TABLES for name, it in table.items()}


def test_there_are_enough_of_them() -> None:
    assert len(CASES) == sum(map(len, _TABLES)), [
        it for it, n in Counter(x for t in _TABLES for x in t).items() if n > 1
    ]
    assert len(CASES) >= 120


@pytest.mark.parametrize("told", CASES.values(), ids=CASES)
def test_a_history(tmp_path: Path, told: Case) -> None:
    checkout = _made(tmp_path, told)
    named = name_version(checkout, told.versioning, told.wish)
    assert named.text == told.version.format(sha=checkout.commit[:7], tree=checkout.tree)
    assert {name: getattr(named.why, name) for name in told.facts} == told.facts
    _explained(named, checkout)
    usual = replace(told.wish, version="")
    assert named.why.rule == "asked" or next_release(checkout, told.versioning, usual).text == named.why.next


def _made(tmp_path: Path, told: Case) -> Checkout:
    environ = git_environ(tmp_path)
    repository(tmp_path / "work", told.drawing, environ)
    return ReadingGit(tmp_path / "work", environ).checkout(told.versioning, told.environ)


def _explained(named: Named, checkout: Checkout) -> None:
    """The story says what the facts say, and the version is one in every spelling."""
    why, story = named.why, "\n".join(named.story)
    assert str(Version.parse(named.text)) == named.text
    assert (why.tag or "no version tag") in story
    assert named.is_release is (why.tag != "" and why.tag.endswith(named.text))
    if named.is_release:
        assert why.commits == 0
        return
    assert why.next in story
    assert named.tag.endswith(why.next)
    assert why.back == 0 or f"{why.back:,} commit" in story
    assert why.rule_from in story or why.rule in ("first", "asked")
    assert checkout.branch is None or f"branch {why.branch} ({why.branch_from})" in story or "commit" in story
    assert all(it.rpartition(": ")[2] in story for it in why.cut)
