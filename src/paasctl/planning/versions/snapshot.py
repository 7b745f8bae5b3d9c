"""How a version is spelled that no tag names: branch, commits, commit, dirt; or Maven's way (cli.md, decision 1)."""

from __future__ import annotations

from paasctl.model.config import Versioning
from paasctl.model.counting import count
from paasctl.model.version import Checkout, Version
from paasctl.planning.versions.branches import MAIN, rule_for
from paasctl.planning.versions.spelling import prerelease_word
from paasctl.planning.versions.tags import VersionTag
from paasctl.values import dataclass

_SHORT = 7
"""Digits of a commit; git's own length would depend on how much a clone holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The text, why it has the parts it has, and what was cut off on the way."""

    text: str
    story: tuple[str, ...]
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """A part that decorates, "" where there is none."""

    text: str
    story: str
    cut: tuple[str, ...] = ()


def spell_snapshot(
    checkout: Checkout, rules: Versioning, tag: VersionTag | None, commits: int, following: Version
) -> Snapshot:
    """The version of what lies there: it sorts after the tag it follows and before the release it leads to.

    `commits`: how many count since that tag.
    """
    word = _decoration(checkout, rules)
    if rules.snapshot == "maven":
        text = "-".join(filter(None, (str(following), word.text, rules.snapshot_mark)))
        said = f"a snapshot ends in {rules.snapshot_mark}, Maven's way"
        return Snapshot(text=text, story=(word.story, said), cut=word.cut)
    told = word.text if _decorate(checkout.branch, rules) == "branch" else ""
    dirt = ["dirty", f"h{checkout.tree}"] if checkout.dirty else []
    first = ["0"] if told and following.pre and not _is_on_the_way(tag, following) else []  # a word may outrank rc.1
    parts = [*first, *([told] if told else []), str(commits), f"g{checkout.commit[:_SHORT]}", *dirt]
    story = (word.story, f"{differing(checkout)}: .dirty, and a hash of what lies there") if dirt else (word.story,)
    return Snapshot(text=f"{_base(tag, following)}{'.'.join(parts)}", story=story, cut=word.cut)


def differing(checkout: Checkout) -> str:
    """How many paths differ, in words."""
    return f"{count(len(checkout.dirty), 'path')} {'differs' if len(checkout.dirty) == 1 else 'differ'}"


def _base(tag: VersionTag | None, following: Version) -> str:
    """What a snapshot extends: after 1.3.0-rc.1 that very pre-release, so that it sorts between it and what follows."""
    if tag and _is_on_the_way(tag, following):
        unnumbered = not tag.version.pre[-1].isdigit()  # beta leads to beta.1, so beta.0.4 comes between, not beta.4
        return f"{tag.version}.{'0.' if unnumbered else ''}"
    return f"{following.core}-"


def _is_on_the_way(tag: VersionTag | None, following: Version) -> bool:
    """Whether the tag is a pre-release of what follows."""
    return tag is not None and bool(tag.version.pre) and tag.version < following <= tag.version.core


def _decorate(branch: str | None, rules: Versioning) -> str:
    rule = rule_for(branch, rules, lambda it: bool(it.decorate))
    if rule:
        return rule.decorate
    return "none" if rules.decorate == "branch" and branch in MAIN else rules.decorate


def _decoration(checkout: Checkout, rules: Versioning) -> _Word:
    """The branch as one SemVer identifier, or the commit; and why."""
    decorate, branch = _decorate(checkout.branch, rules), checkout.branch
    if decorate == "commit":
        short = checkout.commit[:_SHORT]
        return _Word(text=short, story=f"commit {short} is named, by version.decorate or a rule for the branch")
    if branch is None:
        return _Word(text="", story="HEAD is detached and no CI variable names its branch")
    named = f"branch {branch} ({checkout.branch_from})"
    if decorate == "none":
        return _Word(text="", story=f"{named} is left out")
    word = prerelease_word(branch)
    if word == branch:
        return _Word(text=word, story=f"{named} is named")
    said = f"{named} is spelled {word}"
    return _Word(text=word, story=said, cut=(f"{branch}: {word}",))
