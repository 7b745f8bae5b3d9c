"""The branch of a detached HEAD, from what the CI system says (failure row V2). Pure."""

from __future__ import annotations

from collections.abc import Mapping


def branch_from_ci(environ: Mapping[str, str]) -> str | None:
    """The branch that a CI system's variables name; None where none does.

    A pull request's own branch goes before the branch it was merged into for the test.
    """
    return next(filter(None, (_cleaned(name) for name in _candidates(environ))), None)


def _candidates(environ: Mapping[str, str]) -> tuple[str, ...]:
    def on(name: str, wanted: str) -> str:
        return environ.get(name, wanted)

    return (
        on("GITHUB_HEAD_REF", ""),
        on("GITHUB_REF_NAME", "") if environ.get("GITHUB_REF_TYPE") == "branch" else "",
        on("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
        on("CI_COMMIT_BRANCH", ""),
        on("CHANGE_BRANCH", ""),  # Jenkins: BRANCH_NAME is then PR-12
        on("BRANCH_NAME", ""),
        on("GIT_BRANCH", "").removeprefix("origin/"),  # Jenkins' git plugin
        on("BUILDKITE_BRANCH", ""),
        on("CIRCLE_BRANCH", ""),
        on("SYSTEM_PULLREQUEST_SOURCEBRANCH", ""),  # Azure
        on("BUILD_SOURCEBRANCH", ""),
        on("BITBUCKET_BRANCH", ""),
    )


def _cleaned(name: str) -> str:
    """`refs/heads/main` is main; another kind of ref is no branch."""
    branch = name.strip().removeprefix("refs/heads/")
    return "" if branch.startswith("refs/") or branch == "HEAD" else branch
