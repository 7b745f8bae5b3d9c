"""Whose age must still be found out: what stands for itself and tells no date, alone or with its version."""

from __future__ import annotations

from collections.abc import Mapping

from paasctl.model.cleanup import Held
from paasctl.model.image import Pinned
from paasctl.planning.cleanup.facts import is_version_tag, subjects_of, versions_of
from paasctl.planning.cleanup.marking import created_of


def undated(held: Mapping[Pinned, Held]) -> tuple[Pinned, ...]:
    """A release's images have the date of its record, so that there are few of these."""
    parts = {Pinned(at.repository, child) for at, it in held.items() for child in it.children}
    dated = {name for name, them in versions_of(held.values()).items() if created_of(them) is not None}
    return tuple(
        at
        for at, it in held.items()
        if it.what in ("image", "index")
        and it.created is None
        and at not in parts
        and not subjects_of(it)
        and not any(tag in dated for tag in it.tags if is_version_tag(tag))
    )
