"""Branches: how they decorate, who names them, how they are spelled; Maven's way; projects of a monorepo."""

from __future__ import annotations

from versions.case import Cases, case

_LONG = "feature/everything-we-ever-wanted-to-have"
_CUT = "feature-everything-we-ever-want-05e9fc5a"

DECORATION: Cases = {
    "axion: main is left out": case(
        "o v1.2.3 o", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", branch="main", branch_from="git"
    ),
    "axion: master is left out": case("o v1.2.3 o @master", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", branch="master"),
    "axion: detached is left out": case(
        "o v1.2.3 o @-", "", "1.2.4-1.g{sha}", "v1.2.3 +1 patch", branch="", branch_from=""
    ),
    "axion: a branch is named": case("o v1.2.3 o @topic", "", "1.2.4-topic.1.g{sha}", "v1.2.3 +1 patch", cut=()),
    "a rule names main": case(
        "o v1.2.3 o", "branches: {main: {decorate: branch}}", "1.2.4-main.1.g{sha}", "v1.2.3 +1 patch"
    ),
    "a rule leaves a branch out": case(
        "o v1.2.3 o @topic", "branches: {topic: {decorate: none}}", "1.2.4-1.g{sha}", "v1.2.3 +1 patch"
    ),
    "axion: simple leaves all branches out": case(
        "o v1.2.3 o @topic", "decorate: none", "1.2.4-1.g{sha}", "v1.2.3 +1 patch"
    ),
    "a rule goes before the general word": case(
        "o v1.2.3 o @topic",
        "decorate: none, branches: {topic: {decorate: branch}}",
        "1.2.4-topic.1.g{sha}",
        "v1.2.3 +1 patch",
    ),
    "the commit is named anyway": case("o v1.2.3 o @topic", "decorate: commit", "1.2.4-1.g{sha}", "v1.2.3 +1 patch"),
    "V8 a slash and an underscore": case(
        "o v1.2.3 o @feature/x_y.z",
        "",
        "1.2.4-feature-x-y-z.1.g{sha}",
        "v1.2.3 +1 patch",
        cut=("feature/x_y.z: feature-x-y-z",),
    ),
    "V8 a long branch is cut, with a hash": case(
        f"o v1.2.3 o @{_LONG}", "", f"1.2.4-{_CUT}.1.g{{sha}}", "v1.2.3 +1 patch", cut=(f"{_LONG}: {_CUT}",)
    ),
    "V8 a branch of digits never ranks as a number": case(
        "o v1.2.3 o @007", "", "1.2.4-b-007.1.g{sha}", "v1.2.3 +1 patch"
    ),
    "V8 a branch of other letters": case("o v1.2.3 o @日本", "", "1.2.4-xcf2abf0c.1.g{sha}", "v1.2.3 +1 patch"),
    "a branch called like a version": case("o v1.2.3 o @v9.9.9", "", "1.2.4-v9-9-9.1.g{sha}", "v1.2.3 +1 patch"),
    "dirt on a branch": case("o v1.2.3 o @fix !", "", "1.2.4-fix.1.g{sha}.dirty.h{tree}", "v1.2.3 +1 patch"),
    "a branch after a candidate": case("o v1.3.0-rc.1 o @fix", "", "1.3.0-rc.1.fix.1.g{sha}", "v1.3.0-rc.1 +1 patch"),
    "a branch on the way to a first candidate, which its name must not outrank": case(
        "o v1.2.3 o @topic",
        "increment: prerelease",
        "1.2.4-0.topic.1.g{sha}",
        "v1.2.3 +1 prerelease",
        next="1.2.4-rc.1",
    ),
    "no tag, on a branch": case("o o @topic", "", "0.1.0-topic.2.g{sha}", "- +2 first"),
}

MAVEN: Cases = {
    "axion: Maven on main": case("o v0.1.0 o", "snapshot: maven", "0.1.1-SNAPSHOT", "v0.1.0 +1 patch"),
    "axion: Maven on a branch": case(
        "o v0.1.0 o @my-awesome-feature", "snapshot: maven", "0.1.1-my-awesome-feature-SNAPSHOT", "v0.1.0 +1 patch"
    ),
    "axion: Maven on a tag": case("o v0.1.0", "snapshot: maven", "0.1.0", "v0.1.0 +0 patch"),
    "axion: Maven without a tag": case("o", "snapshot: maven", "0.1.0-SNAPSHOT", "- +1 first"),
    "axion: Maven with the commit": case(
        "o v0.1.0 o @topic", "snapshot: maven, decorate: commit", "0.1.1-{sha}-SNAPSHOT", "v0.1.0 +1 patch"
    ),
    "axion: Maven, nothing but the version": case(
        "o v0.1.0 o @topic", "snapshot: maven, decorate: none", "0.1.1-SNAPSHOT", "v0.1.0 +1 patch"
    ),
    "axion: another mark": case(
        "o v0.1.0 o", "snapshot: maven, snapshotMark: DEV", "0.1.1-DEV", "v0.1.0 +1 patch", next="0.1.1"
    ),
    "axion: the commit on one branch, by a rule": case(
        "o v0.1.0 o @topic",
        "snapshot: maven, branches: {topic: {decorate: commit}}",
        "0.1.1-{sha}-SNAPSHOT",
        "v0.1.0 +1 patch",
    ),
    "Maven towards a candidate": case(
        "o v0.1.0-rc1 o", "snapshot: maven, increment: prerelease", "0.1.0-rc2-SNAPSHOT", "v0.1.0-rc1 +1 prerelease"
    ),
}


def _ci(drawing: str, branch: str, by: str, **environ: str) -> Cases:
    word = f"{branch.replace('/', '-')}." if branch not in ("main", "") else ""
    told = case(
        drawing, "", f"1.2.4-{word}1.g{{sha}}", "v1.2.3 +1 patch", environ=environ, branch=branch, branch_from=by
    )
    return {f"V2 {by or 'nobody'}: {branch or 'no branch'} of {', '.join(environ)}": told}


_OFF = "o v1.2.3 o @-"
CI: Cases = {
    **_ci(_OFF, "main", "GitHub, GITHUB_REF_NAME", GITHUB_REF_TYPE="branch", GITHUB_REF_NAME="main"),
    **_ci(_OFF, "feature/x", "GitHub, GITHUB_HEAD_REF", GITHUB_HEAD_REF="feature/x", GITHUB_REF_NAME="12/merge"),
    **_ci(_OFF, "", "", GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v1.2.3"),
    **_ci(_OFF, "main", "GitLab, CI_COMMIT_BRANCH", CI_COMMIT_BRANCH="main"),
    **_ci(_OFF, "topic", "GitLab, CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", CI_MERGE_REQUEST_SOURCE_BRANCH_NAME="topic"),
    **_ci(_OFF, "topic", "Jenkins, CHANGE_BRANCH", CHANGE_BRANCH="topic", BRANCH_NAME="PR-12"),
    **_ci(_OFF, "main", "Jenkins, BRANCH_NAME", BRANCH_NAME="main", GIT_BRANCH="origin/other"),
    **_ci(_OFF, "feature/x", "Jenkins, GIT_BRANCH", GIT_BRANCH="origin/feature/x"),
    **_ci(_OFF, "", "", TAG_NAME="v1", BRANCH_NAME="v1"),
    **_ci(_OFF, "main", "Buildkite, BUILDKITE_BRANCH", BUILDKITE_BRANCH="main"),
    **_ci(_OFF, "", "", BUILDKITE_TAG="v1", BUILDKITE_BRANCH="v1"),
    **_ci(_OFF, "topic", "CircleCI, CIRCLE_BRANCH", CIRCLE_BRANCH="topic"),
    **_ci(_OFF, "feature/x", "Azure, BUILD_SOURCEBRANCH", BUILD_SOURCEBRANCH="refs/heads/feature/x"),
    **_ci(
        _OFF,
        "topic",
        "Azure, SYSTEM_PULLREQUEST_SOURCEBRANCH",
        SYSTEM_PULLREQUEST_SOURCEBRANCH="refs/heads/topic",
        BUILD_SOURCEBRANCH="refs/pull/7/merge",
    ),
    **_ci(_OFF, "", "", BUILD_SOURCEBRANCH="refs/tags/v1"),
    **_ci("o v1.2.3 o @topic", "topic", "git", CI_COMMIT_BRANCH="main"),
    **_ci("o v1.2.3 o @topic", "main", "--branch or PAASCTL_BRANCH", PAASCTL_BRANCH="main"),
    **_ci(_OFF, "fix", "--branch or PAASCTL_BRANCH", PAASCTL_BRANCH="fix", CI_COMMIT_BRANCH="main"),
}

_WEB = "tagPrefix: web-, paths: [/web]"
PROJECTS: Cases = {
    "each project of a monorepo has its tags": case(
        "o:web/a web-1.0.0 o:api/a api-3.0.0 o:web/a", _WEB, "1.0.1-1.g{sha}", "web-1.0.0 +1 patch", back=2
    ),
    "axion: a change of another project is none of ours": case(
        "o:web/a web-1.0.0 o:api/a o:api/a", _WEB, "1.0.0", "web-1.0.0 +0 patch", back=2, next="1.0.1"
    ),
    "only changes of ours count": case(
        "o:web/a web-1.0.0 o:api/a o:web/a o:api/a o:web/b", _WEB, "1.0.1-2.g{sha}", "web-1.0.0 +2 patch", back=4
    ),
    "a folder that begins alike is another": case("o:web/a web-1.0.0 o:website/a", _WEB, "1.0.0", "web-1.0.0 +0 patch"),
    "a library that is shared counts": case(
        "o:web/a web-1.0.0 o:lib/a", "tagPrefix: web-, paths: [/web, /lib]", "1.0.1-1.g{sha}", "web-1.0.0 +1 patch"
    ),
    "axion: the root without its projects": case(
        "o:a v1.0.0 o:web/a", "exclude: [/web]", "1.0.0", "v1.0.0 +0 patch", back=1
    ),
    "what is excluded of ours does not count": case(
        "o:web/a web-1.0.0 o:web/docs/x", f"{_WEB}, exclude: [/web/docs]", "1.0.0", "web-1.0.0 +0 patch"
    ),
    "paths are those of the folder we are in": case(
        "o:web/a v1.0.0 o:api/a", "paths: [web]", "1.0.0", "v1.0.0 +0 patch"
    ),
    "all of the folder": case("o:web/a v1.0.0 o:api/a", "paths: [.]", "1.0.1-1.g{sha}", "v1.0.0 +1 patch"),
    "a merge of another project's work": case(
        "o:web/a web-1.0.0 ( o:api/a o:api/b | o:lib/c )", _WEB, "1.0.0", "web-1.0.0 +0 patch", back=4
    ),
    "a merge of our work": case(
        "o:web/a web-1.0.0 ( o:web/a o:api/b | o:lib/c )", _WEB, "1.0.1-1.g{sha}", "web-1.0.0 +1 patch", back=4
    ),
    "a project without a tag": case("o:api/a o:web/a o:api/b", _WEB, "0.1.0-1.g{sha}", "- +1 first", back=3),
    "the nearest tag counts, changed or not": case(
        "o:web/a web-1.0.0 o:api/a web-1.1.0 o:api/a", _WEB, "1.1.0", "web-1.1.0 +0 patch", back=1
    ),
    "a marker of a project": case(
        "o:web/a web-1.0.0 o:api/a web-2.0.0-alpha o:api/a", _WEB, "2.0.0-0.g{sha}", "web-2.0.0-alpha +0 marker", back=1
    ),
    "an empty commit changes no project": case("o:web/a web-1.0.0 o", _WEB, "1.0.0", "web-1.0.0 +0 patch", back=1),
    "dirt elsewhere is none of ours": case("o:web/a web-1.0.0 !", _WEB, "1.0.0", "web-1.0.0 +0 patch"),
    "a wrong clock in a monorepo": case(
        "o:web/a web-1.0.0 o:api/a o< o:web/b", _WEB, "1.0.1-1.g{sha}", "web-1.0.0 +1 patch", back=3
    ),
}
