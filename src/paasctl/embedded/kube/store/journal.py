"""A folder that keeps the cluster: a file of changes, each with its checksum, and one process at a time.

A line is `CHECKSUM VERSION [place] body`. It is handed to the system in one write before the change is answered, so a
kill can at most tear the last line, which nobody was told of; it is cut off when the folder is opened again. Opening
writes the file anew, without what is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from paasctl.embedded.kube.model import Object, Place

_FILE = "objects.log"


class FolderBusyError(Exception):
    """Another process has the folder open."""


class FolderBrokenError(Exception):
    """What the folder holds can't be read; it is left as it is."""


class FolderJournal:
    """The open folder. `objects` is what it held, `version` the newest version."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, made where it is missing. Raises `FolderBusyError`, `FolderBrokenError`, `OSError`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise FolderBusyError(f"{folder} is in use by another process") from error
        path = folder / _FILE
        try:
            self.objects, self.version = _read(path)
            self._write_anew(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except BaseException:
            os.close(self._lock)
            raise

    def append(self, version: int, place: Place, body: Object | None) -> None:
        """As in `shelf.Journal`. Raises `OSError` when closed, or on a full disk, and takes back what it wrote."""
        line, end = _line(version, place, body), os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError:
            os.ftruncate(self._file, end)  # half a line would hide all that is written after it
            raise

    def close(self) -> None:
        """Let go of the folder. Whoever writes still finds no file: a closed number may soon be another's."""
        file, self._file = self._file, -1
        os.close(file)
        os.close(self._lock)

    def _write_anew(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            for place, body in self.objects.items():
                file.write(_line(self.version, place, body))
            file.write(_line(self.version, Place("", "", "", ""), None))  # the version, were there no object
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _line(version: int, place: Place, body: Object | None) -> bytes:
    text = json.dumps([version, *place, body], separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _read(path: Path) -> tuple[dict[Place, Object], int]:
    objects: dict[Place, Object] = {}
    gone: set[str] = set()
    newest = 0
    for number, text in enumerate(_lines(path), 1):
        try:
            version, *names, body = json.loads(text)
            place = Place(*names)
        except (TypeError, ValueError) as error:
            raise FolderBrokenError(f"{path}:{number} is in no words of this version of paasctl") from error
        newest = max(newest, version)
        if body is None:
            before = objects.pop(place, None)
            gone |= {before["metadata"]["uid"]} if before else set()
        else:
            objects[place] = body
    _collect(objects, gone)
    return objects, newest


def _lines(path: Path) -> Iterator[bytes]:
    """What the lines say. Raises `FolderBrokenError` where more is lost than the end that a kill tore off."""
    torn = number = 0
    with path.open("rb") if path.exists() else BytesIO() as file:
        for number, line in enumerate(file, 1):
            check, _, text = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or check != b"%08x" % zlib.crc32(text):
                torn = torn or number  # nobody was told of it, if nothing was written after it
            elif torn:
                raise FolderBrokenError(f"{path}:{torn} is damaged, and what comes after it is not")
            else:
                yield text
    if torn == 1:  # a file of ours begins whole: it is renamed into its place
        raise FolderBrokenError(f"{path} holds nothing that this version of paasctl has written")


def _collect(objects: dict[Place, Object], gone: set[str]) -> None:
    """Take away what a deletion that was cut off had left of what the deleted owned."""
    while left := [place for place, body in objects.items() if _is_left(body["metadata"], gone)]:
        gone |= {objects.pop(it)["metadata"]["uid"] for it in left}


def _is_left(metadata: Mapping[str, Any], gone: set[str]) -> bool:
    owners = metadata.get("ownerReferences") or ()
    is_held = metadata.get("finalizers") or "deletionTimestamp" in metadata
    return bool(owners) and not is_held and all(it["uid"] in gone for it in owners)
