"""A release: the immutable thing that is recorded, promoted and deployed."""

from __future__ import annotations

from collections.abc import Mapping

from paasctl.model.image import Pinned
from paasctl.values import dataclass

RECORD_FORMAT = 1
RECORD_TYPE = "application/vnd.paasctl.release.v1+json"
"""`artifactType` of the record's OCI manifest."""


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
    outside: tuple[Pinned, ...] = ()
    """Images that it runs and does not make: sidecars, and those of the project's own manifests."""
    files: Mapping[str, bytes]
    """`paas.yaml`, templates, pods, manifests and config files of its time, by path relative to `paas.yaml`."""
    snapshot: bool = False
    """Built from a checkout, perhaps a dirty one: never promotable (decision 5)."""
