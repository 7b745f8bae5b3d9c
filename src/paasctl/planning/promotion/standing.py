"""Whether a release may be deployed and promoted at all: the newest word on it counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.errors import Refused
from paasctl.model.promoting import Statement
from paasctl.model.release import Release
from paasctl.planning.versions.spelling import image_tag

REJECTED = "release-rejected"
OTHER_APP = "other-app"


def rejection(statements: Iterable[Statement]) -> Statement | None:
    """The rejection in force; None: there is none, or it was taken back later. Said at one time it stays in force."""
    newest = last_word(statements)
    return newest if newest and newest.word == "rejected" else None


def last_word(statements: Iterable[Statement]) -> Statement | None:
    """The newest rejection or taking back; of two at one time the rejection."""
    words = [it for it in statements if it.word in ("rejected", "accepted")]
    return max(words, key=lambda it: (it.at, it.word == "rejected"), default=None)


def check_is_called(release: Release, app: str, version: str, head: str) -> None:
    """`Refused` where what lies under a version's name is another release: a gate's yes is to one, by its digest."""
    if release.app != app or image_tag(release.version) != image_tag(version):
        raise Refused(
            f"{head}: what lies under that name is {release.app} {release.version}",
            hint=f"go to that project's folder: {release.app} lies in this repository, too"
            if release.app != app
            else "somebody has moved the tag: paasctl releases   shows what each is",
            code=OTHER_APP if release.app != app else "release-misnamed",
        )


def check_not_rejected(statements: Iterable[Statement], version: str, head: str) -> None:
    """`Refused` where a rejection is in force. `head`: what is about to be done."""
    if found := rejection(statements):
        why = f": {found.why}" if found.why else ""
        raise Refused(
            f"{head}: {found.by} rejected {version} on {found.when}{why}",
            hint=f"take another version, or paasctl unreject {version} --reason WHY",
            code=REJECTED,
        )
