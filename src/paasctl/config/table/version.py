"""The keys of `version`: from git tags to versions."""

from __future__ import annotations

from paasctl.config import forms
from paasctl.config.shape import Choice, Items, Key, Named, Section, Text

_INCREMENTS = ("patch", "minor", "major", "minorIfNotOnRelease", "prerelease")
_DECORATIONS = ("branch", "commit", "none")

BRANCH = Section(
    "a rule for branches",
    (
        Key("tagPrefix", Text(forms.TAG_PREFIX), "what tags begin with that count on such a branch"),
        Key("increment", Choice(_INCREMENTS), "what is next on such a branch"),
        Key(
            "decorate",
            Choice(_DECORATIONS),
            "what is part of a snapshot's version: the branch's name, the commit",
        ),
    ),
)

VERSION = Section(
    "the rules of versions",
    (
        Key("tagPrefix", Text(forms.TAG_PREFIX), "what git tags begin with, before the version", "v"),
        Key("tagSeparator", Text(forms.TAG_SEPARATOR), "between prefix and version; nothing without a prefix"),
        Key("fallbackPrefixes", Items(Text(forms.TAG_PREFIX)), "prefixes that tags had once: read, never written", []),
        Key("pick", Choice(("nearest", "highest")), "which tag of the history a version counts from", "nearest"),
        Key("first", Text(forms.VERSION), "the next release where the whole history has no version tag", "0.1.0"),
        Key("increment", Choice(_INCREMENTS), "what comes next: " + ", ".join(_INCREMENTS), "patch"),
        Key("releaseBranches", Text(forms.PATTERN), "where minorIfNotOnRelease means patch", "release/.+"),
        Key("firstPrerelease", Text(forms.PRERELEASE), "what `prerelease` begins with after a release", "rc.1"),
        Key("nextMarker", Text(forms.MARKER), "end of a tag that only announces what is next, v2.0.0-alpha", "alpha"),
        Key(
            "branches",
            Named("PATTERN", forms.PATTERN, BRANCH),
            "rules for branches that match; the first match wins",
            {},
        ),
        Key(
            "releaseFrom",
            Items(Text(forms.PATTERN), least=1),
            "branches that releases may be made from",
            ["main", "master"],
        ),
        Key("snapshot", Choice(("semver", "maven")), "how versions between releases look", "semver"),
        Key("snapshotMark", Text(forms.MARK), "how they end, spelled Maven's way", "SNAPSHOT"),
        Key(
            "decorate",
            Choice(_DECORATIONS),
            "what is part of a snapshot's version: the branch (main and master aside), the commit",
            "branch",
        ),
        Key(
            "paths",
            Items(Text(forms.IN_REPOSITORY)),
            "what this project lives on; changes elsewhere are none",
            [],
        ),
        Key("exclude", Items(Text(forms.IN_REPOSITORY)), "what of it does not count", []),
        Key(
            "fetch",
            Choice(("ci", "always", "never")),
            "where history or tags that a clone lacks are fetched: in CI, everywhere, nowhere",
            "ci",
        ),
    ),
)
