"""`ports.Kept` in the user's cache folder (XDG base directories): one file for each content, the oldest go first.

A file begins with the digest of what follows, so that a damaged one counts as none. A folder that cannot be written is
no error: the run takes longer, that is all.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from paasctl.adapters.disk import read_regular, remove_unheld, replace_file
from paasctl.errors import PaasError
from paasctl.values import dataclass

_MOST = 256 << 20
"""Bytes that are kept in all."""
_DIGEST = 32
_SPARE = 16
"""What part of that is written before the folder is looked at again."""


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """`$XDG_CACHE_HOME/paasctl`, else `~/.cache/paasctl`; None where there is no home either."""
    said, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if said.startswith("/"):  # the specification: a relative one is to be ignored
        return Path(said) / "paasctl"
    return Path(home) / ".cache" / "paasctl" if home else None


class _Room:
    """Bytes that may be written before the folder is looked at again: an image of 2,000 layers is not 2,000 looks."""

    def __init__(self) -> None:
        self._left = 0
        self._lock = threading.Lock()

    def takes(self, size: int) -> bool:
        """Whether there is room for it still, as far as is known."""
        with self._lock:
            self._left -= size
            return self._left >= 0

    def is_now(self, left: int) -> None:
        """What a look at the folder found."""
        with self._lock:
            self._left = left


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """Files below `folder`; None keeps nothing."""

    folder: Path | None
    most: int = _MOST
    _room: _Room = field(default_factory=_Room, repr=False, compare=False)

    def get(self, kind: str, key: str) -> bytes | None:
        """The content; looking at it makes it young again."""
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            whole = read_regular(path)
        except OSError:
            return None
        if hashlib.sha256(whole[_DIGEST:]).digest() != whole[:_DIGEST]:
            return None
        with suppress(OSError):
            path.touch()
        return whole[_DIGEST:]

    def put(self, kind: str, key: str, content: bytes) -> None:
        """Write it whole, and make room for it before."""
        path = self._path(kind, key)
        if path is None or len(content) > self.most // 4:
            return
        with suppress(OSError, PaasError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._room.takes(len(content)):
                self._make_room(path.parent.parent, len(content))
            replace_file(path, hashlib.sha256(content).digest() + content)

    def _path(self, kind: str, key: str) -> Path | None:
        return self.folder / kind / hashlib.sha256(key.encode()).hexdigest() if self.folder else None

    def _make_room(self, folder: Path, size: int) -> None:
        for kind in folder.iterdir():
            if kind.is_dir():
                remove_unheld(kind)
        found = [(path, path.stat()) for path in folder.glob("*/*") if path.is_file()]
        left = self.most - size - sum(stat.st_size for _, stat in found)
        spare = self.most // _SPARE if left < 0 else 0  # so that the next ones need not look
        for path, stat in sorted(found, key=lambda it: it[1].st_mtime_ns):
            if left >= spare:
                break
            path.unlink(missing_ok=True)
            left += stat.st_size
        self._room.is_now(min(left, self.most // _SPARE))  # others write, too: it is soon looked again
