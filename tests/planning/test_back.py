"""What there is to go back to, by histories written as words: `1+` went well, `2!` failed."""

from __future__ import annotations

import pytest

from paasctl.errors import Refused
from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Target
from paasctl.planning.deploy.back import candidates, choose, now_there

HERE = Target(cluster="here", namespace="shop", app="shop")
THERE = Target(cluster="there", namespace="shop", app="shop")
_OUTCOMES = {"+": "done", "!": "failed", "-": "not-reached", "?": "open", "~": "cancelled"}


def history(words: str, target: Target = HERE) -> tuple[HistoryEntry, ...]:
    """Newest first, as a cluster gives it; the words are oldest first."""
    entries = [
        HistoryEntry(
            number=number,
            target=target,
            version=word[:-1],
            before="",
            commit="c",
            by="a",
            began=f"2026-01-01T00:00:{number:02}Z",
            ended=f"2026-01-01T00:01:{number:02}Z",
            outcome=_OUTCOMES[word[-1]],
            settings=(("n", str(number)),),
        )
        for number, word in enumerate(words.split(), 1)
    ]
    return tuple(reversed(entries))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        ("1+", ""),
        ("1!", ""),
        ("1+ 2+", "1"),
        ("1+ 2+ 3+", "2 1"),
        ("1+ 2!", "1"),
        ("1+ 2+ 3!", "2 1"),
        ("1+ 2+ 3?", "2 1"),
        ("1+ 2+ 3~", "2 1"),
        ("1+ 2+ 3! 3!", "2 1"),
        ("1+ 2+ 3! 2+", "1"),
        # What one came back from is no way back: a second rollback goes further.
        ("1+ 2+ 1+", ""),
        ("1+ 2+ 3+ 2+", "1"),
        ("1+ 2+ 3+ 1+", ""),
        ("1+ 2+ 3+ 2+ 4+", "2 1"),
        ("1+ 2+ 1+ 2+", "1"),
        # Who was stopped on the way back arrives there with the same again, and not where it came from.
        ("1+ 2+ 3+ 2~", "2 1"),
        ("1+ 2+ 3+ 2?", "2 1"),
        ("1+ 2+ 3+ 2~ 2+", "1"),
        ("1+ 2+ 1!", "1"),
        ("1+ 2+ 3+ 1- 2+", "1"),
        # The same again, with other values.
        ("1+ 2+ 2+", "1"),
        ("1+ 2+ 2!", "2 1"),
        ("2+ 1+", "2"),
    ],
)
def test_of_one_target(words: str, expected: str) -> None:
    found = candidates({HERE: history(words)})
    assert " ".join(it.version for it in found) == expected


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ("1+ 2+", "1+ 2+", "1"),
        ("1+ 2+ 3!", "1+ 2+ 3-", "2 1"),
        ("1+ 2+ 3!", "1+ 2+", "2 1"),
        ("1+ 2+ 3+", "1+ 2+ 3!", "2 1"),
        ("1+ 2+", "2+", ""),
        ("1+ 2+ 1+", "1+ 2+ 1-", "1"),
        ("1+ 2+ 3+", "2+ 3+", "2"),
        ("1+ 2+", "1+", "1"),
        ("1+", "", ""),
        ("", "1+", ""),
    ],
)
def test_of_two_it_ran_well_in_both(here: str, there: str, expected: str) -> None:
    found = candidates({HERE: history(here), THERE: history(there, THERE)})
    assert " ".join(it.version for it in found) == expected


def test_the_values_are_those_of_the_last_time_it_went_well() -> None:
    (found,) = candidates({HERE: history("1+ 1+ 1! 2+")})
    assert found.deploys[HERE].number == 2
    assert found.newest.settings == (("n", "2"),)


def test_what_was_deployed_last_is_told_well_or_not() -> None:
    assert now_there({HERE: history("1+ 2!"), THERE: history("1+", THERE)}) == ("2", "1")


def test_what_is_wanted_is_taken_where_it_ran_well() -> None:
    found = candidates({HERE: history("1+ 2+ 3+")})
    assert choose(found, "prod", "1").version == "1"
    with pytest.raises(Refused, match="rolling back prod to 3: that is no deploy before this one") as it:
        choose(found, "prod", "3")
    assert it.value.code == "no-way-back"
    assert "paasctl deploy prod --version 3" in it.value.hint


def test_the_rejected_are_passed_over_and_nothing_left_is_said() -> None:
    found = candidates({HERE: history("1+ 2+ 3+")})
    assert choose(found, "prod", skipped=("2",)).version == "1"
    with pytest.raises(Refused, match="all before this one were rejected: 2, 1"):
        choose(found, "prod", skipped=("2", "1"))
    with pytest.raises(Refused, match="nothing ran well there before"):
        choose((), "prod")
