"""A copy of an image: what becomes of each thing it is made of, and what came of it all."""

from __future__ import annotations

from typing import Literal

from paasctl.model.image import Descriptor
from paasctl.values import dataclass

Doing = Literal["exists", "mount", "stream", "skip"]
"""It is there already; it is had from another repository of the registry; it is sent; it stays behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyObject:
    """One blob or manifest, and what becomes of it."""

    what: str
    """For people: "layer", "configuration", "image", "index", "signature of …"."""
    descriptor: Descriptor
    doing: Doing
    why: str = ""
    """Why it stays behind."""
    about: str = ""
    """The digest that it vouches for; empty: it is a part of the image itself."""

    @property
    def is_blob(self) -> bool:
        """Whether it is no manifest."""
        return self.what in ("layer", "configuration")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """Everything that travels, in the order in which it must be there."""

    objects: tuple[CopyObject, ...]
    left: tuple[str, ...] = ()
    """Sentences: what the copy leaves behind, and why."""

    def bytes_of(self, *doing: Doing) -> int:
        """How many bytes that is."""
        return sum(it.descriptor.size for it in self.objects if it.doing in doing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The copy. Bytes are those of blobs."""

    root: Descriptor
    exists: int = 0
    """Blobs that were there."""
    mounted: int = 0
    streamed: int = 0
    bytes_streamed: int = 0
    manifests: int = 0
    """Manifests that were written."""
    vouchers: int = 0
    """Signatures, SBOMs and the like that are there now."""
    left: tuple[str, ...] = ()
