"""What is known of a release that is to be made."""

from __future__ import annotations

from typing import Literal

from paasctl.model.config import Image
from paasctl.model.image import Pinned, Repository
from paasctl.model.release import Release
from paasctl.model.version import Named
from paasctl.planning.release.changelog import Changelog
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """One image of the release, and what its repository says of the version's tag."""

    image: Image
    repository: Repository
    """Where it is pushed."""
    tagged: Pinned | None = None
    """What `repository:version` is now; None: proved absent."""
    tagged_revision: str = ""
    """The commit that this image says it was built from; "" where it does not say."""
    given: Pinned | None = None
    """`--image NAME=REF@sha256:…`: built elsewhere, recorded as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """What is to be released, and how much of it is there."""

    app: str
    named: Named
    commit: str
    committed: int
    """Commit time, seconds since the epoch."""
    repository: Repository
    """Where the record goes."""
    images: tuple[ImageFacts, ...]
    subjects: tuple[str, ...] = ()
    outside: tuple[tuple[str, Pinned], ...] = ()
    """Images that it runs and does not make: as they are written, and pinned."""
    hooks: tuple[tuple[Literal["test", "scan"], str, str], ...] = ()
    """What runs between build and tag: which it is, the command line, its place in `paas.yaml`."""
    changes: Changelog = Changelog()
    """What it brings."""
    changelog: tuple[str, bytes | None] | None = None
    """File that it is written into, too, and what is in there now; None: it is not there."""
    files: tuple[tuple[str, bytes], ...] = ()
    remote: str | None = None
    local_tag: str | None = None
    """The commit that the tag points to here; None: proved absent."""
    remote_tag: str | None = None
    """The same at the remote."""
    record: Pinned | None = None
    """Digest of the record, where it is there."""
    recorded: Release | None = None
    """The release record of this version; None: proved absent."""
    key: str = ""
    """File of the key that signs; "": nothing is signed."""
    unsigned: tuple[str, ...] = ()
    """Of what is recorded, what that key has not signed: names of images, "" for the record."""
    snapshot: bool = False
    """For `deploy --build`: no git tag, never promotable."""
