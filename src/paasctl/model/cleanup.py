"""What lies in a registry, why it stays, and the steps that have the rest gone."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from paasctl.model.image import Pinned, Repository
from paasctl.values import dataclass

SWEEP_TYPE = "application/vnd.paasctl.sweep.v1+json"
"""`artifactType` of the note of what a cleanup is about to delete."""
SWEEP_TAG = "paasctl-sweep-"
"""How the tag of such a note begins: then twelve digits of its content."""

DELETED = "deleted "
"""How names of the facts begin that each step leaves: how many manifests it found to delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One manifest or index as it lies in one repository."""

    at: Pinned
    size: int
    """Bytes of the manifest itself."""
    what: Literal["release", "image", "index", "voucher", "note", "unknown"]
    """`note`: of a cleanup that was ended; `unknown`: nothing that we can read."""
    tags: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    """Digests of the manifests that it lists."""
    subject: str = ""
    """Digest of what it vouches for; empty: it stands for itself."""
    blobs: tuple[tuple[str, int], ...] = ()
    """(digest, bytes) of what it is made of."""
    created: float | None = None
    """Seconds since the epoch; None: it does not say."""
    app: str = ""
    """Of a release record and of a note: whose it is."""
    version: str = ""
    """Of a release record."""
    images: tuple[Pinned, ...] = ()
    """Of a release record: its images, where they lie beside this record, or where it says that they do."""
    needs: tuple[str, ...] = ()
    """Of a release record: digests of bases and of images that it runs and does not make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Something that names an image, and so a root: a workload, a deploy of the history."""

    why: str
    """`eu: Deployment/web in shop-production runs it`."""
    digest: str = ""
    tagged: tuple[str, str] = ("", "")
    """(repository's path, tag)."""
    version: str = ""
    """A release of this app."""
    here: str = ""
    """The path of the repository that the digest is said to lie in, where that is one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Why something stays: by itself (`via` empty), or because something else does."""

    why: str
    via: Pinned | None = None
    link: str = ""
    """What it is to that: `image of`, `part of`, `vouches for`, `needed by`, `lists`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A manifest that is to go."""

    at: Pinned
    tags: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSweep:
    """Write down what is about to go, under a tag of its own: once its name is gone, nobody could list the rest."""

    app: str
    repository: Repository
    manifests: tuple[Pinned, ...]
    seen: tuple[str, ...] = field(default=(), compare=False)
    """Versions that were there at the last look: whatever comes after them is looked at before anything goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteManifests:
    """Delete manifests of one repository by digest, each with its tags. Gone already is success."""

    repository: Repository
    what: str
    """`release records`, `images`, `parts`."""
    manifests: tuple[Doomed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSweep:
    """Delete the notes: all that they name is gone, or stays."""

    repository: Repository
    notes: tuple[str, ...]
    """Digests of those of earlier runs; this run's own goes, too."""


CleanupStep = NoteSweep | DeleteManifests | CloseSweep


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptRow:
    """A version, a tag or what has none: all of it goes together, or stays for the same reason."""

    name: str
    """`1.2.3`, `web:edge`, `web@sha256:…`."""
    holds: str
    """`release, 2 images, 5 more`."""
    manifests: int
    age: float | None
    """Seconds; None: unknown."""
    bytes: int
    """Of what goes: what becomes free, at most; of what stays: what it takes, shared parts in every row."""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupAnswer:
    """`cleanup`: what would go and why, what stays and because of what."""

    registry: str
    repository: str
    going: tuple[SweptRow, ...]
    staying: tuple[SweptRow, ...]
    doomed: tuple[Doomed, ...]
    """Every manifest that would go, in the order in which it would."""
    held: int
    """Manifests that are there."""
    frees: int
    """Bytes that the registry's own garbage collection can free afterwards, at most."""
    roots: tuple[tuple[str, int], ...]
    """(what was looked at, how many names it gave): `cluster eu`, `history of dev on eu`."""
    refused: str = ""
    """Why this would not be carried out as it is; empty: it would."""
    saved: str = ""
    """The file that the plan is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBecause:
    """One manifest, whether it stays, and the way from it to its root."""

    at: Pinned
    tags: tuple[str, ...]
    stays: bool
    chain: tuple[str, ...]
    """Sentences, from it to the root; why it goes where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupExplained:
    """`cleanup --explain`: everything that has this tag or digest."""

    registry: str
    asked: str
    found: tuple[KeptBecause, ...]
