"""Hashes of files, kept from build to build: a file whose inode, size and times are the same is not read again.

Kept whole in one file per image, which is replaced at once: two runs and a `kill -9` leave a whole one behind.
"""

from __future__ import annotations

import hashlib
import os
import struct
import time
from pathlib import Path

from paasctl.adapters.disk import read_regular, replace_file
from paasctl.adapters.layers.reading import changed, reading

_CHUNK = 1 << 20
_FRESH = 100_000_000
"""Nanoseconds. A file that was written to so shortly ago may be written to again within one tick of its clock."""
_ROW = struct.Struct("<QQQqq32s")
"""Device, inode, size, both times, hash. Read by the ten thousand at the start of every build, so no text."""
_FORM = b"paasctl hashes 1\n"
_SUM = 32
_Key = tuple[int, int, int, int, int]


class Hashes:
    """sha256 of files. What was asked of it is what `save` keeps."""

    def __init__(self, file: Path, lock: Path | None = None) -> None:
        """`file` is where they are kept; it need not be there, and a damaged one is no worse. `lock`: of its cache."""
        self._file = file
        self._lock = lock
        self._known = _load(file)
        self._used: dict[_Key, bytes] = {}
        self._is_new = False

    def of(self, path: bytes, seen: os.stat_result) -> str:
        """The hash of a regular file, of which `seen` is the state. `ConfigError` where it can't be read."""
        key = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        found = self._known.get(key)
        if found is None:
            now = time.time_ns()
            found = _hashed(path, seen)
            self._is_new = True
            if max(key[3:]) > now - _FRESH:
                return found.hex()
        self._used[key] = found
        return found.hex()

    def save(self) -> None:
        """Keep what was asked for, and forget the rest."""
        if self._is_new or len(self._used) != len(self._known):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            rows = b"".join(_ROW.pack(*key, it) for key, it in self._used.items())
            replace_file(self._file, _FORM + rows + hashlib.sha256(rows).digest(), self._lock)


def _load(file: Path) -> dict[_Key, bytes]:
    try:
        content = read_regular(file)
    except OSError:
        return {}
    rows = content[len(_FORM) : -_SUM]
    whole = content.startswith(_FORM) and len(rows) % _ROW.size == 0
    if not whole or hashlib.sha256(rows).digest() != content[-_SUM:]:
        return {}
    return {(dev, ino, size, mtime, ctime): it for dev, ino, size, mtime, ctime, it in _ROW.iter_unpack(rows)}


def _hashed(path: bytes, seen: os.stat_result) -> bytes:
    digest, size = hashlib.sha256(), 0
    with reading(path), open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the path is bytes
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if size != seen.st_size:
        raise changed(path)
    return digest.digest()
