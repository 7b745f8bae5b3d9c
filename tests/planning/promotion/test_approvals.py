"""Approvals counted: by person, newest word, author, age; and what is told of those that do not count."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from paasctl.model.approving import Approval, Approvals, Approver, Voice
from paasctl.planning.promotion.approvals import Heard, say_tally, tally

RECORD = f"sha256:{'1' * 64}"
PEOPLE = {it: Approver(name=it, keys=("key",), emails=(f"{it}@shop.example",)) for it in ("anna", "bob", "carla")}


def said(text: str) -> Approval:
    """`anna yes 1`: who, what, and at which second; then `of RECORD`, `for ENVIRONMENT`, `fault WORDS`."""
    by, word, second, *rest = text.split(" ", 4)
    more = dict([rest]) if rest else {}
    voice: Voice = "approved" if word == "yes" else "withdrawn"
    return Approval(
        id=f"sha256:{text}",
        by="" if by == "-" else by,
        voice=voice,
        record=more.get("of", RECORD),
        environments=(more.get("for", "production"),),
        at=f"2026-11-30T12:00:{int(second):02d}.000000Z",
        fault=more.get("fault", ""),
    )


def heard(*words: str, author: str = "Dora <dora@shop.example>") -> Heard:
    """At one minute past twelve."""
    approvals = tuple(map(said, words))
    return Heard(record=RECORD, author=author, approvals=approvals, approvers=PEOPLE, now=1_796_040_060.0)


@dataclass(frozen=True)
class Case:
    """What was said, and what it comes to."""

    words: tuple[str, ...]
    says: str
    rules: Approvals = field(default=Approvals(count=2))
    author: str = "Dora <dora@shop.example>"


ANYBODY = "anna or bob or carla may"
CASES = {
    "nobody": Case((), f"0 of 2 approvals, missing 2: {ANYBODY}"),
    "one of two": Case(("bob yes 1",), "1 of 2 approvals (bob), missing 1: anna or carla may"),
    "two of two": Case(("bob yes 1", "anna yes 2"), "2 of 2 approvals (anna, bob)"),
    "more than enough": Case(
        ("bob yes 1", "anna yes 2", "carla yes 3"), "3 of 2 approvals (anna, bob, carla)", Approvals(count=2)
    ),
    "one person twice": Case(("bob yes 1", "bob yes 2"), "1 of 2 approvals (bob), missing 1: anna or carla may"),
    "withdrawn": Case(
        ("bob yes 1", "bob no 2"),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: bob: withdrawn on 2026-11-30T12:00:02Z",
        Approvals(count=1),
    ),
    "withdrawn, heard in another order": Case(
        ("bob no 2", "bob yes 1"),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: bob: withdrawn on 2026-11-30T12:00:02Z",
        Approvals(count=1),
    ),
    "withdrawn, and given again": Case(
        ("bob yes 1", "bob no 2", "bob yes 3"), "1 of 1 approvals (bob)", Approvals(count=1)
    ),
    "both at one time": Case(
        ("bob no 1", "bob yes 1"),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: bob: withdrawn on 2026-11-30T12:00:01Z",
        Approvals(count=1),
    ),
    "one withdrawn, another given": Case(
        ("bob yes 1", "bob no 2", "anna yes 3"),
        "1 of 1 approvals (anna); not counted: bob: withdrawn on 2026-11-30T12:00:02Z",
        Approvals(count=1),
    ),
    "withdrawn elsewhere": Case(("bob yes 1", "bob no 2 for dev"), "", Approvals(count=1)),
    "of another record": Case(
        ("bob yes 1 of sha256:2222222222222222",),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: bob: it is about another record, sha256:222222222222…",
        Approvals(count=1),
    ),
    "for another environment": Case(
        ("bob yes 1 for dev",),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: bob: it is for dev",
        Approvals(count=1),
    ),
    "a faulty withdrawal withdraws nothing": Case(("bob yes 1", "- no 2 fault forged"), "", Approvals(count=1)),
    "the author's, where that counts": Case(
        ("bob yes 1",), "1 of 1 approvals (bob)", Approvals(count=1), "Bob <bob@shop.example>"
    ),
    "the author's, where it does not": Case(
        ("bob yes 1", "anna yes 2"),
        "1 of 2 approvals (anna), missing 1: carla may; not counted: bob: made this release",
        Approvals(count=2, not_author=True),
        "Robert <BOB@shop.example>",
    ),
    "the author's, told by name": Case(
        ("bob yes 1",),
        "0 of 1 approvals, missing 1: anna or carla may; not counted: bob: made this release",
        Approvals(count=1, not_author=True),
        "Bob <bob@home.example>",
    ),
    "an author nobody knows": Case(
        ("anna yes 1",),
        "nobody knows who made it: its tag has no tagger, or an older paasctl has recorded it; 1 of 1 approvals (anna)",
        Approvals(count=1, not_author=True),
        "",
    ),
    "young enough": Case(("anna yes 1",), "1 of 1 approvals (anna)", Approvals(count=1, within=59.0)),
    "too old": Case(
        ("anna yes 0",),
        f"0 of 1 approvals, missing 1: {ANYBODY}; not counted: anna: approved on 2026-11-30T12:00:00Z, too long ago",
        Approvals(count=1, within=59.0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_it_comes_to(name: str) -> None:
    case = CASES[name]
    found = tally(case.rules, "production", heard(*case.words, author=case.author))
    if case.says:
        assert say_tally(found) == case.says
    else:
        assert (found.given, found.missing) == (("bob",), 0)
    assert found.is_met is (found.missing == 0 and not found.unknown)


def test_an_unknown_author_keeps_it_shut() -> None:
    assert not tally(Approvals(count=1, not_author=True), "production", heard("anna yes 1", author="")).is_met


def test_what_others_wrote_is_cut_to_a_line() -> None:
    listened = heard("bob yes 1 for " + "x" * 1000)
    assert len(say_tally(tally(Approvals(count=1), "production", listened))) < 400


def test_where_nobody_is_left_it_says_so() -> None:
    rules = Approvals(count=3, not_author=True)
    found = tally(rules, "production", heard("anna yes 1", "bob yes 1", author="Carla <carla@shop.example>"))
    assert say_tally(found) == "2 of 3 approvals (anna, bob), missing 1: nobody is left who may"


@pytest.mark.parametrize(
    "author",
    [
        "BOB <b@elsewhere.example>",
        "b\u200bob  <b@elsewhere.example>",
        " Bob\t<b@elsewhere.example>",
        "\uff22\uff4f\uff42 <b@elsewhere.example>",
        "Robert < Bob@Shop.Example >",
        "bob@shop.example",
    ],
)
def test_an_author_is_told_however_the_name_is_spelled(author: str) -> None:
    found = tally(Approvals(count=1, not_author=True), "production", heard("bob yes 1", author=author))
    assert (found.given, found.uncounted) == ((), ("bob: made this release",))


def test_what_is_dated_ahead_is_not_good_for_longer() -> None:
    early = replace(heard("anna yes 1"), now=1_796_040_000.0 - 7200)
    assert tally(Approvals(count=1), "production", early).is_met
    found = tally(Approvals(count=1, within=60.0), "production", early)
    assert found.uncounted == (
        "anna: approved on 2026-11-30T12:00:01Z, which is still to come: somebody's clock is wrong",
    )


def test_what_others_wrote_stays_in_its_line() -> None:
    said_no = replace(said("bob no 2"), why="see\n  approvals: open")
    found = tally(Approvals(count=1), "production", replace(heard(), approvals=(said_no,)))
    assert found.uncounted == ("bob: withdrawn on 2026-11-30T12:00:02Z: see approvals: open",)
