"""Answers about images, as values: what `image inspect`, `image diff` and `image verify` found out.

Paths are text: names of files are bytes, and what is no UTF-8 in them is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from dataclasses import field
from typing import Any, Literal

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerShown:
    """One layer, oldest first. Live and dead bytes are unpacked ones."""

    number: int
    digest: str
    media_type: str
    packed: int
    live: int
    dead: int
    members: int
    whiteouts: int
    made_by: str = ""
    """The history's command, where one is told."""
    base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteShown:
    """Bytes that a layer brought and nobody sees."""

    path: str
    layer: int
    bytes: int
    files: int
    why: str
    """`deleted`, `overwritten`, `rewritten`, `hidden`, `unseen`."""
    by: int
    """The number of the layer that is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinsShown:
    """The same content in several files."""

    path: str
    copies: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What a squash would make of it. Packed bytes, estimated by how well each layer is packed."""

    how: Literal["keep-base", "all"]
    layers: int
    bytes: int
    saved: int
    shared: int
    """Packed bytes of the base's layers that other images on it could no longer share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectAnswer:
    """`image inspect`: one image, layer by layer."""

    name: str
    digest: str
    media_type: str
    platform: str
    platforms: tuple[str, ...]
    """All that lie there."""
    created: str
    config: Mapping[str, Any]
    base: int | None
    """How many layers are the base's; None: nothing tells."""
    base_by: str
    """What told, or why nothing did."""
    packed: int
    entries: int
    """What a container sees: files, links, directories."""
    layers: tuple[LayerShown, ...]
    wastes: tuple[WasteShown, ...]
    twins: tuple[TwinsShown, ...]
    twin_bytes: int
    savings: tuple[Saving, ...]
    ambiguities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCompared:
    """A layer of either image, or of both."""

    digest: str
    packed: int
    before: int | None
    """Its number in the first image."""
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingCompared:
    """One part of the configuration; None: not there."""

    key: str
    before: str | None
    after: str | None


@plain(frozen=True, slots=True)
class FileCompared:
    """One path that differs. There may be hundreds of thousands."""

    path: str
    change: str
    """`added`, `removed`, `changed`, `metadata`."""
    before: int
    after: int
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDiff:
    """`image diff`: what changed from one image to another."""

    before: str
    after: str
    platform: str
    layers: tuple[LayerCompared, ...]
    files: tuple[FileCompared, ...]
    settings: tuple[SettingCompared, ...]
    limit: int = field(default=20, repr=False)
    """How many paths of each kind are told to people; scripts get all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformVerified:
    """One platform of both images."""

    platform: str
    entries: int
    """Paths that were compared."""
    different: int
    """Paths that differ; of a platform that only one of them has, all."""
    first: tuple[str, ...] = ()
    """The first of them, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAnswer:
    """`image verify --same-tree`: whether a container sees the same files."""

    before: str
    after: str
    same: bool
    """On every platform."""
    platforms: tuple[PlatformVerified, ...]
