"""A tar on disk, opened for reading anywhere in it: what lies where, through links; several threads may read."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from paasctl.adapters.disk import disk
from paasctl.errors import BuildFailed, PaasError, Refused
from paasctl.model.counting import count
from paasctl.model.image import Descriptor
from paasctl.values import dataclass

CHUNK = 1 << 20
_HEADER = 1 << 20
"""Bytes of the largest header; a real one has a few hundred."""
_MOST = 100_000
"""Entries of an archive of images; one of a whole file system has more, and is none."""


_MAGIC = 6
_PACKED = {b"\x1f\x8b": "gunzip", b"\x28\xb5\x2f\xfd": "zstd -d", b"\xfd7zXZ\0": "unxz", b"BZh": "bunzip2"}
"""How a packed file begins -> what unpacks it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where an entry's bytes lie."""

    start: int
    size: int


class _Headers:
    """The file as `tarfile` sees it: no header makes it take more memory than a header needs."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell = file.seek, file.tell
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """A header's bytes."""
        if not 0 <= size <= _HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)


class Tape:
    """The entries of a tar by name. `name` is how messages call it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Reads all headers. `BuildFailed` (`archive-damaged`) where it is no tar, `Refused` where it is packed."""
        self.name = name
        self._file = file
        self._spans = dict[str, Span]()
        self._links = dict[str, str]()
        self._strange = list[str]()
        self._index()

    @property
    def names(self) -> tuple[str, ...]:
        """Of its files, links aside, in order."""
        return tuple(self._spans)

    @property
    def strange(self) -> tuple[str, ...]:
        """Names of what is neither a file nor a folder, or would lie elsewhere if somebody unpacked the tar."""
        return tuple(self._strange)

    def span(self, name: str) -> Span | None:
        """Where a file lies, links followed; None: it is not there. A circle of links leads nowhere."""
        seen = set[str]()
        name = posixpath.normpath(name)
        while name in self._links and name not in seen:
            seen.add(name)
            name = self._links[name]
        return self._spans.get(name)

    def chunks(self, span: Span) -> Iterator[bytes]:
        """Its bytes."""
        at, end = span.start, span.start + span.size
        while at < end:
            with disk("reading", Path(self.name)):
                chunk = os.pread(self._file.fileno(), min(CHUNK, end - at), at)
            if not chunk:
                raise damaged(self.name, "it ends in the middle of a file")
            at += len(chunk)
            yield chunk

    def verified(self, span: Span, descriptor: Descriptor) -> Iterator[bytes]:
        """The same, and an end only where the digest is right."""
        if descriptor.size not in (span.size, -1):
            raise damaged(
                self.name, f"{descriptor.digest} has {count(span.size, 'byte')}, it should have {descriptor.size}"
            )
        digest = hashlib.sha256()
        for chunk in self.chunks(span):
            digest.update(chunk)
            yield chunk
        if f"sha256:{digest.hexdigest()}" != descriptor.digest:
            raise damaged(self.name, f"what should be {descriptor.digest} is sha256:{digest.hexdigest()}")

    def _check_plain(self) -> None:
        with disk("reading", Path(self.name)):
            head = os.pread(self._file.fileno(), _MAGIC, 0)
        if unpacks := next((it for mark, it in _PACKED.items() if head.startswith(mark)), ""):
            raise Refused(
                f"reading {self.name}: it is packed, and only a plain tar can be read",
                hint=f"{unpacks} < {shlex.quote(self.name)} > plain.tar",
                code="archive-unsupported",
            )

    def _index(self) -> None:
        self._check_plain()
        with disk("reading", Path(self.name)):
            size = os.fstat(self._file.fileno()).st_size
        try:
            with disk("reading", Path(self.name)), tarfile.open(fileobj=_Headers(self._file), mode="r:") as found:  # type: ignore[call-overload]  # it only reads and seeks
                for number, member in enumerate(found):
                    if number >= _MOST:
                        raise damaged(self.name, f"it has more than {_MOST:,} entries: is it an image?")
                    if member.isreg() and member.offset_data + member.size > size:
                        raise damaged(self.name, f"it ends in the middle of {member.name!r}")
                    self._note(member)
                    found.members = []  # they would be kept, every one
        except (tarfile.TarError, ValueError, OverflowError) as error:
            raise damaged(self.name, f"it is no tar that can be read: {error}") from error

    def _note(self, member: tarfile.TarInfo) -> None:
        name = posixpath.normpath(member.name)
        is_plain = member.isdir() or (member.isreg() and not member.issparse())
        if not is_plain or member.name.startswith("/") or ".." in member.name.split("/"):
            self._strange.append(member.name)
        self._spans.pop(name, None)
        self._links.pop(name, None)
        if member.issym():
            self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
        elif member.islnk():
            self._links[name] = posixpath.normpath(member.linkname)
        elif member.isreg() and not member.issparse():
            self._spans[name] = Span(member.offset_data, member.size)


def damaged(name: str, why: str) -> PaasError:
    """The archive is not what it should be; trying again would not help."""
    return BuildFailed(f"reading {name}: {why}", hint="make the archive again", code="archive-damaged")
