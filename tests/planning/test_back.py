"""What there is to go back to, by histories written as words: `1+` went well, `2!` failed, `r1!` was a rollback."""

from __future__ import annotations

import pytest

from paasctl.errors import Refused, Unavailable
from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Target
from paasctl.planning.deploy.back import candidates, choose, deployed_last, failed_back

HERE = Target(cluster="here", namespace="shop", app="shop")
THERE = Target(cluster="there", namespace="shop", app="shop")
_OUTCOMES = {"+": "done", "!": "failed", "-": "not-reached", "?": "open", "~": "cancelled", "#": "unreadable"}


def history(words: str, target: Target = HERE) -> tuple[HistoryEntry, ...]:
    """Newest first, as a cluster gives it; the words are oldest first."""
    entries = [
        HistoryEntry(
            number=number,
            target=target,
            version=word[:-1].removeprefix("r"),
            before="",
            commit="c",
            by="a",
            began=f"2026-01-01T00:00:{number:02}Z",
            ended=f"2026-01-01T00:01:{number:02}Z",
            outcome=_OUTCOMES[word[-1]],
            settings=(("n", str(number)),),
            message=f"number {number}",
            verb="rollback" if word[0] == "r" else "deploy",
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
        ("1+ 2+ 3+ r2~", "2 1"),
        ("1+ 2+ 3+ r2?", "2 1"),
        ("1+ 2+ 3+ r2~ r2+", "1"),
        ("1+ 2+ r1!", "1"),
        ("1+ 2+ 3+ r1- 2+", "1"),
        # A deploy of an older one that did not go well is no way back: what ran well last did.
        ("1+ 2+ 3+ 1!", "3 2 1"),
        ("1+ 2+ 3+ 2~", "3 2 1"),
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
        ("1+ 2+ r1+", "1+ 2+ r1-", "1"),
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


def test_what_was_deployed_last_is_told_well_or_not_where_it_was_begun() -> None:
    found = deployed_last({HERE: history("1+ 2!"), THERE: history("1+ 2-", THERE)})
    assert [it.version for it in found.values()] == ["2", "1"]


def test_what_is_wanted_is_taken_where_it_ran_well() -> None:
    histories = {HERE: history("1.0.0+ 2.0.0+ 3.0.0+")}
    found = candidates(histories)
    assert choose(found, histories, "prod", wanted="1.0.0").version == "1.0.0"
    with pytest.raises(Refused, match=r"to 3\.0\.0: it runs there already") as it:
        choose(found, histories, "prod", wanted="3.0.0")
    assert it.value.code == "no-way-back"
    with pytest.raises(Refused, match=r"rolling back prod to 4: it is not among .*go back to: 2.0.0, 1.0.0"):
        choose(found, histories, "prod", wanted="4")


def test_those_passed_over_are_not_taken_and_nothing_left_is_said() -> None:
    histories = {HERE: history("1+ 2+ 3+")}
    found = candidates(histories)
    assert choose(found, histories, "prod", skipped=("2",)).version == "1"
    with pytest.raises(Refused, match="nothing that ran well before can be taken: 2, 1 passed over"):
        choose(found, histories, "prod", skipped=("2", "1"))


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ("1+", "1+", "nothing ran well there before 1"),
        ("1!", "2!", "nothing ran well there before 1, 2"),
        ("", "", "nothing was deployed there yet"),
        ("1+ 2+", "", "nothing ran well on there yet; --cluster names those that can go back"),
    ],
)
def test_why_there_is_nothing_to_go_back_to(here: str, there: str, why: str) -> None:
    histories = {HERE: history(here), THERE: history(there, THERE)}
    with pytest.raises(Refused) as it:
        choose(candidates(histories), histories, "prod")
    assert it.value.message == f"rolling back prod: {why}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [("1+ 2# 3+", None), ("1# 2+ 3+", "2"), ("1+ 2+ 3#", None), ("1# 2#", None), ("1+ 2# 3+ 4+", "3")],
)
def test_a_record_that_nobody_can_read_is_no_deploy_that_never_was(words: str, expected: str | None) -> None:
    histories = {HERE: history(words)}
    found = candidates(histories)
    if expected:
        assert choose(found, histories, "prod").version == expected
        return
    with pytest.raises(Unavailable, match="what ran well there last can't be told: number"):
        choose(found, histories, "prod")


def test_by_name_it_is_taken_though_records_cannot_be_read() -> None:
    histories = {HERE: history("1+ 2# 3+")}
    assert choose(candidates(histories), histories, "prod", wanted="1").version == "1"


@pytest.mark.parametrize(
    ("words", "failed"),
    [("1+ 2+ r1!", True), ("1+ 2+ r1~", False), ("1+ 2+ r1! r1?", False), ("1+ 2+ 1!", False), ("1+ 2+ r1! 1+", False)],
)
def test_a_rollback_that_failed_is_not_tried_again_unasked(words: str, failed: bool) -> None:
    assert bool(failed_back({HERE: history(words)}, "1")) is failed
