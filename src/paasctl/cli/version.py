"""`paasctl version`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from paasctl.cli.options import Settings, one


class Increment(StrEnum):
    """As in `version.increment`."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    MINOR_IF_NOT_ON_RELEASE = "minorIfNotOnRelease"
    PRERELEASE = "prerelease"


def version(
    settings: Settings,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say why it is that one.")] = False,
    next: Annotated[bool, typer.Option("--next", help="The release that comes after it.")] = False,  # noqa: A002 - the option's name
    snapshot: Annotated[bool, typer.Option("--snapshot", help="A snapshot, even on a tag.")] = False,
    force: Annotated[str, typer.Option("--force", metavar="VERSION", help="As if that were the next release.")] = "",
    increment: Annotated[
        Increment | None, typer.Option("--increment", help="What comes next, whatever paas.yaml says.")
    ] = None,
    branch: Annotated[str, typer.Option("--branch", metavar="NAME", help="As if that were the branch.")] = "",
) -> int:
    """Print the version of this commit: its tag's, or a snapshot's between two releases.

    Examples:

      paasctl version --explain

      docker build -t "shop:$(paasctl version -q)" .
    """
    from paasctl.cli.session import Session
    from paasctl.model.version import Wish
    from paasctl.verbs.version import AskVersion

    wish = Wish(version=force, increment=increment.value if increment else "", snapshot=snapshot)
    asked = AskVersion(explain=explain, next=next, branch=branch, wish=wish)
    return Session(settings, "version").ask(asked)


app = one(version)
