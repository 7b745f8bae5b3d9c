"""A cleanup's tables, on narrow and on wide terminals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paasctl.views.answers import text
from support import goldens
from support.shown import dump
from support.story_cleanup import CLEANUP_ANSWER, NOTHING_GOES


@pytest.mark.parametrize("width", [80, 200])
def test_it_fits_the_terminal(width: int) -> None:
    lines = text(CLEANUP_ANSWER, dump, width)
    goldens.check(f"answers/CleanupAnswer.{width}.txt", "".join(f"{line}\n" for line in lines))
    tables = lines[: next(at for at, line in enumerate(lines) if line.startswith("looked"))]
    assert max(map(len, tables)) <= width


def test_where_nothing_would_go() -> None:
    lines = text(NOTHING_GOES, dump, 120)
    assert lines[0].startswith("STAYS")
    assert lines[-1].endswith("nothing would go, 8 manifests stay")


def test_of_many_rows_the_first_are_shown_and_the_rest_is_counted() -> None:
    many = replace(CLEANUP_ANSWER, going=CLEANUP_ANSWER.going * 30)
    lines = text(many, dump, 120)
    assert "and 20 more: --output json has them all" in lines
    assert len(lines) < 60
