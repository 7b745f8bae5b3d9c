"""What a squash is asked for, and what came of it."""

from __future__ import annotations

from typing import Literal

from paasctl.model.image import Descriptor, Platform
from paasctl.values import dataclass

Wanted = int | Literal["auto"]
"""How many new layers at most; `auto`: a few of about one size."""


@dataclass(frozen=True, slots=True)
class SquashWish:
    """How to squash one image or index."""

    layers: Wanted = "auto"
    base: Literal["keep", "squash", "auto"] = "keep"
    """`auto`: as the numbers of the image say, which may be not to squash at all."""
    base_layers: int | None = None
    """How many layers, from the bottom, are the base's, where the caller knows."""
    packing: Literal["gzip", "zstd", "none", "keep"] = "keep"
    """`keep`: as the layers that are replaced were packed; gzip where that is mixed or not packed at all.

    `none` is for engines, whose stores hold plain layers.
    """
    drop_history: bool = False
    """Leave out what the old layers' commands were; build arguments are written there."""
    platform: Platform | None = None
    """Of an index only this image, and no index any more."""
    verify: bool = True
    """Prove that a container sees the same files."""
    epoch: int | None = None
    """`SOURCE_DATE_EPOCH`, in seconds: `created` of the result; None keeps the input's."""


@dataclass(frozen=True, slots=True)
class Squashed:
    """The squashed image. Bytes are those of compressed layers, over all platforms."""

    root: Descriptor
    content: bytes
    """The root document: a manifest or an index."""
    changed: bool
    """Whether it is another image than before."""
    layers_before: int
    layers_after: int
    bytes_before: int
    bytes_after: int
    dead_bytes: int = 0
    """Uncompressed bytes of the layers that no container could see."""
    left_out: tuple[str, ...] = ()
    """Sentences: attestations and referrers that speak of the old image."""
    ambiguities: tuple[str, ...] = ()
    """Sentences: inputs on which runtimes disagree, and what was made of them."""
    proof: str = ""
    """What was compared; empty where nothing was."""
