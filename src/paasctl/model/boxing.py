"""A release in a file: a whole closure, laid out as an OCI image layout in a tar. Carried where no network leads."""

from __future__ import annotations

from dataclasses import field

from paasctl.model.image import Pinned
from paasctl.model.promoting import Stop
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a file says it holds."""

    app: str
    version: str
    origin: Stop
    """Where it was read from: what lies in the file is a part of what lay there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file of the tar."""

    name: str
    at: int
    """Where its bytes begin; its header is the block before."""
    size: int
    digest: str = ""
    """Of a blob."""
    content: bytes | None = field(default=None, repr=False)
    """Of a document; None: it is read from `source` while the file is written."""
    media_type: str = ""
    source: Pinned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The record (`name` empty) or an image of a release, as it lies in the file."""

    name: str
    source: Pinned
    manifests: int
    vouchers: int
    """Manifests that vouch for it or for a part of it, promotion records and statements included."""
    blobs: int
    bytes: int
    """Of its blobs. Parts may share some: in the file each lies once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRelease:
    """Write a release's closure into a file of the caller's, which is there whole or not at all."""

    version: str
    origin: Stop
    file: str
    size: int
    """Bytes of the file."""
    parts: tuple[Packed, ...]
    pieces: tuple[Piece, ...] = field(repr=False)


BoxStep = ExportRelease
