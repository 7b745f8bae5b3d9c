"""Whether enough people approved a release for an environment. Pure.

A person is who `approvers:` says has the key, so that two keys are one voice; the newest word of each counts. What does
not count is told, each with its reason, and whatever is doubtful does not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from paasctl.errors import Refused
from paasctl.model.approving import Approval, Approvals, Approver, Tally
from paasctl.model.promoting import Gate
from paasctl.values import dataclass

GATE = "approvals"
_TOLD = 5
"""How many that do not count are told."""
_LONGEST = 200
_AHEAD = 3600.0
"""Seconds that another clock may be ahead. What is dated later would be good for longer than `within`."""
_UNKNOWN = "nobody knows who made it: its tag has no tagger, or an older paasctl has recorded it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All approvals beside one record, and what they are judged by."""

    record: str
    """The digest of the release record."""
    author: str
    """Who made the release, as the record has it: `Anna <anna@shop.example>`; empty where it does not say."""
    approvals: tuple[Approval, ...]
    approvers: Mapping[str, Approver]
    now: float
    """Seconds since the epoch."""


def newest_words(heard: Heard, environment: str) -> dict[str, Approval]:
    """Of everybody who said something sound about this record there, the last of it; at one time: the taking back."""
    found: dict[str, Approval] = {}
    for it in sorted(heard.approvals, key=lambda it: (it.at, it.voice == "withdrawn")):
        if not _why_not(it, heard, environment):
            found[it.by] = it
    return found


def tally(wanted: Approvals, environment: str, heard: Heard) -> Tally:
    """What they come to."""
    words = newest_words(heard, environment)
    excluded = {name: why for name, it in words.items() if (why := _why_not_now(it, wanted, heard))}
    given = tuple(sorted(name for name in words if name not in excluded))
    may = tuple(
        name
        for name, it in heard.approvers.items()
        if name not in given and not (wanted.not_author and made(it, heard))
    )
    return Tally(
        environment=environment,
        wanted=wanted.count,
        given=given,
        missing=max(0, wanted.count - len(given)),
        may=may,
        uncounted=(*(f"{name}: {why}" for name, why in sorted(excluded.items())), *_unsound(heard, environment)),
        unknown=_UNKNOWN if wanted.not_author and not heard.author else "",
    )


def made(approver: Approver, heard: Heard) -> bool:
    """Whether this person made the release, by their name or an address of theirs."""
    name, _, email = heard.author.rpartition("<")
    known = {_plain(approver.name), *map(_plain, approver.emails)}
    return bool({_plain(name), _plain(email.replace(">", ""))} & known)


def _plain(name: str) -> str:
    """As people read it: case, width, accents' spelling, spaces and what can't be seen make nobody another person."""
    seen = (it for it in unicodedata.normalize("NFKC", name) if unicodedata.category(it) != "Cf")
    return " ".join("".join(seen).casefold().split())


def say_tally(it: Tally) -> str:
    """`1 of 2 approvals (anna), missing 1: bob or carla may; not counted: …`."""
    given = f" ({', '.join(it.given)})" if it.given else ""
    head = f"{len(it.given)} of {it.wanted} approvals{given}"
    lacking = [f"missing {it.missing}: {_whoever(it.may)}"] if it.missing else []
    told = "; ".join(_first(it.uncounted))
    return "; ".join(
        [*filter(None, [it.unknown]), ", ".join([head, *lacking]), *([f"not counted: {told}"] if told else [])]
    )


def approvals_gates(wanted: Iterable[tuple[str, Approvals]], heard: Heard | None) -> Iterator[Gate]:
    """A gate for each environment that wants some."""
    for environment, rules in wanted:
        assert heard is not None  # noqa: S101 - whoever judges this gate has listened
        found = tally(rules, environment, heard)
        yield Gate(name=GATE, of=environment, state="open" if found.is_met else "closed", why=say_tally(found))


def check_would_count(person: str, wanted: Approvals, heard: Heard, head: str) -> None:
    """`Refused` where this person's approval would never count."""
    if wanted.not_author and made(heard.approvers[person], heard):
        raise Refused(
            f"{head}: {person} made this release ({heard.author}), and that one's approval does not count there",
            hint="ask another approver",
            code="own-release",
        )


def _why_not(it: Approval, heard: Heard, environment: str) -> str:
    """Why it says nothing about this record and this environment; empty: it does."""
    if it.fault:
        return it.fault
    if it.record != heard.record:
        return f"it is about another record, {it.record[:19]}…"
    return "" if environment in it.environments else f"it is for {_cut(', '.join(it.environments))}"


def _why_not_now(it: Approval, wanted: Approvals, heard: Heard) -> str:
    """Why somebody's newest word is no approval that counts; empty: it is."""
    if it.voice == "withdrawn":
        return f"withdrawn on {it.when}{f': {_cut(it.why)}' if it.why else ''}"
    if wanted.not_author and made(heard.approvers[it.by], heard):
        return "made this release"
    if wanted.within is not None and heard.now - datetime.fromisoformat(it.at).timestamp() > wanted.within:
        return f"approved on {it.when}, too long ago"
    if wanted.within is not None and datetime.fromisoformat(it.at).timestamp() - heard.now > _AHEAD:
        return f"approved on {it.when}, which is still to come: somebody's clock is wrong"
    return ""


def _unsound(heard: Heard, environment: str) -> Iterator[str]:
    for it in heard.approvals:
        if why := _why_not(it, heard, environment):
            yield f"{it.by or it.id[:19] + '…'}: {why}"


def _cut(text: str) -> str:
    """What others wrote, in a line: a refusal is no place for a novel."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _first(lines: tuple[str, ...]) -> list[str]:
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return [*lines[:_TOLD], *more]


def _whoever(names: tuple[str, ...]) -> str:
    if not names:
        return "nobody is left who may"
    return f"{' or '.join(_first(names))} may"
