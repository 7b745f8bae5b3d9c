"""Whether a rejection is in force: the newest word counts."""

from __future__ import annotations

import pytest

from paasctl.errors import Refused
from paasctl.model.promoting import Statement, Word
from paasctl.planning.promotion.standing import check_not_rejected, rejection


def _said(*words: tuple[Word, str]) -> list[Statement]:
    return [Statement(word=word, at=at, by=f"{word}@{at}") for word, at in words]


@pytest.mark.parametrize(
    ("words", "is_rejected"),
    [
        ([], False),
        ([("healthy", "3")], False),
        ([("rejected", "1")], True),
        ([("rejected", "1"), ("healthy", "2")], True),
        ([("rejected", "1"), ("accepted", "2")], False),
        ([("accepted", "2"), ("rejected", "1")], False),
        ([("rejected", "1"), ("accepted", "2"), ("rejected", "3")], True),
        ([("accepted", "1"), ("rejected", "1")], True),
        ([("rejected", "1"), ("accepted", "1")], True),
        ([("rejected", "")], True),
        ([("rejected", ""), ("accepted", "1")], False),
    ],
)
def test_the_newest_word_counts(words: list[tuple[Word, str]], is_rejected: bool) -> None:
    assert (rejection(_said(*words)) is not None) is is_rejected


def test_a_rejection_without_a_date_is_told_so() -> None:
    with pytest.raises(Refused, match=r"a@b rejected 1\.2\.4 on a day that it does not tell"):
        check_not_rejected([Statement(word="rejected", at="", by="a@b")], "1.2.4", "deploying dev")


def test_who_is_refused_is_told_by_whom_when_and_why() -> None:
    said = [Statement(word="rejected", at="2026-11-30T12:00:00Z", by="a@b", why="slow")]
    with pytest.raises(Refused, match=r"deploying dev: a@b rejected 1\.2\.4 on 2026-11-30T12:00:00Z: slow"):
        check_not_rejected(said, "1.2.4", "deploying dev")
