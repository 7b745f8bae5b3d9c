"""Releases in files, as tests arrange them: a project on each side of the gap, and archives that were tampered with."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.errors import Exit
from paasctl.model.event import Event
from paasctl.verbs.boxes.export import ExportRelease
from paasctl.verbs.boxes.importing import ImportRelease
from support.conducted import go
from support.promoting import VERSION, Stops, WiredWorld, path_in

FILE = "shop.tar"


@dataclass
class Gap:
    """A release at `dev` in the one registry; `rc` is in another, which is reached by a file only."""

    stops: Stops

    @property
    def path(self) -> Path:
        return self.stops.world.project / FILE

    def export(self, version: str = VERSION, *, file: str = FILE, dry_run: bool = False, origin: str = "dev") -> Any:
        return self._go(ExportRelease(version=version, file=file, origin=origin), dry_run=dry_run)

    def take(self, *, to: str = "rc", file: str = FILE, dry_run: bool = False, **typed: Any) -> Any:
        return self._go(ImportRelease(file=file, to=to, **typed), dry_run=dry_run)

    def exported(self) -> Path:
        assert self.export()[0] is Exit.OK
        self.stops.forget()
        return self.path

    def _go(self, verb: Any, *, dry_run: bool) -> tuple[Exit, list[Event]]:
        world: WiredWorld = self.stops.world.afresh()
        world.clock.time = self.stops.seconds
        try:
            return go(verb, world, dry_run=dry_run)
        finally:
            for it in world.clients.values():
                it.close()


@contextmanager
def gap_in(folder: Path) -> Iterator[Gap]:
    """Two registries, and a project that knows both."""
    with path_in(folder) as stops:
        yield Gap(stops)


def contents(path: Path) -> dict[str, bytes]:
    """What is in a tar, by name."""
    with tarfile.open(path) as tar:
        found = {it.name: tar.extractfile(it) for it in tar if it.isreg()}
        return {name: it.read() for name, it in found.items() if it}


def index_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(contents(path)["index.json"])
    return found


def written(path: Path, files: Mapping[str, bytes], *more: tarfile.TarInfo) -> None:
    """A tar of these files, and whatever else."""
    with tarfile.open(path, "w") as tar:
        for it in more:
            tar.addfile(it)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def changed(path: Path, change: Callable[[dict[str, bytes]], object], *more: tarfile.TarInfo) -> None:
    """The same tar with other files in it."""
    files = contents(path)
    change(files)
    written(path, files, *more)


def other(name: str, kind: bytes, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """An entry that is no file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, target, size
    return entry
