"""Every broken file says exactly what stands beside it, and where."""

from __future__ import annotations

import pytest

from bad.cases import Case, cases, problems_of


@pytest.mark.parametrize("case", list(cases()), ids=lambda it: it.name)
def test_a_broken_file_says_what_is_wrong_and_where(case: Case) -> None:
    assert case.expected, "a case without an expectation proves nothing"
    assert problems_of(case.text) == case.expected


def test_there_are_many_ways_to_be_wrong() -> None:
    names = [it.name for it in cases()]
    assert len(names) == len(set(names))
    assert len(names) > 100
