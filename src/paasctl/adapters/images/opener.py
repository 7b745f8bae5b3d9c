"""The source or target for a location. One per run, so that what they hold open is let go of at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from paasctl.adapters.images.layout import LayoutSource, LayoutTarget
from paasctl.adapters.images.registry import RegistrySource, RegistryTarget
from paasctl.errors import Refused
from paasctl.model.location import InArchive, InEngine, InLayout, InRegistry, Location
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import ImageSource, ImageTarget, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images wherever they lie."""

    registry: Callable[[str], Registry]
    """The client for a host."""
    folder: Path
    """What relative paths are relative to."""
    environ: Mapping[str, str]
    cancel: Cancel

    def source(self, location: Location) -> ImageSource:
        """Something to read one image from. Nothing is looked at yet."""
        match location:
            case InLayout():
                return LayoutSource(location, self.folder / location.folder)
            case InRegistry():
                return RegistrySource(location, self.registry(location.reference.repository.host))
            case InArchive() | InEngine():
                raise Refused(f"reading {location}: not yet")
            case _:
                assert_never(location)

    def target(self, location: Location) -> ImageTarget:
        """Something to write one image to. Nothing is written yet."""
        match location:
            case InLayout():
                return LayoutTarget(location, self.folder / location.folder)
            case InRegistry():
                return RegistryTarget(location, self.registry(location.reference.repository.host))
            case InArchive() | InEngine():
                raise Refused(f"writing {location}: not yet")
            case _:
                assert_never(location)
