"""Mark: everything that a root leads to, each with the root that it stays for.

Every rule here only ever adds roots, so more of them never let more go (a law of the tests).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from paasctl.model.cleanup import Held, Mention, Root
from paasctl.model.counting import count
from paasctl.model.image import Pinned
from paasctl.model.version import Version
from paasctl.planning.cleanup.facts import (
    CleanupFacts,
    Links,
    is_other_tag,
    is_version_tag,
    links_of,
    subjects_of,
    versions_of,
)
from paasctl.planning.versions.spelling import image_tag

_DAY = 86400.0
_FAKED = 10 * 365 * _DAY
"""Dates before 1980 are those that builders put where none shall be."""

Marks = Mapping[Pinned, Root]


def mark(facts: CleanupFacts) -> Marks:
    """What stays, and why. What runs is named before what a rule keeps: it is the stronger proof."""
    links = links_of(facts.held)
    marks: dict[Pinned, Root] = {}
    for at, why in _roots(facts, links):
        if at not in marks:
            marks[at] = Root(why=why)
            _spread(at, links, marks)
    return marks


def _spread(start: Pinned, links: Links, marks: dict[Pinned, Root]) -> None:
    """All that must stay where this does. Breadth first, so that the way to a root is short."""
    todo = deque([start])
    while todo:
        at = todo.popleft()
        for link, goal in links.leads_to(at):
            if goal not in marks:
                marks[goal] = Root(why=marks[at].why, via=at, link=link)
                todo.append(goal)


def _roots(facts: CleanupFacts, links: Links) -> Iterator[tuple[Pinned, str]]:
    for mention in facts.mentions:
        yield from ((at, mention.why) for at in _mentioned(mention, facts, links))
    versions = versions_of(facts.held.values())
    theirs = {name for name, them in versions.items() if any(_is_foreign(it, facts) for it in them)}
    yield from _foreign(facts)
    yield from _tagged(facts)
    for name in sorted(theirs):
        yield from ((it.at, f"release {name} is another app's") for it in versions[name])
    yield from _counted(facts, {name: them for name, them in versions.items() if name not in theirs})
    yield from _young(facts, links, versions)


def _mentioned(mention: Mention, facts: CleanupFacts, links: Links) -> Iterator[Pinned]:
    """By digest, wherever it is said to lie: the same bytes may be pulled from here by another name."""
    if mention.digest:
        for at in links.by_digest.get(mention.digest, ()):
            yield at
            # Nodes may tell the digest of one platform's image: whoever deploys it again names the index.
            yield from links.parents.get(at, ())
    tags = [mention.tagged] if mention.tagged[1] else []
    tags += [(facts.repository.path, image_tag(mention.version))] if mention.version else []
    yield from (links.by_tag[it] for it in tags if it in links.by_tag)


def _foreign(facts: CleanupFacts) -> Iterator[tuple[Pinned, str]]:
    """What is not ours to judge."""
    for at, it in facts.held.items():
        if _is_foreign(it, facts):
            yield at, f"it is of another app: {it.app}"
        elif it.what == "unknown":
            yield at, "it is nothing that we can read"


def _is_foreign(it: Held, facts: CleanupFacts) -> bool:
    return bool(it.app) and it.app != facts.app


def _tagged(facts: CleanupFacts) -> Iterator[tuple[Pinned, str]]:
    for at, it in facts.held.items():
        for tag in it.tags:
            if pattern := next((one for one in facts.keep.tags if fnmatchcase(tag, one)), ""):
                yield at, f"keep.tags has {pattern}"
            elif facts.keep.others and is_other_tag(tag):
                yield at, f"keep.others: {tag} is no version"


def _counted(facts: CleanupFacts, versions: Mapping[str, Sequence[Held]]) -> Iterator[tuple[Pinned, str]]:
    releases = [it for it in versions if Version.parse(it).is_release]
    releases.sort(key=lambda it: Version.parse(it).precedence, reverse=True)
    between = [it for it in versions if not Version.parse(it).is_release]
    between.sort(key=lambda it: (created_of(versions[it]) or 0, Version.parse(it).precedence), reverse=True)
    for what, most, names in (
        ("releases", facts.keep.releases, releases),
        ("snapshots", facts.keep.snapshots, between),
    ):
        why = f"keep.{what} is not set" if most is None else f"keep.{what}: one of the newest {most}"
        for name in names[:most]:
            yield from ((it.at, why) for it in versions[name])


def _young(facts: CleanupFacts, links: Links, versions: Mapping[str, Sequence[Held]]) -> Iterator[tuple[Pinned, str]]:
    """What is younger than `keep.age`, by itself, by its version or by what was said of it; and what has no date.

    A part follows what it is a part of, so only what stands for itself is asked, and what has a version's tag.
    """
    whole = {name: created_of([*them, *_said_of(them, links)]) for name, them in versions.items()}
    for at, it in facts.held.items():
        is_part = it.what in ("voucher", "note") or at in links.parents or bool(subjects_of(it))
        if is_part and not any(map(is_version_tag, it.tags)):
            continue
        if at in facts.noted and not it.tags:
            continue  # by a note it was judged before, with what it was a part of
        dates = [whole[tag] for tag in it.tags if is_version_tag(tag)]
        created = latest([created_of([it, *_said_of([it], links)]), *dates])
        if created is None:
            if at not in facts.noted:  # else it was judged with all that told its date
                yield at, "its age is not known"
        elif facts.now - created < facts.keep.age:
            yield at, f"keep.age: it is younger than {_days(facts.keep.age)}"


def _said_of(them: Sequence[Held], links: Links) -> Iterator[Held]:
    """What vouches for them directly: a promotion record, a statement, a signature."""
    for it in them:
        yield from (links.held[at] for at in links.vouchers.get(it.at, ()))


def created_of(them: Sequence[Held]) -> float | None:
    """The latest date that one of them tells; None: none does."""
    return latest([it.created for it in them])


def latest(dates: Sequence[float | None]) -> float | None:
    """The latest that is one."""
    return max((it for it in dates if it is not None and it > _FAKED), default=None)


def _days(seconds: float) -> str:
    if seconds >= _DAY:
        return count(round(seconds / _DAY), "day")
    return count(round(seconds / 3600), "hour") if seconds >= 3600 else count(round(seconds / 60), "minute")
