"""What a cleanup is decided on, and the versions that its manifests belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TypeVar

from paasctl.model.cleanup import SWEEP_TAG, Held, Mention
from paasctl.model.config import Keep
from paasctl.model.image import Pinned, Repository, digest_named
from paasctl.model.version import Version
from paasctl.values import dataclass

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupFacts:
    """All that lies in one registry of `paas.yaml`, and all that names some of it."""

    registry: str
    app: str
    repository: Repository
    keep: Keep
    now: float
    """Seconds since the epoch."""
    held: Mapping[Pinned, Held] = field(hash=False)
    mentions: tuple[Mention, ...] = ()
    noted: frozenset[Pinned] = frozenset()
    """What notes of earlier cleanups name: it was judged before."""
    looked: tuple[tuple[str, int], ...] = ()
    """(what was read for roots, how many names it gave)."""


def is_version_tag(tag: str) -> bool:
    """Whether a tag is a version's."""
    return Version.is_spelled(tag)


def is_other_tag(tag: str) -> bool:
    """Whether a tag is of nobody's making whom we know: no version, no companion, no note of ours."""
    return not (is_version_tag(tag) or digest_named(tag) or tag.startswith(SWEEP_TAG))


def versions_of(held: Iterable[Held]) -> Mapping[str, tuple[Held, ...]]:
    """What has each version's tag, in all repositories of the tree."""
    found: dict[str, list[Held]] = {}
    for it in held:
        for tag in it.tags:
            if is_version_tag(tag):
                found.setdefault(tag, []).append(it)
    return {tag: tuple(them) for tag, them in found.items()}


@dataclass(frozen=True, slots=True)
class Links:
    """Who leads to whom, both ways. Made once; every question is answered without a search."""

    held: Mapping[Pinned, Held]
    vouchers: Mapping[Pinned, tuple[Pinned, ...]]
    parents: Mapping[Pinned, tuple[Pinned, ...]]
    by_digest: Mapping[str, tuple[Pinned, ...]]
    by_tag: Mapping[tuple[str, str], Pinned]
    """(path, tag) -> what has it."""

    def leads_to(self, at: Pinned) -> Iterable[tuple[str, Pinned]]:
        """(what it is to it, what must stay where this does); those that are not there are left out."""
        it = self.held[at]
        found = [("part of", Pinned(at.repository, child)) for child in it.children]
        found += [("image of", image) for image in it.images]
        found += [("needed by", needed) for digest in it.needs for needed in self.by_digest.get(digest, ())]
        found += [("vouches for", voucher) for voucher in self.vouchers.get(at, ())]
        return [(link, goal) for link, goal in found if goal in self.held]


def links_of(held: Mapping[Pinned, Held]) -> Links:
    """In one pass."""
    vouchers: dict[Pinned, list[Pinned]] = {}
    parents: dict[Pinned, list[Pinned]] = {}
    by_digest: dict[str, list[Pinned]] = {}
    by_tag: dict[tuple[str, str], Pinned] = {}
    for at, it in held.items():
        by_digest.setdefault(at.digest, []).append(at)
        for subject in subjects_of(it):
            vouchers.setdefault(Pinned(at.repository, subject), []).append(at)
        for child in it.children:
            parents.setdefault(Pinned(at.repository, child), []).append(at)
        by_tag |= {(at.repository.path, tag): at for tag in it.tags}
    return Links(held, _tuples(vouchers), _tuples(parents), _tuples(by_digest), by_tag)


def subjects_of(it: Held) -> frozenset[str]:
    """Digests of what a manifest vouches for: by its `subject`, and by tags that carry a digest's name."""
    return frozenset({it.subject, *map(digest_named, it.tags)} - {""})


def _tuples(lists: Mapping[_Key, list[Pinned]]) -> Mapping[_Key, tuple[Pinned, ...]]:
    return {key: tuple(them) for key, them in lists.items()}
