"""What a kind of layer looks at, and what it finds there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from paasctl.adapters.layers.sources import Context
from paasctl.model.image import Platform
from paasctl.oci.building.compose import Piece
from paasctl.oci.building.packages import Material, Package
from paasctl.oci.building.shape import Shape

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where engines look for programs when an image does not say."""


@dataclass(slots=True)
class Ground:
    """What a layer is made of and what it lies on."""

    context: Context
    platform: Platform
    shape: Shape
    """What lies below; it grows with every piece that is placed."""
    environ: Mapping[str, str]
    """Of the image."""
    base: str

    def fill(self, text: str) -> str:
        """A path with the platform's own names in it."""
        filled = text.replace("{os}", self.platform.os).replace("{arch}", self.platform.architecture)
        return filled.replace("{variant}", self.platform.variant)

    def program(self, name: str) -> tuple[str, str] | None:
        """A program on the image's PATH, as it is called and as its file is really named; None: it is not there."""
        for folder in self.environ.get("PATH", _PATH).split(":"):
            path = posixpath.join(folder or "/", name)
            if (real := self.real(path)) is not None:
                return path, real
        return None

    def real(self, path: str) -> str | None:
        """Where a path leads in what lies below; None: nowhere."""
        found = self.shape.real(path.encode("utf-8", "surrogateescape"), self.base)
        return None if found is None else "/" + found.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one entry of `layers:` comes to. `entrypoint` and `env` are for an image that says nothing else."""

    pieces: tuple[Piece, ...]
    packages: tuple[Package, ...] = ()
    materials: tuple[Material, ...] = ()
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
