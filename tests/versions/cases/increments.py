"""What comes next: increments, markers, what the caller puts in their place."""

from __future__ import annotations

from paasctl.model.version import Wish
from versions.case import Cases, case

_BRANCHES = "increment: minor, branches: {'release/.*': {increment: patch}, 'next/.*': {increment: major}}"

INCREMENTS: Cases = {
    "axion: patch is the default": case(
        "o v0.1.0 o", "", "0.1.1-1.g{sha}", "v0.1.0 +1 patch", rule_from="version.increment"
    ),
    "axion: minor": case("o v1.2.3 o", "increment: minor", "1.3.0-1.g{sha}", "v1.2.3 +1 minor", next="1.3.0"),
    "axion: major": case("o v1.2.3 o", "increment: major", "2.0.0-1.g{sha}", "v1.2.3 +1 major", next="2.0.0"),
    "axion: minor off a release branch": case(
        "o v1.2.3 o", "increment: minorIfNotOnRelease", "1.3.0-1.g{sha}", "v1.2.3 +1 minorIfNotOnRelease", next="1.3.0"
    ),
    "axion: patch on a release branch": case(
        "o v1.2.3 o @release/1.2",
        "increment: minorIfNotOnRelease",
        "1.2.4-release-1-2.1.g{sha}",
        "v1.2.3 +1 minorIfNotOnRelease",
        next="1.2.4",
    ),
    "axion: release branches by another pattern": case(
        "o v1.2.3 o @stable-1",
        "increment: minorIfNotOnRelease, releaseBranches: 'stable-.+'",
        "1.2.4-stable-1.1.g{sha}",
        "v1.2.3 +1 minorIfNotOnRelease",
    ),
    "release/ alone is no release branch": case(
        "o v1.2.3 o @release",
        "increment: minorIfNotOnRelease",
        "1.3.0-release.1.g{sha}",
        "v1.2.3 +1 minorIfNotOnRelease",
    ),
    "detached is no release branch": case(
        "o v1.2.3 o @-", "increment: minorIfNotOnRelease", "1.3.0-1.g{sha}", "v1.2.3 +1 minorIfNotOnRelease"
    ),
    "axion: rc1 becomes rc2": case(
        "o v1.0.0-rc1 o", "increment: prerelease", "1.0.0-rc1.1.g{sha}", "v1.0.0-rc1 +1 prerelease", next="1.0.0-rc2"
    ),
    "rc.9 becomes rc.10": case(
        "o v1.0.0-rc.9 o",
        "increment: prerelease",
        "1.0.0-rc.9.1.g{sha}",
        "v1.0.0-rc.9 +1 prerelease",
        next="1.0.0-rc.10",
    ),
    "beta becomes beta.1": case(
        "o v1.3.0-beta o",
        "increment: prerelease",
        "1.3.0-beta.0.1.g{sha}",
        "v1.3.0-beta +1 prerelease",
        next="1.3.0-beta.1",
    ),
    "axion: after a release comes the next one's first candidate": case(
        "o v1.2.3 o", "increment: prerelease", "1.2.4-1.g{sha}", "v1.2.3 +1 prerelease", next="1.2.4-rc.1"
    ),
    "axion: which candidate is the first can be said": case(
        "o v1.2.3 o",
        "increment: prerelease, firstPrerelease: rc1",
        "1.2.4-1.g{sha}",
        "v1.2.3 +1 prerelease",
        next="1.2.4-rc1",
    ),
    "after a candidate comes its release": case(
        "o v1.3.0-rc.1 o", "", "1.3.0-rc.1.1.g{sha}", "v1.3.0-rc.1 +1 patch", next="1.3.0"
    ),
    "a candidate of a minor is followed by its release": case(
        "o v1.3.0-rc.1 o", "increment: minor", "1.3.0-rc.1.1.g{sha}", "v1.3.0-rc.1 +1 minor", next="1.3.0"
    ),
    "a candidate of a patch does not stop a minor": case(
        "o v1.2.4-rc.1 o", "increment: minor", "1.3.0-1.g{sha}", "v1.2.4-rc.1 +1 minor", next="1.3.0"
    ),
    "a candidate of a major is followed by its release": case(
        "o v2.0.0-rc.1 o", "increment: major", "2.0.0-rc.1.1.g{sha}", "v2.0.0-rc.1 +1 major", next="2.0.0"
    ),
    "a candidate of a minor does not stop a major": case(
        "o v1.3.0-rc.1 o", "increment: major", "2.0.0-1.g{sha}", "v1.3.0-rc.1 +1 major", next="2.0.0"
    ),
    "axion: a branch's own increment": case(
        "o v1.2.3 o @release/1.2",
        _BRANCHES,
        "1.2.4-release-1-2.1.g{sha}",
        "v1.2.3 +1 patch",
        rule_from="branches 'release/.*'",
    ),
    "another branch's own increment": case(
        "o v1.2.3 o @next/two", _BRANCHES, "2.0.0-next-two.1.g{sha}", "v1.2.3 +1 major", rule_from="branches 'next/.*'"
    ),
    "a branch without a rule has the general one": case(
        "o v1.2.3 o @topic", _BRANCHES, "1.3.0-topic.1.g{sha}", "v1.2.3 +1 minor", rule_from="version.increment"
    ),
    "the first rule that matches counts": case(
        "o v1.2.3 o @a",
        "branches: {'.': {increment: minor}, a: {increment: major}}",
        "1.3.0-a.1.g{sha}",
        "v1.2.3 +1 minor",
    ),
    "a rule that says nothing on the matter leaves it to the next": case(
        "o v1.2.3 o @a", "branches: {a: {decorate: none}, '.': {increment: minor}}", "1.3.0-1.g{sha}", "v1.2.3 +1 minor"
    ),
    "a rule must match the whole name": case(
        "o v1.2.3 o @x/release/1", _BRANCHES, "1.3.0-x-release-1.1.g{sha}", "v1.2.3 +1 minor"
    ),
    "a detached HEAD has the general rule": case("o v1.2.3 o @-", _BRANCHES, "1.3.0-1.g{sha}", "v1.2.3 +1 minor"),
}

MARKERS: Cases = {
    "axion: a marker says what is next": case(
        "o v1.2.3 o v3.0.0-alpha o",
        "",
        "3.0.0-1.g{sha}",
        "v3.0.0-alpha +1 marker",
        next="3.0.0",
        rule_from="v3.0.0-alpha",
    ),
    "axion: as Maven spells it": case(
        "o v1.2.3 o v3.0.0-alpha o", "snapshot: maven", "3.0.0-SNAPSHOT", "v3.0.0-alpha +1 marker", next="3.0.0"
    ),
    "axion: on the marker's own commit it is a snapshot already": case(
        "o v1.2.3 o v3.0.0-alpha", "", "3.0.0-0.g{sha}", "v3.0.0-alpha +0 marker", next="3.0.0"
    ),
    "axion: on one commit a release goes before a marker": case(
        "o v1.2.3 v3.0.0-alpha", "", "1.2.3", "v1.2.3 +0 marker", next="3.0.0"
    ),
    "axion: after a release with a marker on it comes what is announced": case(
        "o v1.2.3 v3.0.0-alpha o", "", "3.0.0-1.g{sha}", "v3.0.0-alpha +1 marker", next="3.0.0"
    ),
    "axion: what is announced was released": case(
        "o v2.0.0-alpha o v2.0.0 o", "", "2.0.1-1.g{sha}", "v2.0.0 +1 patch", next="2.0.1"
    ),
    "a marker that comes after its release is spent": case(
        "o v2.0.0 o v2.0.0-alpha o", "", "2.0.1-2.g{sha}", "v2.0.0 +2 patch", next="2.0.1"
    ),
    "a marker and its release on one commit": case("o v2.0.0-alpha v2.0.0 o", "", "2.0.1-1.g{sha}", "v2.0.0 +1 patch"),
    "a newer marker goes before an older": case(
        "o v1.0.0 o v2.0.0-alpha o v3.0.0-alpha o", "", "3.0.0-1.g{sha}", "v3.0.0-alpha +1 marker"
    ),
    "of two markers on one commit the higher": case(
        "o v1.0.0 o v2.0.0-alpha v3.0.0-alpha o", "", "3.0.0-1.g{sha}", "v3.0.0-alpha +1 marker"
    ),
    "a marker in a history without a release": case("o v1.0.0-alpha o", "", "1.0.0-1.g{sha}", "v1.0.0-alpha +1 marker"),
    "a marker on a branch": case(
        "o v1.0.0 o v2.0.0-alpha o @topic", "", "2.0.0-topic.1.g{sha}", "v2.0.0-alpha +1 marker"
    ),
    "the highest may be a marker": case(
        "o v2.0.0-alpha o v1.0.0 o", "pick: highest", "2.0.0-2.g{sha}", "v2.0.0-alpha +2 marker", next="2.0.0"
    ),
    "a highest that was released is no marker any more": case(
        "o v2.0.0-alpha o v2.0.0 o v1.0.0 o", "pick: highest", "2.0.1-2.g{sha}", "v2.0.0 +2 patch"
    ),
    "axion: a marker by another name": case(
        "o v1.0.0 o v2.0.0-next o", "nextMarker: next", "2.0.0-1.g{sha}", "v2.0.0-next +1 marker", next="2.0.0"
    ),
    "with another name alpha is a pre-release": case(
        "o v2.0.0-alpha", "nextMarker: next", "2.0.0-alpha", "v2.0.0-alpha +0 patch", next="2.0.0"
    ),
    "without markers alpha is a pre-release": case(
        "o v2.0.0-alpha", "nextMarker: ''", "2.0.0-alpha", "v2.0.0-alpha +0 patch"
    ),
    "alpha.1 is a pre-release and no marker": case("o v2.0.0-alpha.1", "", "2.0.0-alpha.1", "v2.0.0-alpha.1 +0 patch"),
    "a marker of an old prefix": case(
        "o old-2.0.0-alpha o", "fallbackPrefixes: [old-]", "2.0.0-1.g{sha}", "old-2.0.0-alpha +1 marker"
    ),
}

WISHES: Cases = {
    "axion: a version that is forced": case(
        "o v1.2.3 o", "", "3.0.0-1.g{sha}", "v1.2.3 +1 asked", wish=Wish(version="3.0.0"), next="3.0.0"
    ),
    "axion: forced, as Maven spells it": case(
        "o v1.2.3 o", "snapshot: maven", "3.0.0-SNAPSHOT", "v1.2.3 +1 asked", wish=Wish(version="3.0.0")
    ),
    "forced on a tag: no longer the tag's": case(
        "o v1.2.3", "", "3.0.0-0.g{sha}", "v1.2.3 +0 asked", wish=Wish(version="3.0.0")
    ),
    "forced to what the tag says": case("o v1.2.3", "", "1.2.3", "v1.2.3 +0 patch", wish=Wish(version="1.2.3")),
    "forced without a tag": case("o", "", "3.0.0-1.g{sha}", "- +1 asked", wish=Wish(version="3.0.0")),
    "forced over a marker": case(
        "o v2.0.0-alpha o", "", "1.5.0-1.g{sha}", "v2.0.0-alpha +1 asked", wish=Wish(version="1.5.0")
    ),
    "a candidate that is forced": case(
        "o v1.2.3 o", "", "1.3.0-1.g{sha}", "v1.2.3 +1 asked", wish=Wish(version="1.3.0-rc.1"), next="1.3.0-rc.1"
    ),
    "axion: a snapshot that is forced on a tag": case(
        "o v1.2.3", "", "1.2.4-0.g{sha}", "v1.2.3 +0 patch", wish=Wish(snapshot=True)
    ),
    "a forced snapshot off a tag is what it was": case(
        "o v1.2.3 o", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", wish=Wish(snapshot=True)
    ),
    "axion: another increment, this once": case(
        "o v1.2.3 o", "", "2.0.0-1.g{sha}", "v1.2.3 +1 major", wish=Wish(increment="major"), rule_from="--increment"
    ),
    "this once goes before a branch's rule": case(
        "o v1.2.3 o @release/1", _BRANCHES, "2.0.0-release-1.1.g{sha}", "v1.2.3 +1 major", wish=Wish(increment="major")
    ),
    "this once goes before a marker": case(
        "o v1.0.0 o v2.0.0-alpha o", "", "3.0.0-1.g{sha}", "v2.0.0-alpha +1 major", wish=Wish(increment="major")
    ),
}
