"""The build context as a tar stream: walked once, in the order of the paths' bytes, less what `.dockerignore` says.

The same files give the same bytes: owner 0:0, and one time for all, the commit's. Modes are the files' own.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from paasctl.adapters.disk import read_regular
from paasctl.errors import ConfigError, Unavailable
from paasctl.oci.building.ignore import Ignore, parse_ignore
from paasctl.values import dataclass

CHUNK = 1 << 20
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Context:
    """A folder to build from. Make one with `open_context`."""

    folder: Path
    dockerfile: str
    """Its path in the folder, with `/`."""
    text: str
    """What it says."""
    ignore: Ignore
    ignored_by: str
    """Path in the folder of the file that `ignore` was read from; "" where there is none."""

    def tar(self, epoch: int) -> Iterator[bytes]:
        """The context as a tar, in chunks of about 1 MiB. `epoch`: the time of every member, seconds."""
        waiting = bytearray()
        for piece in self._pieces(epoch):
            waiting += piece
            if len(waiting) >= CHUNK:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting) + bytes(2 * _BLOCK)

    def _pieces(self, epoch: int) -> Iterator[bytes]:
        for path, entry in self._wanted():
            header = tarfile.TarInfo(path)
            header.mtime = epoch
            details = entry.stat(follow_symlinks=False)
            header.mode = stat.S_IMODE(details.st_mode)
            if entry.is_symlink():
                header.type, header.linkname = tarfile.SYMTYPE, os.readlink(entry.path)  # noqa: PTH115 - a str is wanted
            elif entry.is_dir():
                header.type = tarfile.DIRTYPE
            else:
                header.size = details.st_size
            yield header.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape")
            if header.isreg():
                yield from _content(Path(entry.path), header.size)

    def _wanted(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """What goes into the tar, folders before what is in them; sockets, pipes and devices never do."""
        skipped: list[tuple[str, os.DirEntry[str]]] = []  # folders left out, in which something may be taken back
        for path, entry in self._walk(self.folder, ""):
            while skipped and not path.startswith(f"{skipped[-1][0]}/"):
                skipped.pop()
            if self._excluded(path):
                if entry.is_dir(follow_symlinks=False):
                    skipped.append((path, entry))
                continue
            yield from skipped
            skipped.clear()
            yield path, entry

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        for entry in _entries(folder):
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield path, entry
                if not (self._excluded(path) and self.ignore.prunes(path)) or self._holds_dockerfile(path):
                    yield from self._walk(Path(entry.path), f"{path}/")
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path, entry

    def _excluded(self, path: str) -> bool:
        # The engine reads the Dockerfile from the context, so it is sent whatever the file says.
        return path != self.dockerfile and self.ignore.excludes(path)

    def _holds_dockerfile(self, path: str) -> bool:
        return self.dockerfile.startswith(f"{path}/")


def open_context(folder: Path, dockerfile: str) -> Context:
    """The context in `folder`, with its Dockerfile, read. A missing one is a `ConfigError`, one outside too.

    `<Dockerfile>.dockerignore` goes before `.dockerignore`.
    """
    path = PurePosixPath(os.path.normpath(dockerfile))
    if path.is_absolute() or ".." in path.parts:
        raise ConfigError(
            f"building from {folder}: the Dockerfile {dockerfile} lies outside of the context",
            hint="set `context` to a folder that holds it",
        )
    text = _read(folder / path)
    if text is None:
        raise ConfigError(
            f"building from {folder}: there is no {path} in it", hint="set `dockerfile`, a path in `context`"
        )
    for name in (f"{path}.dockerignore", ".dockerignore"):
        if (said := _read(folder / name)) is not None:
            return Context(folder, str(path), text.decode("utf-8", "replace"), parse_ignore(said, name), name)
    return Context(folder, str(path), text.decode("utf-8", "replace"), Ignore(), "")


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"reading {path}: {error.strerror}") from error


_OURS = ".paasctl"
"""The folder of what was built before: never part of what is built next."""


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, in the order in which whole paths sort."""
    try:
        with os.scandir(folder) as entries:
            return sorted((it for it in entries if it.name != _OURS), key=_place)
    except OSError as error:
        raise ConfigError(f"reading the build context: {folder}: {error.strerror}") from error


def _place(entry: os.DirEntry[str]) -> bytes:
    return os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b"")


def _content(path: Path, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes of a file, and the padding."""
    left = size
    try:
        with path.open("rb") as file:
            while left and (chunk := file.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise ConfigError(f"reading the build context: {path}: {error.strerror}") from error
    if left:
        raise Unavailable(f"reading the build context: {path} shrank while it was read", hint="run again")
    yield bytes(-size % _BLOCK)
