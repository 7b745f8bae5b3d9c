"""Uploads under way: files that grow, hashed as they do. They end with the process."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any

from paasctl.embedded.http.message import Body

_CHUNK = 1 << 20


@dataclass
class Upload:
    """One of them. `state` changes with every answer: an older one is unknown."""

    repository: str
    path: Path
    size: int = 0
    state: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, body: Body, came: Callable[[int], None]) -> None:
        """Append what comes, and tell of it in bytes; what came before a connection broke off stays.

        A full disk may have taken a part of what isn't counted: what comes next goes over it.
        """
        with self.path.open("r+b", buffering=0) as file:
            file.truncate(self.size)
            file.seek(self.size)
            while chunk := body.read(_CHUNK):
                _write(file, chunk)
                self.digest.update(chunk)
                self.size += len(chunk)
                came(len(chunk))

    def forget_from(self, size: int) -> None:
        """Go back to what it was: `size` bytes."""
        with self.path.open("r+b") as file:
            file.truncate(size)
            self.digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                self.digest.update(chunk)
        self.size = size


def _write(file: RawIOBase, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) or 0 :]


class Uploads:
    """All that are open, by repository and id."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds their files; what an earlier process left there is removed."""
        self._folder = folder
        self.received = 0
        """Bytes of uploads that came in, refused ones too."""
        self.under_way: dict[tuple[str, str], Upload] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for it in folder.iterdir():
            it.unlink()

    def count(self, size: int) -> None:
        """So many bytes came in."""
        with self._lock:
            self.received += size

    def begin(self, repository: str) -> str:
        """A new one's id."""
        name = uuid.uuid4().hex
        path = self._folder / name
        path.touch()
        with self._lock:
            self.under_way[repository, name] = Upload(repository, path)
        return name

    def get(self, repository: str, name: str) -> Upload | None:
        """It; None: there is none."""
        return self.under_way.get((repository, name))

    def end(self, repository: str, name: str) -> None:
        """Forget it, and its file where that is still there."""
        with self._lock:
            found = self.under_way.pop((repository, name), None)
        if found:
            found.path.unlink(missing_ok=True)
