"""A file that appears whole. It grows without a name where the file system can do that: a kill then leaves nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from paasctl.adapters.disk import TEMPORARY, PlacedFile, disk, remove_unheld, settle, settle_folder, temporary
from paasctl.errors import Missing, UsageError, WouldClobber

_PREFIX = f"{TEMPORARY}paasctl-"
"""Of files that grow beside their place: in folders that are not ours, only what is certainly ours is removed."""
_NAMELESS = getattr(os, "O_TMPFILE", 0)
_CANNOT = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
"""How file systems and kernels without such files say so."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
_CHUNK = 1 << 20


class Whole:
    """`ports.boxes.NewFile`."""

    def __init__(self, path: Path, file: BinaryIO, fresh: Path) -> None:
        """`fresh`: what the file is called until it appears."""
        self._path = path
        self._file = file
        self._placed = PlacedFile(file, path)
        self._fresh = fresh

    def write(self, content: bytes, at: int) -> None:
        """Put bytes at a place."""
        self._placed.write(content, at)

    def appear(self) -> None:
        """Link it to its name, which fails where that is taken, at once and without replacing anything."""
        with disk("writing", self._path):
            settle(self._file)
            try:
                self._link()
            except FileExistsError:
                raise taken(self._path) from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._move()
            settle_folder(self._path.parent)

    def _link(self) -> None:
        """Of a file without a name what `/proc` has is a link to it. It is followed where a folder is given beside."""
        folder = os.open(self._fresh.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.link(self._fresh.name, self._path, src_dir_fd=folder)
        finally:
            os.close(folder)

    def _move(self) -> None:
        """On a stick that knows no links: whoever takes the name between the look and the move is overwritten."""
        if os.path.lexists(self._path):
            raise taken(self._path)
        self._fresh.rename(self._path)


class Seen:
    """`ports.boxes.OldFile`."""

    def __init__(self, path: Path) -> None:
        """Nothing is looked at yet."""
        self._path = path

    @property
    def size(self) -> int | None:
        """Bytes; None: there is none."""
        with disk("reading", self._path):
            if not os.path.lexists(self._path):
                return None
            if self._path.is_file():
                return self._path.stat().st_size
        raise UsageError(f"writing {self._path}: {kind_of(self._path)}", hint="name a file that is not there yet")

    def chunks(self, at: int, size: int) -> Iterator[bytes]:
        """Bytes from a place on."""
        with disk("reading", self._path):
            file = self._path.open("rb")
        with file:
            while size > 0:
                with disk("reading", self._path):
                    chunk = os.pread(file.fileno(), min(_CHUNK, size), at)
                if not chunk:
                    return
                at, size = at + len(chunk), size - len(chunk)
                yield chunk


@contextmanager
def new_file(path: Path, size: int) -> Iterator[Whole]:
    """A file in the making. Room for all of it is asked for at once: a full disk is told before anything is fetched."""
    with disk("writing", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_unheld(path.parent, _PREFIX)
        number = _nameless(path.parent)
    if number is None:
        with temporary(path.parent, prefix=_PREFIX) as (fresh, file):
            _reserve(path, file, size)
            yield Whole(path, file, fresh)
        return
    with os.fdopen(number, "w+b", 0) as raw:
        file = cast("BinaryIO", raw)
        _reserve(path, file, size)
        yield Whole(path, file, Path(f"/proc/self/fd/{number}"))


def kind_of(path: Path) -> str:
    """What a path is that is no file."""
    if path.is_dir():
        return "that is a folder"
    return "that is neither a file nor a folder" if path.exists() else "there is no such file"


def no_file(path: Path) -> Missing:
    """Where a file should be read."""
    return Missing(f"reading {path}: {kind_of(path)}", hint="look for a slip in the name", code="file-missing")


def taken(path: Path) -> WouldClobber:
    """Something has the name."""
    return WouldClobber(
        f"writing {path}: another file is there already",
        hint=f"name another file, or: rm {path}",
        code="file-exists",
    )


def _nameless(folder: Path) -> int | None:
    """A file without a name; None: it cannot be had here."""
    if not _NAMELESS or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, _NAMELESS | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in _CANNOT:
            return None
        raise


def _reserve(path: Path, file: BinaryIO, size: int) -> None:
    with disk("writing", path):
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        os.ftruncate(file.fileno(), size)
