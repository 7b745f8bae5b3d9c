"""Which tags are versions on a branch, and which of them a version counts from (peers.md 1.12, rule 1)."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.model.config import Versioning
from paasctl.model.version import Version
from paasctl.planning.versions.branches import rule_for
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """What version tags look like on a branch."""

    prefixes: tuple[str, ...]
    """What a tag may begin with, separator included; a new tag begins with the first."""
    is_highest: bool
    """Whether the highest counts rather than the nearest."""
    marker: str

    def spell(self, version: Version) -> str:
        """The name of that release's tag."""
        return f"{self.prefixes[0]}{version}"


@dataclass(frozen=True, slots=True)
class VersionTag:
    """A tag that names a version, or announces it: then nothing was released yet."""

    name: str
    version: Version
    is_marker: bool = False


def tag_rule(branch: str | None, rules: Versioning) -> TagRule:
    """The rule for a branch: its own prefix or the general one, and those that tags had once."""
    rule = rule_for(branch, rules, lambda it: it.tag_prefix is not None)
    own = rules.tag_prefix if rule is None or rule.tag_prefix is None else rule.tag_prefix
    return TagRule(
        prefixes=tuple(f"{it}{rules.tag_separator if it else ''}" for it in (own, *rules.fallback_prefixes)),
        is_highest=rules.pick == "highest",
        marker=rules.next_marker,
    )


def is_version_tag(name: str, rule: TagRule) -> bool:
    """Whether it names a version (`vacation` starts with v too). Repositories have thousands: this takes no time."""
    return any(name.startswith(it) and Version.is_spelled(name[len(it) :]) for it in rule.prefixes)


def read_tag(name: str, rule: TagRule) -> VersionTag:
    """A version tag as that."""
    prefix = next(it for it in rule.prefixes if name.startswith(it) and Version.is_spelled(name[len(it) :]))
    version = Version.parse(name[len(prefix) :])
    is_marker = bool(rule.marker) and version.pre == rule.marker
    return VersionTag(name, version.core if is_marker else version, is_marker)


def rank(tag: VersionTag, distance: int, rule: TagRule) -> tuple[object, ...]:
    """What decides between tags; the greatest counts. As near and as high, a release outranks what announces it."""
    height = (tag.version.precedence, not tag.is_marker)
    return (*height, -distance) if rule.is_highest else (-distance, *height)


def alive(tags: Iterable[tuple[VersionTag, int]]) -> list[tuple[VersionTag, int]]:
    """Less what is spent: tags that announce a version that was released in this history."""
    every = list(tags)
    released = {tag.version for tag, _ in every if not tag.is_marker}
    return [it for it in every if not (it[0].is_marker and it[0].version in released)]


def counted_from(tags: Iterable[tuple[VersionTag, int]], rule: TagRule) -> tuple[VersionTag, int] | None:
    """The tag that counts, of those in a history with their distances from HEAD; None: there is none."""
    return max(alive(tags), key=lambda it: rank(it[0], it[1], rule), default=None)
