"""Archives of images in a folder, to read and to write."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import zstandard

from paasctl.adapters.images.archive import ArchiveDestination, archive_source
from paasctl.adapters.images.shelf import ShelfSource
from paasctl.adapters.images.tarred import TarTarget
from paasctl.model.location import InArchive
from paasctl.oci.documents.manifest import descriptor_from

Tar = tarfile.TarFile


class Archives:
    """Archives in a folder, opened."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.path = folder / "image.tar"
        self.stack = stack

    def written(self, content: bytes | Callable[[Tar], None]) -> None:
        if isinstance(content, bytes):
            self.path.write_bytes(content)
            return
        with tarfile.open(self.path, "w") as tar:
            content(tar)

    def source(self, name: str = "") -> ShelfSource:
        return archive_source(InArchive("image.tar", name), self.path, self.stack)

    def target(self, name: str = "") -> TarTarget:
        return TarTarget(ArchiveDestination(InArchive("image.tar", name), self.path), self.stack)

    def manifest(self, name: str = "") -> dict[str, Any]:
        source = self.source(name)
        found: dict[str, Any] = json.loads(source.read(source.root()))
        return found

    def layers(self, name: str = "") -> list[bytes]:
        """The layers, unpacked."""
        source = self.source(name)
        found = []
        for it in self.manifest(name)["layers"]:
            with source.open(descriptor_from(it, "test")) as chunks:
                content = b"".join(chunks)
            if it["mediaType"].endswith("gzip"):
                content = gzip.decompress(content)
            elif it["mediaType"].endswith("zstd"):
                content = zstandard.ZstdDecompressor().decompress(content)
            found.append(content)
        return found
