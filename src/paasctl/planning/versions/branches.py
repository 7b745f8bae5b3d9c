"""What `version:` says of a branch."""

from __future__ import annotations

import re
from collections.abc import Callable

from paasctl.errors import ConfigError
from paasctl.model.config import BranchRule, Versioning

MAIN = ("main", "master")
"""Branches whose name no version needs."""


def rule_for(branch: str | None, rules: Versioning, speaks: Callable[[BranchRule], bool]) -> BranchRule | None:
    """The first rule for the branch that says something on the matter."""
    matching = (it for it in rules.branches if branch is not None and matches(it.pattern, branch))
    return next(filter(speaks, matching), None)


def matches(pattern: str, branch: str) -> bool:
    """Whether the regular expression fits the whole name; `ConfigError` where it is none."""
    try:
        return re.fullmatch(pattern, branch) is not None
    except re.error as error:
        raise ConfigError(
            f"matching branch {branch} with {pattern!r}: not a regular expression ({error})",
            hint="mend version.branches, version.releaseBranches or version.releaseFrom",
        ) from error
