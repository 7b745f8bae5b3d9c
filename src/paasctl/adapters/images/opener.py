"""The source or target for a location. One of these per run.

Each kind of place is imported by whoever names one: from registry to registry nothing reads or writes a tar.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, assert_never

from paasctl.model.location import InArchive, InEngine, InLayout, InRegistry, Location
from paasctl.ports.images import CopySource, CopyTarget, Registry


class Store(Protocol):
    """The local engine's images (`engine.py`, which is imported by those who need it)."""

    def source(self, location: InEngine, stack: ExitStack) -> CopySource:
        """An image, taken out when it is first read; the copy is let go of with `stack`."""
        ...

    def destination(self, location: InEngine) -> Any:
        """Where an image is put in: a `tarred.Destination`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """`ports.images.Places`."""

    registry: Callable[[str], Registry]
    """The client for a host."""
    folder: Path
    """What relative paths are relative to."""
    store: Callable[[], Store]
    stack: ExitStack
    """Lets go of files that are held open, and of whatever was not finished."""
    _sources: dict[Location, CopySource] = field(default_factory=dict)

    def source(self, location: Location) -> CopySource:
        """Something to read one image from: the same one for the whole run, so that nothing is read twice."""
        if location not in self._sources:
            self._sources[location] = self._opened(location)
        return self._sources[location]

    def _opened(self, location: Location) -> CopySource:
        match location:
            case InLayout():
                from paasctl.adapters.images.layout import layout_source  # noqa: PLC0415

                return layout_source(location, self.folder / location.folder)
            case InRegistry():
                from paasctl.adapters.images.registry import RegistrySource  # noqa: PLC0415

                return RegistrySource(location, self.registry(location.reference.repository.host))
            case InArchive():
                from paasctl.adapters.images.archive import archive_source  # noqa: PLC0415

                return archive_source(location, self.folder / location.path, self.stack)
            case InEngine():
                return self.store().source(location, self.stack)
            case _:
                assert_never(location)

    def target(self, location: Location) -> CopyTarget:
        """Something to write one image to. Nothing is written yet."""
        match location:
            case InLayout():
                from paasctl.adapters.images.layout import LayoutTarget  # noqa: PLC0415

                return LayoutTarget(location, self.folder / location.folder)
            case InRegistry():
                from paasctl.adapters.images.registry import RegistryTarget  # noqa: PLC0415

                return RegistryTarget(location, self.registry(location.reference.repository.host))
            case InArchive():
                from paasctl.adapters.images.archive import ArchiveDestination  # noqa: PLC0415
                from paasctl.adapters.images.tarred import TarTarget  # noqa: PLC0415

                return TarTarget(ArchiveDestination(location, self.folder / location.path), self.stack)
            case InEngine():
                from paasctl.adapters.images.tarred import TarTarget  # noqa: PLC0415

                return TarTarget(self.store().destination(location), self.stack)
            case _:
                assert_never(location)
