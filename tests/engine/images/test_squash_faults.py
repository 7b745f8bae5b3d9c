"""What a squash refuses, and what is left of one that did not work: no file, no thread, and a reason."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed, Cancelled, PaasError, Refused, Unavailable
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from support.clock import FakeCancel
from support.images import document, lay_image, tars_of
from support.naive import seen
from support.squashing import ABOVE, ALL, TARS, idle, squash
from support.tars import Entry, tar_of


@pytest.fixture
def here(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "there")


def _unsupported(here: FolderLayout, edit: Any) -> None:
    manifest = document(here, lay_image(here, "web", TARS))
    edit(manifest)
    here.lay("web", here.put(documents.OCI_MANIFEST, json.dumps(manifest).encode()))


def _kind(media_type: str, number: int = 1) -> Any:
    return lambda manifest: manifest["layers"][number].update(mediaType=media_type)


FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
UNSUPPORTED = {
    "an encrypted layer": (_kind("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"), "is encrypted"),
    "a foreign layer above the cut": (_kind(FOREIGN), "may not be distributed"),
    "schema 1": (lambda manifest: manifest.update(schemaVersion=1), "its manifest is"),
    "an artifact": (lambda manifest: manifest["config"].update(mediaType="application/x"), "it is an artifact"),
}


def test_layers_that_stay_as_they_are_can_be_stopped_on_their_way_too(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    with pytest.raises(Cancelled):
        squash(here, there, replace(ALL, layers=3), cancel=FakeCancel(after=0))
    assert list((there.root / "blobs" / "sha256").iterdir()) == []


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_what_cannot_be_squashed_is_refused_with_its_reason(case: str, here: FolderLayout, there: FolderLayout) -> None:
    edit, why = UNSUPPORTED[case]
    _unsupported(here, edit)
    with pytest.raises(Refused, match=why):
        squash(here, there, ABOVE)


def test_windows_is_refused(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS, config={"os": "windows"})
    with pytest.raises(Refused, match="Windows"):
        squash(here, there)


def _huge() -> bytes:
    block = bytearray(tar_of("a=1")[:512])
    block[124:136] = b"\x80" + (1 << 40).to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\x00 " % sum(block)
    return bytes(block) + bytes(4096)


HOSTILE: dict[str, tuple[bytes, type[PaasError], str]] = {
    "no tar": (b"#!/bin/sh\nexit\n" + bytes(1000), Refused, "no tar archive"),
    "a member of 1 TB": (_huge(), BuildFailed, "ends in the middle"),
    "a cut tar": (tar_of("a=" + "x" * 2000)[:1500], BuildFailed, "ends in the middle"),
    "a path of 4,096 directories": (tar_of("/".join("d" * 4096) + "/f=1"), Refused, "directories deep"),
    "a name that leaves the root": (tar_of("../../etc/passwd=x"), Refused, "leaves the root"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_layer_is_told_and_nothing_is_left(case: str, here: FolderLayout, there: FolderLayout) -> None:
    tar, error, why = HOSTILE[case]
    lay_image(here, "web", [*TARS, tar])
    with pytest.raises(error, match=why):
        squash(here, there)
    assert list((there.root / "blobs/sha256").iterdir()) == []
    assert idle()


def test_an_attribute_of_64_kilobytes_survives(here: FolderLayout, there: FolderLayout) -> None:
    big = Entry("a", data=b"1", xattrs={"user.k": "v" * 65_536})
    lay_image(here, "web", [tar_of(big, "l==a"), tar_of("k=1"), tar_of(".wh.k")])
    made = squash(here, there)
    assert seen(*tars_of(there, made.root)) == seen(tar_of(big, "l==a"))


class Full(FolderLayout):
    """A disk with room for so many bytes of blobs."""

    room = 0

    @contextmanager
    def writer(self, size: int = -1) -> Iterator[Any]:
        with super().writer(size) as honest:
            yield _Measured(self, honest)


class _Measured:
    def __init__(self, disk: Full, honest: Any) -> None:
        self._disk = disk
        self._honest = honest

    def write(self, chunk: bytes) -> None:
        self._disk.room -= len(chunk)
        if self._disk.room < 0:
            raise Unavailable("writing a blob: no space left on device", code="disk-full")
        self._honest.write(chunk)

    def commit(self, media_type: str) -> Descriptor:
        found: Descriptor = self._honest.commit(media_type)
        return found


@pytest.mark.parametrize("room", [0, 100, 300_000])
@pytest.mark.parametrize("layers", [1, 4])
def test_a_full_disk_ends_it_at_once_and_cleanly(
    here: FolderLayout, there: FolderLayout, room: int, layers: int
) -> None:  # B1
    """No stage waits for another for ever."""
    noise = [tar_of(Entry(f"f{it}", data=os.urandom(700_000))) for it in range(12)]
    lay_image(here, "web", noise)
    full = Full(there.root)
    full.room = room
    with pytest.raises(Unavailable, match="no space left"):
        squash(here, full, replace(ALL, layers=layers))
    assert idle()
    assert list(there.root.rglob(".tmp-*")) == []


@pytest.mark.parametrize("after", [0, 5, 11, 17, 21])
def test_stopped_anywhere_no_thread_and_no_file_is_left(here: FolderLayout, there: FolderLayout, after: int) -> None:
    lay_image(here, "web", [tar_of(f"f{it}=" + "x" * 50_000) for it in range(12)])
    with pytest.raises(Cancelled):
        squash(here, there, cancel=FakeCancel(after=after))
    assert idle()
    assert list(there.root.rglob(".tmp-*")) == []


class Fickle(FolderLayout):
    """A disk where a dead file of a layer is another one the second time."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.times = Counter[str]()

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        self.times[descriptor.digest] += 1
        with super().open(descriptor) as honest:
            yield _checked(honest, descriptor, again=self.times[descriptor.digest] > 1)


def _checked(chunks: Iterator[bytes], descriptor: Descriptor, *, again: bool) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        given = chunk.replace(b"dead", b"dear") if again else chunk
        digest.update(given)
        yield given
    if f"sha256:{digest.hexdigest()}" != descriptor.digest:
        raise Unavailable("other bytes came", code="blob-damaged")


def test_a_layer_is_read_to_its_end_the_second_time_too(here: FolderLayout, there: FolderLayout) -> None:
    """A blob's digest is compared at its end, which is behind all that is copied from it."""
    lay_image(
        here, "web", [tar_of("k=1"), tar_of("a=alive", "b=" + "x" * 3_000_000, "c=dead"), tar_of(".wh.c", ".wh.b")]
    )
    assert squash(here, there).changed
    with pytest.raises(Unavailable, match="other bytes came"):
        squash(Fickle(here.root), there)
    assert idle()
