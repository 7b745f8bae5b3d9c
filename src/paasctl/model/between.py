"""Steps on images where they lie: from one location to another, or in place. What is asked for, and what was seen."""

from __future__ import annotations

from typing import Literal

from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import Location
from paasctl.model.squashing import SquashWish
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One image of what lies at a location, as it was when the plan was made. Bytes are those of packed layers."""

    platform: str
    layers: int
    bytes: int
    kept: int | None = None
    """How many layers, from the bottom, stay as they are: the base's. None: nobody asked."""
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SquashTo:
    """Squash what lies at `source`, and write it to `destination`, which may be the same."""

    source: Location
    destination: Location
    root: Descriptor
    """What lies at `source`."""
    wish: SquashWish
    images: tuple[Seen, ...] = ()
    base: str = ""
    """What told where the base ends, for people."""
    previous: Location | None = None
    """An earlier squash of the same image, whose unchanged layers are made again."""
    move: bool = False
    """Whether the name may be another image's until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTo:
    """Copy what lies at `source` to `destination`, digests unchanged, with all that vouches for it."""

    source: Location
    destination: Location
    root: Descriptor
    platform: Platform | None = None
    referrers: bool = True
    images: tuple[Seen, ...] = ()
    plan: CopyPlan | None = None
    """What becomes of each blob and manifest; decided anew while it is copied, on what is there by then."""
    move: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMoved:
    """A field of an image's configuration that becomes another because the base's did."""

    platform: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebaseTo:
    """Put what lies at `source` on another base, and write it to `destination`: no layer of its own is touched."""

    source: Location
    destination: Location
    root: Descriptor
    old_bases: tuple[Location, ...]
    """One for all images, or one for each of `images`."""
    new_base: Location
    new_root: Descriptor
    """What the new base was."""
    images: tuple[Seen, ...] = ()
    """`kept` counts the old base's layers."""
    fields: tuple[FieldMoved, ...] = ()
    platform: Platform | None = None
    move: bool = False


BetweenStep = SquashTo | CopyTo | RebaseTo
Told = Literal["squash", "copy", "rebase"]
