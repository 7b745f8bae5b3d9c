"""From one version to the next: the algebra of `version.increment`."""

from __future__ import annotations

import re

from paasctl.model.config import Versioning
from paasctl.model.version import Version
from paasctl.planning.versions.branches import matches

_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def incremented(version: Version, increment: str, branch: str | None, rules: Versioning) -> Version:
    """One step on. What a pre-release leads up to counts as that step: 1.3.0-rc.1 becomes 1.3.0, not 1.3.1."""
    if increment == "minorIfNotOnRelease":
        increment = "patch" if branch is not None and matches(rules.release_branches, branch) else "minor"
    led_to = version.core
    match increment:
        case "prerelease":
            return _next_prerelease(version, rules.first_prerelease)
        case "major":
            return led_to if version.pre and not (led_to.minor or led_to.patch) else Version(version.major + 1, 0, 0)
        case "minor":
            reached = version.pre and not led_to.patch
            return led_to if reached else Version(version.major, version.minor + 1, 0)
        case _:
            return led_to if version.pre else Version(version.major, version.minor, version.patch + 1)


def _next_prerelease(version: Version, first: str) -> Version:
    """rc.1 becomes rc.2, rc1 becomes rc2, beta becomes beta.1; after a release comes the next patch's `first`."""
    if not version.pre:
        return Version(version.major, version.minor, version.patch + 1, first)
    counted = _LAST_NUMBER.sub(lambda found: str(int(found[0]) + 1), version.pre, count=1)
    return Version(version.major, version.minor, version.patch, counted if counted != version.pre else f"{counted}.1")
