"""An OCI image layout on disk (image-spec `image-layout.md`): blobs by digest, places in `index.json`.

A digest is there whole or not at all (`disk.py`), and on the disk before `index.json` names it; one of another size,
as others or a power cut may leave it, is not there. `index.json` changes under the layout's lock, so several processes
may write at once; what a killed one left behind is removed by the next to open the layout.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from paasctl.adapters.disk import TEMPORARY, disk, held, remove_unheld, settle, settle_folder, temporary
from paasctl.errors import BuildFailed, ConfigError, Missing, PaasError, Refused
from paasctl.model.image import Descriptor
from paasctl.oci.documents.companions import subject_of
from paasctl.oci.documents.manifest import Json, canonical, descriptor_from, descriptor_json, digest_of, parse_document

CHUNK = 1 << 20
PLACE = "org.opencontainers.image.ref.name"
MARKER, _INDEX, _LOCK = "oci-layout", "index.json", ".lock"
_VERSION = "1.0.0"
_SMALL = 32 << 20
"""Bytes of the largest manifest or configuration read whole."""
_ANEW = "make the layout again, in a folder that is empty"


class _Writer:
    """`ports.BlobWriter`: grows a temporary file, hashing on the way."""

    def __init__(self, layout: FolderLayout, path: Path, file: BinaryIO) -> None:
        self._layout = layout
        self._path = path
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Append."""
        with disk("writing", self._path):
            self._file.write(chunk)
        self._digest.update(chunk)
        self._size += len(chunk)

    def commit(self, media_type: str) -> Descriptor:
        """Make it visible under its digest; the same content already there is the same blob."""
        digest = f"sha256:{self._digest.hexdigest()}"
        with disk("writing", self._path):
            settle(self._file)
            self._path.replace(self._layout.path(digest))
        return Descriptor(media_type, digest, self._size)


class FolderLayout:
    """`ports.Layout` over a folder. Make one with `create_layout` or `open_layout`."""

    def __init__(self, root: Path) -> None:
        """`root` is a layout already."""
        self._root = root
        self._blobs = root / "blobs" / "sha256"

    @property
    def root(self) -> Path:
        """Its folder."""
        return self._root

    def path(self, digest: str) -> Path:
        """Where a blob lies or would lie."""
        algorithm, _, name = digest.partition(":")
        if algorithm != "sha256" or len(name) != 64 or not name.isalnum():
            raise Missing(f"reading {self._root}: {digest!r} is no sha256 digest", code="blob-missing")
        return self._blobs / name

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether the blob is there, and as large as it should be. A size below 0 is unknown."""
        path = self.path(digest)
        with disk("reading", self._blobs):
            return path.is_file() and (size < 0 or path.stat().st_size == size)

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """The blob in chunks of 1 MiB; its end is only reached if every byte was right. A size below 0 is unknown."""
        path = self.path(descriptor.digest)
        with disk("reading", path):
            file = path.open("rb") if path.is_file() else None
        if file is None:
            raise Missing(
                f"reading {descriptor.digest} in {self._root}: it is not there",
                hint="copy or build the image again",
                code="blob-missing",
            )
        with file:
            yield _verified(file, path, descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob whole, verified."""
        if descriptor.size > _SMALL:
            raise _large(descriptor, self._root, descriptor.size)
        with self.open(descriptor) as chunks:
            return b"".join(_small(chunks, descriptor, self._root))

    @contextmanager
    def writer(self, size: int = -1) -> Iterator[_Writer]:
        """Write one blob; whatever was not committed is gone afterwards."""
        del size
        with temporary(self._blobs, self._root / _LOCK) as (path, file):
            yield _Writer(self, path, file)

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """Write a small blob whole."""
        digest = digest_of(content)
        if self.has(digest, len(content)):
            return Descriptor(media_type, digest, len(content))
        with self.writer() as writer:
            writer.write(content)
            return writer.commit(media_type)

    def places(self) -> tuple[tuple[str, Descriptor], ...]:
        """Everything in `index.json`, in order; an unnamed manifest has the place ""."""
        found = self._index().get("manifests") or []
        laid = [descriptor_from(it, f"{self._root}/{_INDEX}") for it in found]
        return tuple((it.annotations.get(PLACE, ""), it) for it in laid)

    def place(self, name: str) -> Descriptor | None:
        """What lies at a place; None: nothing."""
        return next((descriptor for place, descriptor in self.places() if place == name), None)

    def referrers(self, digest: str) -> tuple[tuple[str, Descriptor], ...]:
        """What lies at a place and vouches for a manifest, each with its place."""
        found = [(place, it) for place, it in self.places() if it.artifact_type and self.has(it.digest)]
        return tuple(it for it in found if subject_of(parse_document(self.read(it[1]), it[0])) == digest)

    def lay(self, name: str, descriptor: Descriptor) -> None:
        """Put a manifest at a place, replacing what was there; other entries stay as they are."""
        entry = descriptor_json(descriptor)
        entry["annotations"] = {**descriptor.annotations, PLACE: name}
        self.edit(lambda before: [*(it for it in before if (it.get("annotations") or {}).get(PLACE) != name), entry])

    def edit(self, change: Callable[[list[Json]], list[Json]]) -> None:
        """Change the entries of `index.json` under the layout's lock; what `change` raises leaves them as they are."""
        with held(self._root / _LOCK):
            index = self._index()
            changed = change(index.get("manifests") or [])
            with disk("writing", self._blobs):
                settle_folder(self._blobs)
            _replace(self._root / _INDEX, {**index, "manifests": changed})

    def sweep(self) -> None:
        """Remove temporary files that no living process holds."""
        with held(self._root / _LOCK), disk("clearing", self._blobs):
            remove_unheld(self._root)
            remove_unheld(self._blobs)

    def _index(self) -> Json:
        path = self._root / _INDEX
        with disk("reading", path):
            content = path.read_bytes()
        index = _document(path, content)
        if not isinstance(index.get("manifests") or [], list):
            raise BuildFailed(f"reading {path}: it lists no manifests", hint=_ANEW, code="layout-damaged")
        return index


def create_layout(root: Path) -> FolderLayout:
    """The layout in `root`, made if there is none. A folder with other things in it is refused."""
    with disk("making", root):
        root.mkdir(parents=True, exist_ok=True)
        if not (root / MARKER).exists():
            _refuse_strangers(root)
        (root / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    with held(root / _LOCK):
        if not (root / _INDEX).exists():
            _replace(root / _INDEX, {"schemaVersion": 2, "manifests": []})
        if not (root / MARKER).exists():
            _replace(root / MARKER, {"imageLayoutVersion": _VERSION})
    return open_layout(root)


def _refuse_strangers(root: Path) -> None:
    ours = ("blobs", _INDEX, _LOCK)
    strangers = [it.name for it in root.iterdir() if it.name not in ours and not it.name.startswith(TEMPORARY)]
    if strangers:
        raise ConfigError(
            f"making an image layout in {root}: it holds other things ({min(strangers)})",
            hint="name an empty folder, or one that does not exist yet",
        )


def open_layout(root: Path) -> FolderLayout:
    """The layout in `root`. A folder that is none is a `ConfigError`; leftovers of killed processes are removed."""
    layout = read_layout(root)
    layout.sweep()
    return layout


def read_layout(root: Path) -> FolderLayout:
    """The layout in `root`, not touched in any way: for layouts that may be somebody else's."""
    path = root / MARKER
    with disk("reading", root):
        content = path.read_bytes() if path.is_file() else None
        is_whole = (root / _INDEX).is_file()
    if content is None:
        raise ConfigError(
            f"opening the image layout {root}: no {MARKER} file in it",
            hint="name a folder that holds an OCI image layout",
        )
    if not is_whole:
        raise BuildFailed(f"opening the image layout {root}: no {_INDEX} file in it", hint=_ANEW, code="layout-damaged")
    version = _document(path, content).get("imageLayoutVersion")
    if version != _VERSION:
        raise Refused(
            f"opening the image layout {root}: its version is {version!r}, not {_VERSION}", code="image-unsupported"
        )
    return FolderLayout(root)


def _replace(path: Path, document: Json) -> None:
    with temporary(path.parent) as (fresh, file), disk("writing", path):
        file.write(canonical(document))
        settle(file)
        fresh.replace(path)


def _document(path: Path, content: bytes) -> Json:
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BuildFailed(f"reading {path}: it is no JSON: {error}", hint=_ANEW, code="layout-damaged") from error
    if not isinstance(document, dict):
        raise BuildFailed(f"reading {path}: it is no JSON object", hint=_ANEW, code="layout-damaged")
    return document


def _verified(file: BinaryIO, path: Path, descriptor: Descriptor) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    while True:
        with disk("reading", path):
            chunk = file.read(CHUNK)
        if not chunk:
            break
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    if f"sha256:{digest.hexdigest()}" != descriptor.digest or descriptor.size not in (size, -1):
        raise _damaged(path, descriptor, size)


def _small(chunks: Iterator[bytes], descriptor: Descriptor, root: Path) -> Iterator[bytes]:
    """The same, as long as they are few: a size may be unknown."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _SMALL:
            raise _large(descriptor, root, size)
        yield chunk


def _large(descriptor: Descriptor, root: Path, size: int) -> PaasError:
    return BuildFailed(f"reading {descriptor.digest} in {root}: {size} bytes are no manifest", code="blob-damaged")


def _damaged(path: Path, descriptor: Descriptor, size: int) -> PaasError:
    return BuildFailed(
        f"reading {path}: its {size} bytes are not {descriptor.digest} of {descriptor.size} bytes",
        hint=f"rm {path}, and copy or build the image again",
        code="blob-damaged",
    )
