"""Files of this machine, as real software is: what the images of the bench are filled with."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOTS = ("/usr/lib", "/usr/share", "/usr/include")
_SMALL, _LARGEST = 64 << 10, 16 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file to copy; `path` is where it goes, without the leading slash. Another `salt`, another content."""

    path: str
    source: str
    size: int
    salt: int = 0

    def content(self) -> bytes:
        """As many bytes as it was planned with, whatever became of the file meanwhile."""
        try:
            read = Path(self.source).read_bytes()[: self.size]
        except OSError:
            read = b""
        whole = bytearray(read.ljust(self.size, b"\n"))
        if self.salt and self.size > 16:
            at = self.salt % (self.size - 16)
            whole[at : at + 8] = self.salt.to_bytes(8, "little")
        return bytes(whole)


class Material:
    """All files there are, in an order that the seed decides; each is given out once, then again with a salt."""

    def __init__(self, rng: random.Random, roots: tuple[str, ...]) -> None:
        found = sorted(_files(roots), key=lambda it: it.path)
        rng.shuffle(found)
        self._small = _again([it for it in found if it.size <= _SMALL])
        self._large = _again([it for it in found if _SMALL < it.size <= _LARGEST])

    def take(self, count: int, size: int) -> list[Source]:
        """So many files with about so many bytes together: small ones, and large ones until it is enough."""
        small = [next(self._small) for _ in range(count)]
        taken, bytes_ = list[Source](), sum(it.size for it in small)
        while bytes_ < size and small:
            bytes_ -= small.pop().size
            taken.append(next(self._large))
            bytes_ += taken[-1].size
        return small + taken


def _again(found: list[Source]) -> Iterator[Source]:
    """Endless: a second time round each has another name and another content."""
    if not found:
        raise ValueError("this machine has no files to fill an image with")
    yield from found
    salt = 1
    while True:
        for it in found:
            yield replace(it, path=f"opt/copy{salt}/{it.path}", salt=salt)
        salt += 1


def _files(roots: tuple[str, ...]) -> Iterator[Source]:
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand of them
                try:
                    seen = os.lstat(path)
                except OSError:
                    continue
                if stat.S_ISREG(seen.st_mode) and 0 < seen.st_size <= _LARGEST and path.isascii():
                    yield Source(path.lstrip("/"), path, seen.st_size)
