"""The release that comes after the tag a version counts from, and why that one."""

from __future__ import annotations

from paasctl.errors import Refused, UsageError
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout, Version, Wish
from paasctl.planning.versions.branches import rule_for
from paasctl.planning.versions.increment import incremented
from paasctl.planning.versions.tags import VersionTag
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The next release. `rule` and `rule_from` as in `Why`."""

    version: Version
    rule: str
    rule_from: str
    story: str


def following(checkout: Checkout, rules: Versioning, tag: VersionTag | None, wish: Wish) -> Following:
    """What comes next: what was asked for, what a tag announces, the first of all, or one step on by a rule."""
    if wish.version:
        return _asked(wish.version, tag)
    if tag is None:
        first = Version.parse(rules.first)
        return Following(version=first, rule="first", rule_from="version.first", story=f"a first version is {first}")
    if tag.is_marker and not wish.increment:
        said = f"the next release is {tag.version}: tag {tag.name} announces it"
        return Following(version=tag.version, rule="marker", rule_from=tag.name, story=said)
    rule = rule_for(checkout.branch, rules, lambda it: bool(it.increment))
    increment: str = rules.increment
    source = "version.increment"
    if wish.increment:
        increment, source = wish.increment, "--increment"
    elif rule and rule.increment:
        increment, source = rule.increment, f"branches {rule.pattern!r}"
    version = incremented(tag.version, increment, checkout.branch, rules)
    said = f"the next release is {version}: {increment}, by {source}"
    return Following(version=version, rule=increment, rule_from=source, story=said)


def _asked(text: str, tag: VersionTag | None) -> Following:
    try:
        version = Version.parse(text)
    except ValueError as error:
        raise UsageError(f"releasing {text}: {error}", hint="for example --version 1.4.0") from error
    if tag and not tag.is_marker and version <= tag.version:
        raise Refused(
            f"releasing {version}: the history of this commit has {tag.name} already",
            hint=f"choose a version above {tag.version}",
            code="version-not-higher",
        )
    return Following(version=version, rule="asked", rule_from="the command line", story=f"{version} was asked for")
