"""The version of a checkout, and the release it may become. Facts in, names out (cli.md decisions 1, 2, 19)."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Refused, UsageError
from paasctl.model.config import Versioning
from paasctl.model.counting import count
from paasctl.model.version import Checkout, Named, Version
from paasctl.planning.branches import MAIN, rule_for
from paasctl.planning.increment import incremented
from paasctl.planning.position import ReleasePosition, check_position, differing
from paasctl.planning.spelling import dns_label, image_tag, label_value, prerelease_word
from paasctl.values import dataclass

__all__ = [
    "FIRST",
    "ReleasePosition",
    "dns_label",
    "image_tag",
    "label_value",
    "name_version",
    "release_version",
    "wanted_release",
]

FIRST = Version(0, 1, 0)
"""What a whole history without a version tag leads to."""


def name_version(checkout: Checkout, rules: Versioning) -> Named:
    """The version of what lies in the checkout: its tag's, or one between the nearest tag and the next release.

    Snapshots sort after the tag they follow and before the release that the rule leads to.
    """
    nearest = _nearest(checkout, rules)
    if nearest and nearest.distance == 0 and not checkout.dirty:
        return _tagged(nearest, checkout)
    following = _following(checkout, rules, nearest)
    text, story = _snapshot(checkout, rules, nearest, following)
    return Named(
        text=text,
        is_release=False,
        dirty=bool(checkout.dirty),
        story=(*_where(checkout, nearest), *following.story, *story),
        tag=f"{rules.tag_prefix}{following.version}",
    )


def wanted_release(checkout: Checkout, rules: Versioning, *, explicit: str = "") -> Named:
    """What `release` would tag: the version HEAD is tagged with, else the next by the rule, or the `explicit` one.

    Judges nothing else; `release_version` does. An `explicit` version that is none is a `UsageError`; one that is not
    above the nearest tag is refused.
    """
    nearest = _nearest(checkout, rules)
    if nearest and nearest.distance == 0 and explicit in ("", str(nearest.version)):
        return _tagged(nearest, checkout)
    following = _asked(explicit, nearest) if explicit else _following(checkout, rules, nearest)
    return Named(
        text=str(following.version),
        is_release=False,
        dirty=bool(checkout.dirty),
        story=(*_where(checkout, nearest), *following.story),
        tag=f"{rules.tag_prefix}{following.version}",
    )


def release_version(position: ReleasePosition, rules: Versioning, *, explicit: str = "") -> Named:
    """The release that may be made of this very commit, or why not.

    Refused: a dirty tree (V4), a branch releases aren't made from, a detached HEAD without a tag, a branch ahead of or
    behind its remote (V5), a tag that the remote has on another commit (V6). A tag that the remote has on this commit
    is a release under way: running again completes it, from wherever it is checked out (V7).
    """
    wanted = wanted_release(position.checkout, rules, explicit=explicit)
    check_position(wanted, position, rules)
    return wanted


# --- tags -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    version: Version
    distance: int


@dataclass(frozen=True, slots=True)
class _Following:
    """The next release, and why that one."""

    version: Version
    story: tuple[str, ...]


def _nearest(checkout: Checkout, rules: Versioning) -> _Tag | None:
    """The version tag at the least distance; of several there the highest version."""
    return max(_tags(checkout, rules), key=lambda it: (-it.distance, it.version), default=None)


def _tags(checkout: Checkout, rules: Versioning) -> Iterator[_Tag]:
    for name, distance in checkout.tags:
        if name.startswith(rules.tag_prefix):
            try:
                yield _Tag(name, Version.parse(name.removeprefix(rules.tag_prefix)), distance)
            except ValueError:
                continue  # `vacation` starts with v too


def _tagged(tag: _Tag, checkout: Checkout) -> Named:
    return Named(
        text=str(tag.version),
        is_release=True,
        dirty=bool(checkout.dirty),
        story=(f"commit {checkout.commit[:7]} carries tag {tag.name}",),
        tag=tag.name,
    )


def _where(checkout: Checkout, nearest: _Tag | None) -> tuple[str, ...]:
    if nearest is None:
        return (f"no version tag in the whole history of {count(checkout.commits, 'commit')}",)
    if nearest.distance == 0:
        return (f"commit {checkout.commit[:7]} carries tag {nearest.name}",)
    return (f"the nearest tag is {nearest.name}, {count(nearest.distance, 'commit')} back",)


# --- the next release -----------------------------------------------------------------------------------------------


def _following(checkout: Checkout, rules: Versioning, nearest: _Tag | None) -> _Following:
    """The release that comes after the nearest tag, by the branch's rule or the general one."""
    if nearest is None:
        return _Following(FIRST, (f"a first version is {FIRST}",))
    rule = rule_for(checkout.branch, rules, lambda it: bool(it.increment))
    increment = rule.increment if rule else rules.increment
    version = incremented(nearest.version, increment, checkout.branch)
    source = f"branches {rule.pattern!r}" if rule else "version.increment"
    return _Following(version, (f"the next release is {version}: {increment}, by {source}",))


def _asked(text: str, nearest: _Tag | None) -> _Following:
    try:
        version = Version.parse(text)
    except ValueError as error:
        raise UsageError(f"releasing {text}: {error}", hint="for example --version 1.4.0") from error
    if nearest and version <= nearest.version:
        raise Refused(
            f"releasing {version}: the history of this commit has {nearest.name} already",
            hint=f"choose a version above {nearest.version}",
            code="version-not-higher",
        )
    return _Following(version, (f"{version} was asked for",))


# --- snapshots ------------------------------------------------------------------------------------------------------


def _snapshot(
    checkout: Checkout, rules: Versioning, nearest: _Tag | None, following: _Following
) -> tuple[str, tuple[str, ...]]:
    """The text of a version that no tag names, and what its parts are."""
    word, story = _branch_word(checkout.branch, rules)
    if rules.snapshot == "maven":
        spelled = "-".join(filter(None, (str(following.version), word, "SNAPSHOT")))
        return spelled, (*story, "snapshots are spelled Maven's way")
    distance = nearest.distance if nearest else checkout.commits
    dirt = ["dirty", f"h{checkout.tree}"] if checkout.dirty else []
    parts = [*([word] if word else []), str(distance), f"g{checkout.commit[:7]}", *dirt]
    if dirt:
        story = (*story, f"{differing(checkout)}: .dirty, and a hash of what lies there")
    return f"{_base(nearest, following)}{'.'.join(parts)}", story


def _base(nearest: _Tag | None, following: _Following) -> str:
    """What a snapshot extends: after 1.3.0-rc.1 that very pre-release, so that it sorts between it and what follows."""
    if nearest and nearest.version.pre and nearest.version < following.version <= _core(nearest.version):
        unnumbered = not nearest.version.pre[
            -1
        ].isdigit()  # beta leads to beta.1, so beta.0.4 comes between, not beta.4
        return f"{nearest.version}.{'0.' if unnumbered else ''}"
    return f"{_core(following.version)}-"


def _core(version: Version) -> Version:
    return Version(version.major, version.minor, version.patch)


def _branch_word(branch: str | None, rules: Versioning) -> tuple[str, tuple[str, ...]]:
    """The branch as one SemVer identifier, "" where it is left out, and why."""
    if branch is None:
        return "", ("HEAD is detached and no CI variable names its branch",)
    rule = rule_for(branch, rules, lambda it: it.decorate is not None)
    decorate = rule.decorate if rule else branch not in MAIN
    if not decorate:
        return "", (f"branch {branch} is left out",)
    word = prerelease_word(branch)
    return word, (f"branch {branch}" + (f" is spelled {word}" if word != branch else ""),)
