"""Which tag counts: on a tag, off a tag, prefixes, nearest and highest, merged lines."""

from __future__ import annotations

from versions.case import Cases, case

ON_A_TAG: Cases = {
    "a light tag names its commit": case("o ~v1.2.3", "", "1.2.3", "v1.2.3 +0 patch", next="1.2.4"),
    "an annotated tag names its commit": case("o *v1.2.3", "", "1.2.3", "v1.2.3 +0 patch", next="1.2.4"),
    "a tag checkout is the tag's version, not 1.2.0-v1.2.0": case(
        "o v1.2.0 > o o @-", "", "1.2.0", "v1.2.0 +0 patch", branch="", branch_from=""
    ),
    "a tag checkout in Jenkins, which calls the tag a branch": case(
        "o v1.2.0 @-",
        "",
        "1.2.0",
        "v1.2.0 +0 patch",
        environ={"TAG_NAME": "v1.2.0", "BRANCH_NAME": "v1.2.0"},
        branch="",
    ),
    "a tag checkout on GitHub": case(
        "o v1.2.0 @-",
        "",
        "1.2.0",
        "v1.2.0 +0 patch",
        environ={"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2.0"},
        branch="",
    ),
    "a tag names its commit on any branch": case("o v1.2.3 @feature/x", "", "1.2.3", "v1.2.3 +0 patch"),
    "a candidate's tag names its commit": case("o v1.3.0-rc.1", "", "1.3.0-rc.1", "v1.3.0-rc.1 +0 patch", next="1.3.0"),
    "several tags on one commit: the highest": case("o v1.2.3 v1.10.0 v1.9.0", "", "1.10.0", "v1.10.0 +0 patch"),
    "a release outranks its candidate on one commit": case("o v1.2.0-rc.2 v1.2.0", "", "1.2.0", "v1.2.0 +0 patch"),
    "light and annotated on one commit: the higher": case("o *v1.2.3 ~v1.2.4", "", "1.2.4", "v1.2.4 +0 patch"),
    "dirt on a tag is no longer the tag's version": case(
        "o v1.2.3 !", "", "1.2.4-0.g{sha}.dirty.h{tree}", "v1.2.3 +0 patch"
    ),
    "the tagged merge itself": case("o v1.0.0 ( o | o ) v1.1.0", "", "1.1.0", "v1.1.0 +0 patch"),
}

OFF_A_TAG: Cases = {
    "one commit later": case("o v1.2.3 o", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", back=1, next="1.2.4"),
    "twelve commits later": case("o v1.2.3" + 12 * " o", "", "1.2.4-12.g{sha}", "v1.2.3 +12 patch"),
    "six hundred commits later": case("o v1.2.3" + 600 * " o", "", "1.2.4-600.g{sha}", "v1.2.3 +600 patch"),
    "three thousand commits and two tags": case(
        "o v1.0.0" + 1500 * " o" + " v1.1.0" + 1500 * " o", "", "1.1.1-1500.g{sha}", "v1.1.0 +1500 patch"
    ),
    "the nearest tag counts, not the highest": case(
        "o v2.0.0 o v1.2.3 o", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", next="1.2.4"
    ),
    "the highest counts where that is the rule": case(
        "o v2.0.0 o v1.2.3 o", "pick: highest", "2.0.1-2.g{sha}", "v2.0.0 +2 patch", next="2.0.1"
    ),
    "the highest counts even on a lower tag": case(
        "o v2.0.0 o v1.2.3", "pick: highest", "2.0.1-1.g{sha}", "v2.0.0 +1 patch"
    ),
    "on the highest tag": case("o v1.2.3 o v2.0.0", "pick: highest", "2.0.0", "v2.0.0 +0 patch"),
    "the highest of another line that was not merged": case(
        "o v1.0.0 ( o v9.9.9 | o /", "pick: highest", "1.0.1-1.g{sha}", "v1.0.0 +1 patch"
    ),
    "words that begin like a tag are none": case(
        "o v1.2.3 o vacation v1.2 v01.2.3 v1.2.3.4 v1.2.3+x o", "", "1.2.4-2.g{sha}", "v1.2.3 +2 patch"
    ),
    "no tag in the whole history": case("o o o", "", "0.1.0-3.g{sha}", "- +3 first", next="0.1.0", back=3),
    "no tag, and another first version": case("o o", "first: 0.0.1", "0.0.1-2.g{sha}", "- +2 first", next="0.0.1"),
    "no tag with our prefix": case("o web-1.0.0 o", "", "0.1.0-2.g{sha}", "- +2 first"),
    "no tag: the increment has nothing to go on": case("o", "increment: major", "0.1.0-1.g{sha}", "- +1 first"),
    "no tag, dirty": case("o !", "", "0.1.0-1.g{sha}.dirty.h{tree}", "- +1 first"),
    "a tag on what HEAD has not": case("o v1.0.0 o > o v1.1.0", "", "1.0.1-1.g{sha}", "v1.0.0 +1 patch"),
    "dirt off a tag": case("o v1.2.3 o !", "", "1.2.4-1.g{sha}.dirty.h{tree}", "v1.2.3 +1 patch"),
}

PREFIXES: Cases = {
    "another prefix": case("o web-1.2.3 o v9.9.9 o", "tagPrefix: web-", "1.2.4-2.g{sha}", "web-1.2.3 +2 patch"),
    "no prefix at all": case("o 1.2.3 o", 'tagPrefix: ""', "1.2.4-1.g{sha}", "1.2.3 +1 patch"),
    "no prefix: v1.9.0 is no version": case("o 1.2.3 o v1.9.0", 'tagPrefix: ""', "1.2.4-1.g{sha}", "1.2.3 +1 patch"),
    "a prefix with a slash": case(
        "o release/1.2.3 o", "tagPrefix: release/", "1.2.4-1.g{sha}", "release/1.2.3 +1 patch"
    ),
    "axion: prefix and separator": case(
        "o my-service-0.2.0 o",
        "tagPrefix: my-service, tagSeparator: '-'",
        "0.2.1-1.g{sha}",
        "my-service-0.2.0 +1 patch",
    ),
    "a separator that is not there is no tag of ours": case(
        "o v1.0.0 o v2.0.0 o", "tagPrefix: v1, tagSeparator: '-'", "0.1.0-3.g{sha}", "- +3 first"
    ),
    "axion: without a prefix the separator is not there": case(
        "o 0.2.0", "tagPrefix: '', tagSeparator: '-'", "0.2.0", "0.2.0 +0 patch"
    ),
    "axion: a tag of an old prefix still counts": case(
        "o release-1.0.0 o", "fallbackPrefixes: [release-]", "1.0.1-1.g{sha}", "release-1.0.0 +1 patch"
    ),
    "a new tag goes before an old one that is farther": case(
        "o release-9.0.0 o v1.0.0 o", "fallbackPrefixes: [release-]", "1.0.1-1.g{sha}", "v1.0.0 +1 patch"
    ),
    "an old prefix that is nearer counts": case(
        "o v1.0.0 o release-1.5.0 o", "fallbackPrefixes: [release-]", "1.5.1-1.g{sha}", "release-1.5.0 +1 patch"
    ),
    "of several old prefixes the nearest": case(
        "o a-1.0.0 o b-2.0.0 o", "fallbackPrefixes: [a-, b-]", "2.0.1-1.g{sha}", "b-2.0.0 +1 patch"
    ),
    "an old prefix that was none": case("o 1.0.0 o", "fallbackPrefixes: ['']", "1.0.1-1.g{sha}", "1.0.0 +1 patch"),
    "old prefixes have the separator, too": case(
        "o old-1.0.0 o",
        "tagPrefix: new, tagSeparator: '-', fallbackPrefixes: [old]",
        "1.0.1-1.g{sha}",
        "old-1.0.0 +1 patch",
    ),
    "axion: a prefix of the branch": case(
        "o v2.0.0 o legacy-1.4.0 o @legacy/one",
        "branches: {'legacy/.*': {tagPrefix: legacy-}}",
        "1.4.1-legacy-one.1.g{sha}",
        "legacy-1.4.0 +1 patch",
    ),
    "another branch has the general prefix": case(
        "o v2.0.0 o legacy-1.4.0 o",
        "branches: {'legacy/.*': {tagPrefix: legacy-}}",
        "2.0.1-2.g{sha}",
        "v2.0.0 +2 patch",
    ),
    "a branch without a prefix": case(
        "o v2.0.0 o 1.4.0 @bare", "branches: {bare: {tagPrefix: ''}}", "1.4.0", "1.4.0 +0 patch"
    ),
    "the branch that CI names has its prefix": case(
        "o v2.0.0 o legacy-1.4.0 @-",
        "branches: {'legacy/.*': {tagPrefix: legacy-}}",
        "1.4.0",
        "legacy-1.4.0 +0 patch",
        environ={"CI_COMMIT_BRANCH": "legacy/two"},
    ),
}

MERGED: Cases = {
    "a tag on a merged line counts": case("o v1.0.0 ( o v1.1.0 o | o )", "", "1.1.1-3.g{sha}", "v1.1.0 +3 patch"),
    "a tag on the merged line, the tip": case("o v1.0.0 ( o o v1.1.0 | o )", "", "1.1.1-2.g{sha}", "v1.1.0 +2 patch"),
    "the nearer of two lines": case("o ( o v1.1.0 o | o o v1.0.1 )", "", "1.0.2-3.g{sha}", "v1.0.1 +3 patch"),
    "of two as near the higher": case("o ( o v1.5.0 | o v1.4.0 )", "", "1.5.1-2.g{sha}", "v1.5.0 +2 patch"),
    "the highest of two lines": case(
        "o ( o v1.1.0 o | o o v1.0.1 )", "pick: highest", "1.1.1-4.g{sha}", "v1.1.0 +4 patch"
    ),
    "a line that was not merged does not count": case(
        "o v1.0.0 ( o v9.9.9 | o /", "", "1.0.1-1.g{sha}", "v1.0.0 +1 patch"
    ),
    "a hotfix merged back": case("o v1.2.0 ( o v1.2.1 | o o ) o", "", "1.2.2-4.g{sha}", "v1.2.1 +4 patch"),
    "a merge in a merge": case("o v1.0.0 ( o ( o v1.1.0 | o ) | o ) o", "", "1.1.1-5.g{sha}", "v1.1.0 +5 patch"),
    "three lines merged at once": case("o v1.0.0 ( o v1.1.0 | o v1.2.0 | o )", "", "1.2.1-3.g{sha}", "v1.2.0 +3 patch"),
    "two histories without a common root": case("( o v1.0.0 | o o ) o", "", "1.0.1-4.g{sha}", "v1.0.0 +4 patch"),
    "commits of both lines count": case("o v1.0.0 ( o o | o o )", "", "1.0.1-5.g{sha}", "v1.0.0 +5 patch"),
    "a clock a day behind changes nothing": case("o v1.0.0 o o< o v1.1.0 o", "", "1.1.1-1.g{sha}", "v1.1.0 +1 patch"),
    "a tag that is younger than its children": case(
        "o v1.0.0 o o< v1.1.0 o< o<", "", "1.1.1-2.g{sha}", "v1.1.0 +2 patch"
    ),
    "a wrong clock on a merged line": case(
        "o v1.0.0 ( o< v1.1.0 o | o o< o ) o", "", "1.1.1-6.g{sha}", "v1.1.0 +6 patch"
    ),
    "a long line that is still open when a tag is met": case(
        "o v1.0.0 ( o v1.1.0 |" + 700 * " o" + " )", "", "1.1.1-701.g{sha}", "v1.1.0 +701 patch"
    ),
}
