"""What a release brings, from its commits: grouped where they keep to Conventional Commits 1.0, else as they are.

Merges that say which pull request they are stay, with its number; of one that only joins branches nothing is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout
from paasctl.planning.versions.tags import counted_from, is_version_tag, read_tag, tag_rule
from paasctl.values import dataclass

_CONVENTIONAL = re.compile(r"(?P<kind>[A-Za-z]+)(?:\((?P<scope>[^()\n]+)\))?(?P<breaks>!)?: +(?P<text>\S.*)")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: +(?P<text>\S.*)$", re.MULTILINE)
_GITHUB = re.compile(r"Merge pull request #(?P<number>\d+) from \S+")
_GITLAB = re.compile(r"^See merge request (?:\S*)!(?P<number>\d+)$", re.MULTILINE)
_BITBUCKET = re.compile(r"Merged in \S+ \(pull request #(?P<number>\d+)\)")
_BRANCH = re.compile(r"Merge (?:remote-tracking )?(?:branch|tag)e?s? ")
_BREAKS, _MERGED, _OTHER, _ALL = "Breaking changes", "Merged", "Other changes", "Changes"
_GROUPS = {"feat": "Features", "fix": "Fixes", "perf": "Performance", "revert": "Reverts"}
_ORDER = (_BREAKS, *_GROUPS.values(), _ALL, _OTHER, _MERGED)
_SHORT = 7
_TITLE = re.compile(r"^# .*\n+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of it: the group, and what is said."""

    group: str
    text: str
    commit: str


@dataclass(frozen=True, slots=True)
class Changelog:
    """Entries in groups, newest first; empty where nothing came since the last release."""

    entries: tuple[Entry, ...] = ()

    @property
    def markdown(self) -> str:
        """For a file and for a page."""
        return "\n\n".join(f"### {name}\n\n{lines}" for name, lines in self._groups())

    @property
    def plain(self) -> str:
        """For the message of a tag, where a line that begins with # is none."""
        return "\n\n".join(f"{name}:\n\n{lines}" for name, lines in self._groups())

    def _groups(self) -> list[tuple[str, str]]:
        there = {it.group: [of for of in self.entries if of.group == it.group] for it in self.entries}
        return [(it, "\n".join(map(_line, there[it]))) for it in _ORDER if it in there]


def last_release(checkout: Checkout, rules: Versioning) -> str:
    """The tag below HEAD that a release counts from; "" where there is none."""
    rule = tag_rule(checkout.branch, rules)
    tags = [(read_tag(name, rule), distance) for name, distance in checkout.tags if is_version_tag(name, rule)]
    found = counted_from([it for it in tags if it[1] > 0 and not it[0].is_marker], rule)
    return found[0].name if found else ""


def changelog(changes: Sequence[Change]) -> Changelog:
    """What these commits bring, newest first as they come."""
    read = [entry for it in changes for entry in _entries(it)]
    if all(it.group in (_OTHER, _MERGED) for it in read):  # nobody keeps to the convention here: no groups of it
        read = [Entry(_ALL, it.text, it.commit) if it.group == _OTHER else it for it in read]
    return Changelog(tuple(read))


def grouped(texts: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The lines of several changelogs, as `Changelog.markdown` writes them, by group; each once, the first first."""
    found: dict[str, dict[str, None]] = {}
    for text in texts:
        group = _ALL
        for line in text.splitlines():
            if line.startswith("### "):
                group = line.removeprefix("### ")
            elif line.startswith("- "):
                found.setdefault(group, {})[line.removeprefix("- ")] = None
    if len(found) > 1 and _ALL in found:  # beside groups, what has none is other
        found.setdefault(_OTHER, {}).update(found.pop(_ALL))
    order = {name: at for at, name in enumerate(_ORDER)}
    return tuple((it, tuple(found[it])) for it in sorted(found, key=lambda it: order.get(it, len(order))))


def section(version: str, day: str, entries: Changelog) -> str:
    """A release's part of a changelog file; `day` as in 2026-11-30."""
    return f"{_heading(version)} ({day})\n\n{entries.markdown or 'No changes.'}\n"


def with_section(text: str, version: str, part: str) -> str:
    """The file with this release on top, under its title; as it was where that release is in it."""
    if has_section(text, version):
        return text
    title = _TITLE.match(text)
    head, rest = (title[0].rstrip("\n") + "\n\n", text[title.end() :]) if title else ("# Changelog\n\n", text)
    return f"{head}{part}\n{rest}" if rest else f"{head}{part}"


def has_section(text: str, version: str) -> bool:
    """Whether that release is in the file."""
    return any(line == _heading(version) or line.startswith(f"{_heading(version)} ") for line in text.splitlines())


def _heading(version: str) -> str:
    return f"## {version}"


def _line(entry: Entry) -> str:
    return f"- {entry.text} ({entry.commit[:_SHORT]})"


def _entries(change: Change) -> Iterable[Entry]:
    if change.is_merge:
        if text := _merged(change):
            yield Entry(_MERGED, text, change.commit)
        return
    found = _CONVENTIONAL.fullmatch(change.subject)
    kind = found["kind"].lower() if found else ""
    scope = f"{found['scope']}: " if found and found["scope"] else ""
    text = f"{scope}{found['text']}" if found and kind in _GROUPS else change.subject
    broken = _BREAKING.search(change.body)
    if found and (broken or found["breaks"]):
        yield Entry(_BREAKS, f"{scope}{broken['text'] if broken else found['text']}", change.commit)
        if not broken:
            return
    yield Entry(_GROUPS.get(kind, _OTHER), text, change.commit)


def _merged(change: Change) -> str:
    """What a merge says of itself; "" where that is no more than which branches met."""
    title = next((it.strip() for it in change.body.splitlines() if it.strip()), "")
    if found := _GITHUB.match(change.subject):
        return f"{title or change.subject} (#{found['number']})"
    if found := _BITBUCKET.match(change.subject):
        return f"{title or change.subject} (#{found['number']})"
    if found := _GITLAB.search(change.body):
        said = change.subject if title == found[0] else title
        return f"{said} (!{found['number']})"
    return "" if _BRANCH.match(change.subject) else change.subject
