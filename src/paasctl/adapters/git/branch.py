"""The branch that the caller or a CI system names (failure row V2), and who that was. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

OVERRIDE = "PAASCTL_BRANCH"
"""Names the branch whatever is checked out."""
_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TF_BUILD")


def told_branch(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The branch that the caller says it is, and who says so; it goes before what is checked out."""
    name = _cleaned(environ.get(OVERRIDE, ""))
    return (name, f"--branch or {OVERRIDE}") if name else None


def branch_from_ci(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The branch that a CI system's variables name, and whose and which; None where none does.

    A pull request's own branch goes before the branch it was merged into for the test.
    """
    for system, variable in _variables(environ):
        if name := _cleaned(environ.get(variable, "")):
            return name, f"{system}, {variable}"
    return None


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether a CI system runs this."""
    return any(environ.get(it, "") not in ("", "0", "false") for it in _CI)


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that name a branch where they are set, best first. The run of a tag has none, whatever they say."""
    yield "GitHub", "GITHUB_HEAD_REF"
    if environ.get("GITHUB_REF_TYPE") == "branch":
        yield "GitHub", "GITHUB_REF_NAME"
    yield "GitLab", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"
    yield "GitLab", "CI_COMMIT_BRANCH"
    yield "Jenkins", "CHANGE_BRANCH"  # BRANCH_NAME is then PR-12
    if not environ.get("TAG_NAME"):  # the tag of a multibranch job; BRANCH_NAME is that, too
        yield "Jenkins", "BRANCH_NAME"
        yield "Jenkins", "GIT_BRANCH"  # its git plugin
    if not environ.get("BUILDKITE_TAG"):
        yield "Buildkite", "BUILDKITE_BRANCH"
    yield "CircleCI", "CIRCLE_BRANCH"
    yield "Azure", "SYSTEM_PULLREQUEST_SOURCEBRANCH"
    yield "Azure", "BUILD_SOURCEBRANCH"
    yield "Bitbucket", "BITBUCKET_BRANCH"


def _cleaned(name: str) -> str:
    """`refs/heads/main` is main, as `origin/main` is; another kind of ref is no branch."""
    branch = name.strip().removeprefix("refs/heads/").removeprefix("origin/")
    return "" if branch.startswith("refs/") or branch in ("HEAD", "detached") else branch
