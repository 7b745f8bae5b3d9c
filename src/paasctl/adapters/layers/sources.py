"""The files of a context, found on disk. Names are bytes; symlinks below `src` stay symlinks.

What `.dockerignore` leaves out is not there, as it would not be for a Dockerfile; what a kind of layer asks for by
name (`node_modules`, wheels, jars) is there all the same: such folders are ignored for the sake of builds in an image.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from paasctl.adapters.disk import read_regular
from paasctl.adapters.layers.hashes import Hashes
from paasctl.adapters.layers.reading import reading
from paasctl.errors import ConfigError
from paasctl.oci.building.compose import OnDisk, Source
from paasctl.oci.building.ignore import Ignore, parse_ignore
from paasctl.oci.building.patterns import Excluded
from paasctl.ports.cancel import Cancel

_OURS = b".paasctl"
"""The folder of what was built before: never part of what is built next."""
_IGNORE = ".dockerignore"
_NAME = attrgetter("name")


@dataclass(frozen=True, slots=True)
class Context:
    """The folder that a build sees. Make one with `open_context`."""

    root: Path
    """Its real path."""
    ignore: Ignore
    hashes: Hashes
    cancel: Cancel

    def place(self, src: str) -> Path:
        """Where `src` really is. `ConfigError` where it is missing, or outside of the context."""
        wanted = self.root / src
        with reading(wanted):
            found = wanted.resolve(strict=True)
        if found != self.root and self.root not in found.parents:
            raise ConfigError(
                f"reading {src}: it lies outside of the context {self.root}",
                hint="copy it into the context, or choose a context that holds it",
                code="outside-context",
            )
        return found

    def find(self, src: str, exclude: tuple[str, ...] = (), *, ignoring: bool = True) -> list[Source]:
        """Everything at and below `src`. `ConfigError` names what is missing, unreadable, left out or outside."""
        start = self.place(src)
        ignore = self.ignore if ignoring else Ignore()
        outer = os.path.relpath(start, self.root)
        has_patterns = bool(exclude or ignore.patterns)
        walk = _Walk(self, Excluded(exclude), ignore, ignore.judge(), "" if outer == "." else outer, has_patterns)
        with reading(start):
            found = walk.source(os.fsencode(start), b"", start.lstat())
        if walk.outer and ignore.excludes(walk.outer) and (found.kind != "dir" or ignore.prunes(walk.outer)):
            raise ConfigError(
                f"reading {src}: {_IGNORE} leaves it out",
                hint=f"write !{walk.outer} at the end of {_IGNORE}",
                where=str(self.root / _IGNORE),
                code="file-ignored",
            )
        sources = [found]
        if found.kind == "dir":
            walk.below(os.fsencode(start), b"", sources)
        return sources


def open_context(folder: Path, hashes: Hashes, cancel: Cancel) -> Context:
    """The context in a folder, with its `.dockerignore`."""
    with reading(folder):
        root = folder.resolve(strict=True)
    path = root / _IGNORE
    with reading(path):
        ignore = parse_ignore(read_regular(path)) if os.path.lexists(path) else Ignore()
    return Context(root, ignore, hashes, cancel)


@dataclass(frozen=True, slots=True)
class _Walk:
    context: Context
    excluded: Excluded
    ignore: Ignore
    ignored: Callable[[str], bool]
    outer: str
    """Path of the start in the context, empty for the context itself."""
    has_patterns: bool

    def below(self, folder: bytes, path: bytes, sources: list[Source]) -> None:
        """Add everything below a folder, whose path below the start is `path`; folders before what is in them."""
        self.context.cancel.check()
        with reading(folder):
            with os.scandir(folder) as entries:
                found = sorted(entries, key=_NAME)
            lead = path + b"/" if path else b""
            hash_of = self.context.hashes.of
            for it in found:  # by the ten thousand: nothing is asked twice, and no function called without need
                inner = lead + it.name
                if (self.has_patterns and self._is_out(it, inner, sources)) or it.name == _OURS:
                    continue
                seen = it.stat(follow_symlinks=False)
                mode = seen.st_mode
                if stat.S_ISREG(mode):
                    digest = hash_of(it.path, seen)
                    is_program = bool(mode & stat.S_IXUSR)
                    sources.append(Source(inner, "file", OnDisk(it.path), seen.st_size, is_program, b"", digest))
                else:
                    sources.append(self.source(it.path, inner, seen))
                    if stat.S_ISDIR(mode):
                        self.below(it.path, inner, sources)

    def _is_out(self, entry: os.DirEntry[bytes], path: bytes, sources: list[Source]) -> bool:
        """Whether something is left out; what is taken back inside of it is added."""
        if path in self.excluded:
            return True
        if not self.ignore.patterns or not self.ignored(named := self._named(path)):
            return False
        if entry.is_dir(follow_symlinks=False) and not self.ignore.prunes(named):
            self._taken_back(entry.path, path, sources)
        return True

    def _taken_back(self, folder: bytes, path: bytes, sources: list[Source]) -> None:
        """What is taken back in a folder that is left out; the folder too, where there is any."""
        inside: list[Source] = []
        self.below(folder, path, inside)
        sources += [Source(path, "dir"), *inside] if inside else []

    def _named(self, path: bytes) -> str:
        name = os.fsdecode(path)
        return f"{self.outer}/{name}" if self.outer else name

    def source(self, origin: bytes, path: bytes, seen: os.stat_result) -> Source:
        """What lies there."""
        mode = seen.st_mode
        if stat.S_ISREG(mode):
            digest = self.context.hashes.of(origin, seen)
            return Source(path, "file", OnDisk(origin), seen.st_size, bool(mode & stat.S_IXUSR), digest=digest)
        if stat.S_ISDIR(mode):
            return Source(path, "dir")
        if stat.S_ISLNK(mode):
            with reading(origin):
                return Source(path, "symlink", target=os.readlink(origin))  # noqa: PTH115 - bytes
        shown = os.fsdecode(origin)
        raise ConfigError(
            f"reading {shown}: it is a socket, pipe or device, which a layer of files can't hold",
            hint="remove it, or list it under `exclude`",
            where=shown,
            code="file-unsupported",
        )
