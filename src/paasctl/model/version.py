"""Versions (SemVer 2.0.0 without build metadata, which image tags cannot carry) and what git told us."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Self

from paasctl.values import dataclass

_SEMVER = re.compile(
    r"(?P<major>0|[1-9]\d*)\.(?P<minor>0|[1-9]\d*)\.(?P<patch>0|[1-9]\d*)"
    r"(?:-(?P<pre>(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A SemVer version. Ordering is SemVer precedence (section 11)."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `1.2.3` or `1.2.3-rc.1`; anything else (build metadata too) is a `ValueError`."""
        if not (found := _SEMVER.fullmatch(text)):
            raise ValueError(f"not a version (want MAJOR.MINOR.PATCH[-PRERELEASE]): {text!r}")
        return cls(int(found["major"]), int(found["minor"]), int(found["patch"]), found["pre"] or "")

    @staticmethod
    def is_spelled(text: str) -> bool:
        """Whether `parse` would take it."""
        return _SEMVER.fullmatch(text) is not None

    @property
    def is_release(self) -> bool:
        """Whether it has no pre-release part."""
        return not self.pre

    @property
    def core(self) -> Self:
        """Without the pre-release part: what a pre-release leads to."""
        return type(self)(self.major, self.minor, self.patch)

    def __lt__(self, other: Version) -> bool:
        return self.precedence < other.precedence

    @property
    def precedence(self) -> tuple[object, ...]:
        """What versions are sorted by (SemVer 11)."""
        # 11.3 and 11.4: a release outranks its pre-releases; numbers rank below words.
        parts = tuple((0, int(it), "") if it.isdigit() else (1, 0, it) for it in self.pre.split(".") if it)
        return (self.major, self.minor, self.patch, not self.pre, parts)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{self.pre}" if self.pre else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What git told us about the commit under our feet. Every field is known; adapters raise rather than guess."""

    commit: str
    """Full hash of HEAD, 40 (or 64) hex digits."""
    committed: int
    """Commit time of HEAD, seconds since the epoch."""
    branch: str | None
    """None when detached and no CI variable names it."""
    branch_from: str = "git"
    """Who names the branch: `git`, or a CI system and its variable, as in `GitHub, GITHUB_HEAD_REF`."""
    tags: tuple[tuple[str, int], ...]
    """Version tags of HEAD's history, as (tag name, commits between the tag and HEAD), nearest first.

    Those that a version may count from: the walk ends where farther ones can't matter any more.
    """
    changes: int | None = None
    """Of the commits since the tag that counts (of all, where there is none), those that touch `version.paths`.

    None: there are no such paths, and every commit is one.
    """
    commits: int
    """How many commits HEAD has in all, where it has no version tag; else how many were looked at."""
    dirty: tuple[str, ...]
    """Paths that differ from HEAD, untracked ones included; empty means clean."""
    tree: str
    """Hash of the tree as it lies in the checkout (first 12 hex digits), dirt included; "" when clean."""
    root: str
    """The top folder of the checkout."""
    remote: str | None
    """Name of the remote that a release tag is pushed to; None where there is none."""
    fetched: str = ""
    """Remote that a history cut short, or tags, were fetched from for this answer; "" where nothing was missing."""
    head_subjects: tuple[str, ...] = ()
    """Subjects of the commits since the nearest tag below HEAD, newest first, bounded by 1,000.

    Tags on HEAD itself change nothing: a release says what it brings, whether its tag was there before or not.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller puts in place of the rules."""

    version: str = ""
    """The next release, whatever the rules lead to."""
    increment: str = ""
    """The rule that leads to it."""
    snapshot: bool = False
    """A snapshot even where a tag names the commit."""


NO_WISH = Wish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """How a version came about, as data; the same as `Named.story`."""

    tag: str = ""
    """The tag it has, or counts from; "" where the history has none."""
    back: int = 0
    """Commits between that tag and HEAD."""
    commits: int = 0
    """Those of them that count: the same, or where `version.paths` says so only those that touch them."""
    rule: str = ""
    """What leads from the tag to `next`: an increment, or `marker`, `first`, `asked`."""
    rule_from: str = ""
    """Who says so: `version.increment`, `branches PATTERN`, `--increment`, a tag."""
    next: str = ""
    """The release that comes next, or is on its way."""
    branch: str = ""
    branch_from: str = ""
    """Who names the branch; see `Checkout`. Both "" where nobody does."""
    cut: tuple[str, ...] = ()
    """What was too long, or has characters that a version can't have, and what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """A version as others allow it; each place has a rule of its own (V8)."""

    image_tag: str = ""
    label: str = ""
    dns: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A version in all its spellings, and the story of how it came about."""

    text: str
    """SemVer, as in `1.2.4-feature-x.3.gabc1234`."""
    is_release: bool
    """Whether a tag names it: one on this very commit, or one since which nothing of `version.paths` changed."""
    dirty: bool
    story: tuple[str, ...]
    """One sentence each: which tag, how many commits, which rule, which branch, what was cut."""
    tag: str = ""
    """The git tag this version has or would get."""
    why: Why = Why()
    spelled: Spelled = Spelled()
