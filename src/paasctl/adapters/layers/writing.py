"""Write a layer: headers and contents, hashed and packed on the way. What is read must be what was hashed before."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from paasctl.adapters.layers.reading import changed, reading
from paasctl.errors import ConfigError
from paasctl.model.image import Descriptor
from paasctl.oci.building.compose import Entry, Given, InArchive, OnDisk, Source, header
from paasctl.oci.documents.manifest import OCI_LAYER
from paasctl.oci.tar.rebuild import END, padding
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs, Packing
from paasctl.ports.images import Layout

_CHUNK = 1 << 20
PACKING: Packing = "gzip"


def write_layer(entries: Sequence[Entry], into: Layout, codecs: Codecs, cancel: Cancel) -> tuple[Descriptor, str]:
    """The blob, and its diff_id. Interrupted, it leaves nothing."""
    digest, packer = hashlib.sha256(), codecs.compressor(PACKING)
    with into.writer() as writer, ExitStack() as opened:
        for piece in _gathered(_tar(entries, Archives(opened), cancel)):
            digest.update(piece)
            if packed := packer.compress(piece):
                writer.write(packed)
        writer.write(packer.flush())
        return writer.commit(OCI_LAYER), f"sha256:{digest.hexdigest()}"


def _tar(entries: Sequence[Entry], archives: Archives, cancel: Cancel) -> Iterator[bytes]:
    for it in entries:
        cancel.check()
        yield header(it)
        if it.source and it.source.kind == "file":
            yield from archives.content(it.source)
            yield padding(it.source.size)
    yield END


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about 1 MiB: hashing and packing let other threads run only while they are long."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


@dataclass(slots=True)
class Archives:
    """Contents of sources. Zip archives stay open until the stack is closed."""

    opened: ExitStack
    archives: dict[bytes, zipfile.ZipFile] = field(default_factory=dict)

    def content(self, source: Source) -> Iterator[bytes]:
        """The bytes of a file, exactly as many as were announced. `ConfigError` where it is unreadable or changed."""
        match source.content:
            case OnDisk(path):
                yield from content_of(path, source.size, source.digest)
            case InArchive(path, name, sha256):
                with reading(path):
                    archive = self._archive(path, source.digest)
                yield from _member(archive, name, source.size, sha256)
            case Given(data):
                yield data
            case None:
                return
            case _:
                assert_never(source.content)

    def _archive(self, path: bytes, digest: str) -> zipfile.ZipFile:
        if path not in self.archives:
            for _ in content_of(path, Path(os.fsdecode(path)).stat().st_size, digest):
                pass
            self.archives[path] = self.opened.enter_context(open_zip(Path(os.fsdecode(path))))
        return self.archives[path]


def _member(archive: zipfile.ZipFile, name: str, size: int, sha256: str) -> Iterator[bytes]:
    """In chunks: a wheel may have a library of a gigabyte."""
    digest, left = hashlib.sha256(), size
    with _reading(archive, name):
        opened = archive.open(name)
    with opened as member:
        while True:
            with _reading(archive, name):
                chunk = member.read(_CHUNK)
            if not chunk:
                break
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
    if left:
        raise _damaged(archive, f"its {name} has {size - left} bytes, not {size}")
    if sha256 and digest.hexdigest() != sha256:
        raise _damaged(archive, f"its {name} is not what its RECORD says")


@contextmanager
def _reading(archive: zipfile.ZipFile, name: str) -> Iterator[None]:
    with reading(Path(str(archive.filename))):
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _damaged(archive, f"its {name}: {error}") from error


def _damaged(archive: zipfile.ZipFile, why: str) -> ConfigError:
    return ConfigError(f"reading {archive.filename}: {why}", where=str(archive.filename), code="file-damaged")


def open_zip(path: Path) -> zipfile.ZipFile:
    """A zip archive. `ConfigError` where it is none."""
    with reading(path):
        try:
            return zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise ConfigError(f"reading {path}: {error}", where=str(path), code="file-damaged") from error


def content_of(path: bytes, size: int, wanted: str) -> Iterator[bytes]:
    """The content of a file of known size and hash."""
    digest, left = hashlib.sha256(), size
    with reading(path):
        file = open(path, "rb", buffering=0)  # noqa: SIM115, PTH123 - closed below; the path is bytes
    with file:
        while left > 0:
            with reading(path):
                chunk = file.read(min(left, _CHUNK))
            if not chunk:
                break
            left -= len(chunk)
            digest.update(chunk)
            yield chunk
        if left or digest.hexdigest() != wanted or file.read(1):
            raise changed(path)
