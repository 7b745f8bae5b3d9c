"""A release: the immutable thing that is recorded, promoted and deployed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from paasctl.model.image import Pinned, Repository
from paasctl.values import dataclass

NOTHING: Mapping[str, Pinned] = MappingProxyType({})
RECORD_FORMAT = 1
RECORD_TYPE = "application/vnd.paasctl.release.v1+json"
"""`artifactType` of the record's OCI manifest."""

OUTSIDE = "outside"
"""Below a record's repository: where copies of images lie that the release does not make."""
_OTHER = re.compile(r"[^a-z0-9.]+")


def beside(repository: Repository, image: Repository) -> Repository:
    """Where the copy of an outside image lies beside a record: `{repository}/outside/docker.io-library-redis`.

    Two images may share a name there, since only digests are asked for.
    """
    flat = _OTHER.sub("-", f"{image.host}/{image.path}".lower()).strip("-.")
    return repository.child(f"{OUTSIDE}/{flat}")


def outside_name(pinned: Pinned) -> str:
    """What a copy is called among the parts of its release: `outside/docker.io-library-redis`."""
    return "/".join(pinned.repository.path.split("/")[-2:])


def outside_tag(pinned: Pinned) -> str:
    """What names a copy, so that no registry takes it for left over: its digest. Releases may share it."""
    return pinned.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `release` recorded beside the images (architecture 3.9)."""

    app: str
    version: str
    commit: str
    created: int
    """Commit time, seconds since the epoch: the same release has the same bytes wherever it is made."""
    images: Mapping[str, Pinned]
    """Name in `images` -> the image, in the registry the record was read from."""
    bases: Mapping[str, str]
    """Name in `images` -> digest of the base it was built on, where known (failure row B4)."""
    subjects: tuple[str, ...]
    """Subjects of the commits since the release before, newest first."""
    author: str = ""
    """Who made it, as the tagger of its git tag: `Anna <anna@shop.example>`; empty where no tag says so."""
    changelog: str = ""
    """What it brings, in Markdown, from those commits."""
    outside: Mapping[str, Pinned] = NOTHING
    """Images that it runs and does not make, sidecars and those of the project's own manifests: as they are written
    there -> where they are to be had, as seen from the registry the record was read from."""
    files: Mapping[str, bytes]
    """`paas.yaml`, templates, pods, manifests and config files of its time, by path relative to `paas.yaml`."""
    snapshot: bool = False
    """Built from a checkout, perhaps a dirty one: never promotable (decision 5)."""
