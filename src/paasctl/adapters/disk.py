"""Atomic files: written under `.tmp-*` in the same folder, held by a `flock` while they grow, renamed when whole.

The lock goes with the open file, so a temporary file that nobody holds was left by a process that is no more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from paasctl.errors import Forbidden, PaasError, Unavailable

TEMPORARY = ".tmp-"
_BUFFER = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_MANY = (errno.EMFILE, errno.ENFILE)
_MOST = 64 << 20
"""Bytes of a file that is read whole; more than any registry or API server takes of it."""


def read_regular(path: Path) -> bytes:
    """The content of a file. Anything else is an `OSError`: a pipe would be waited for, a device never ends."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as file:  # noqa: PTH123 - already open, so that what was looked at is what is read
        found = os.fstat(number)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is neither a file nor a folder")
        if found.st_size > _MOST:
            raise OSError(errno.EFBIG, f"{found.st_size:,} bytes are too many (at most {_MOST:,})")
        return file.read(_MOST)


@contextmanager
def disk(doing: str, what: Path) -> Iterator[None]:
    """Say in our words what the file system answers. To be put around our own file work only, never a caller's code."""
    try:
        yield
    except OSError as error:
        why = f"{doing} {what}: {error.strerror or error}"
        if error.errno in _DENIED:
            raise Forbidden(why, hint=f"ls -ld {what.parent}") from error
        if error.errno in _FULL:
            raise Unavailable(why, hint=f"df -h {what.parent}", code="disk-full") from error
        if error.errno in _MANY:
            raise Unavailable(why, hint="ulimit -n 1024", code="disk") from error
        raise Unavailable(why, code="disk") from error


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, across processes and threads."""
    with disk("locking", path):
        file = path.open("ab")
    with file:
        with disk("locking", path):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold_for_good(path: Path, pause: Callable[[], None]) -> BinaryIO:
    """Hold a lock file until this process ends or closes the result; `pause` between tries while another has it."""
    with disk("locking", path):
        file = path.open("ab")
    while True:
        try:
            with disk("locking", path):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except Unavailable as error:
            if not isinstance(error.__cause__, BlockingIOError):
                file.close()
                raise
        else:
            return file
        try:
            pause()
        except PaasError:
            file.close()
            raise


@contextmanager
def temporary(folder: Path, lock: Path | None = None, prefix: str = TEMPORARY) -> Iterator[tuple[Path, BinaryIO]]:
    """A new held file in `folder`; gone afterwards, unless it was renamed.

    With `lock`, making and holding it is one act for everybody who takes that lock before removing leftovers.
    """
    with disk("writing", folder):
        if lock is None:
            path, file = _grab(folder, prefix)
        else:
            with held(lock):
                path, file = _grab(folder, prefix)
    try:
        yield path, file
    finally:
        with suppress(OSError):  # what is not renamed by now is not wanted
            path.unlink(missing_ok=True)
        with suppress(OSError):
            file.close()


class PlacedFile:
    """A file that is written and read by place, with our words for what goes wrong."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        """Messages call it `path`."""
        self._file = file
        self._path = path
        self._size = 0

    def append(self, content: bytes) -> None:
        """Behind what was appended."""
        self.write(content, self._size)
        self._size += len(content)

    def write(self, content: bytes, at: int) -> None:
        """All of it."""
        rest = memoryview(content)
        with disk("writing", self._path):
            while rest:
                done = os.pwrite(self._file.fileno(), rest, at)
                rest, at = rest[done:], at + done

    def chunks(self, size: int) -> Iterator[bytes]:
        """The first `size` bytes."""
        for at in range(0, size, _BUFFER):
            with disk("reading", self._path):
                yield os.pread(self._file.fileno(), min(_BUFFER, size - at), at)

    def cut(self, end: int) -> None:
        """Nothing behind that."""
        with disk("writing", self._path):
            os.ftruncate(self._file.fileno(), end)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def replace_file(path: Path, content: bytes, lock: Path | None = None) -> None:
    """Write a file whole, or leave the old one as it is. `lock`: what those take who remove leftovers here."""
    with temporary(path.parent, lock) as (fresh, file), disk("writing", path):
        file.write(content)
        file.flush()
        fresh.replace(path)


def settle(file: BinaryIO) -> None:
    """Return when all of it is on the disk: a name that it gets before may be an empty file's after a power cut."""
    file.flush()
    os.fsync(file.fileno())


def settle_folder(folder: Path) -> None:
    """The same for the names in a folder."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove_unheld(folder: Path, prefix: str = TEMPORARY) -> None:
    """Remove the temporary files in `folder` that no living process holds."""
    for path in sorted(folder.glob(f"{prefix}*")):
        with suppress(BlockingIOError, FileNotFoundError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)


def _grab(folder: Path, prefix: str) -> tuple[Path, BinaryIO]:
    """Make and hold one; where somebody who removes leftovers came between the two, make another."""
    while True:
        number, name = tempfile.mkstemp(prefix=prefix, dir=folder)
        file = os.fdopen(number, "w+b", _BUFFER)
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.lexists(name):
                os.fchmod(number, 0o644)
                return Path(name), file
        file.close()
