"""What a promotion brings: the release beside the highest lower one that is at the goal, read from their records."""

from __future__ import annotations

from dataclasses import replace

from paasctl.config.words import is_sensitive
from paasctl.errors import Cancelled, PaasError, TimedOut
from paasctl.model.image import Repository
from paasctl.model.promoting import Brings
from paasctl.model.release import Release
from paasctl.planning.promotion.brings import between, since, what_it_brings
from paasctl.verbs.promotion.look import Look
from paasctl.verbs.reading import recorded

_MOST = 20
"""Releases between the two of which commits are read."""


def brings(look: Look, release: Release, earlier: tuple[str, ...]) -> Brings:
    """`earlier` versions go before it in the same run. What can't be found out stops no promotion: it is said."""
    try:
        return _brings(look, release, earlier)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return Brings(since="", unknown=error.message)


def _brings(look: Look, release: Release, earlier: tuple[str, ...]) -> Brings:
    origin, goal = look.way.origin.repository, look.way.goal.repository
    before = since(release.version, (*_tags(look, goal), *earlier))
    old = _recorded(look, before, goal, origin) if before else None
    skipped = between(release.version, before, look.origin.tags(origin))[:_MOST] if before else ()
    found = (recorded(look.reads, origin, it) for it in skipped)
    made = what_it_brings(release, old, [it for it in found if it and not it.snapshot], is_secret=is_sensitive)
    return replace(made, alone=bool(look.file and before))


def _recorded(look: Look, version: str, *where: Repository) -> Release | None:
    """The record, wherever it is first found: at the goal, or where it is on its way from."""
    return next((found for it in where if (found := recorded(look.reads, it, version))), None)


def _tags(look: Look, repository: Repository) -> tuple[str, ...]:
    return look.reads.registry(repository.host).tags(repository)
