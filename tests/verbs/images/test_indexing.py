"""How a question reads layers: so many at once, the next one on its way meanwhile, each applied as it comes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import create_layout
from paasctl.errors import BuildFailed, Refused
from paasctl.model.image import Descriptor
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.columns import layer_bytes
from paasctl.oci.tree.indexed import index_of
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack, stack
from paasctl.oci.tree.tree import look
from paasctl.ports.codecs import LayerReader
from paasctl.ports.images import Blobs
from paasctl.verbs.images.indexing import Indexing
from paasctl.verbs.images.one import choose_one
from paasctl.verbs.images.reading import find, located
from support.clock import FakeCancel
from support.images import lay_image
from support.tars import tar_of
from support.world import FakeWorld

_LONG = 20.0
_TARS = [
    tar_of(f"{it}=1", "same=" + it, data)
    for it, data in zip("abcde", ["x=" + "1" * it for it in range(5)], strict=True)
]
Read = Callable[[Iterable[bytes], str], tuple[str, bytes]]


def really(packed: Iterable[bytes], layer: str) -> tuple[str, bytes]:
    """What a process beside us does."""
    codecs = MachineCodecs()
    diff_id, found = index_of(codecs.inflate(packed, layer), layer, sha256_of)
    return diff_id, layer_bytes(found)


class Reader:
    """Reads layers as the test wishes."""

    def __init__(self, reads: Read) -> None:
        self._reads = reads

    def read(self, packed: Iterable[bytes], layer: str, *, quick: bool) -> tuple[str, bytes]:
        del quick
        return self._reads(packed, layer)

    def watch(self, packed: Iterable[bytes], layer: str, *, quick: bool, saw: Callable[[bytes], None]) -> str:
        raise AssertionError(f"nobody who indexes {layer} needs it in parts: {packed}, {quick}, {saw}")


class Codecs(MachineCodecs):
    """With a reader of the test's own."""

    def __init__(self, reads: Read) -> None:
        self._reads = reads

    @contextmanager
    def beside(self, layers: int, packed: int) -> Iterator[LayerReader | None]:
        del layers, packed
        yield Reader(self._reads)


Opened = Callable[[Descriptor, Iterator[bytes]], Iterator[bytes]]


class Watched:
    """Blobs of which every one that is begun is told."""

    def __init__(self, blobs: Blobs, opened: Opened) -> None:
        self.name = "watched"
        self._blobs = blobs
        self._opened = opened

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        with self._blobs.open(descriptor) as chunks:
            yield self._opened(descriptor, chunks)


def read(folder: Path, tars: list[bytes], reads: Read, opened: Opened) -> Stack:
    """What is seen of an image of these layers."""
    lay_image(create_layout(folder / "here"), "web", tars)
    world = FakeWorld.make(folder / "world")
    world.codecs = Codecs(reads)
    found = find(world.source(located(f"oci:{folder}/here:web", "SRC")), None)
    watched = replace(found, source=Watched(found.source, opened))  # type: ignore[arg-type]
    return Indexing(world, FakeCancel()).stack(watched, choose_one(found))


def test_the_next_layer_is_on_its_way_while_each_processor_reads_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    lock, begun, reading, most = threading.Lock(), list[str](), set[str](), list[int]()
    third = threading.Event()

    def opened(descriptor: Descriptor, chunks: Iterator[bytes]) -> Iterator[bytes]:
        begun.append(descriptor.digest)
        if len(begun) == 3:
            third.set()
        yield from chunks

    def reads(packed: Iterable[bytes], layer: str) -> tuple[str, bytes]:
        with lock:
            reading.add(layer)
            most.append(len(reading))
        assert third.wait(_LONG), "nothing was asked for while two were being read"
        made = really(packed, layer)
        with lock:
            reading.remove(layer)
        return made

    seen = read(tmp_path, _TARS, reads, opened)
    assert [it.size for it in seen.layers] == list(map(len, _TARS))
    assert max(most) == 2
    assert sorted(begun) == sorted({it.name for it in seen.layers})
    assert look(seen.top, b"same", "") is not None


def test_a_layer_that_fails_stops_those_that_are_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    slow = threading.Event()
    ended = list[str]()

    def opened(descriptor: Descriptor, chunks: Iterator[bytes]) -> Iterator[bytes]:
        if descriptor.size < 5000:
            assert slow.wait(_LONG)
            yield from chunks
            return
        slow.set()
        for _ in range(int(_LONG / 0.01)):  # the lowest layer, which everything above it waits for
            threading.Event().wait(0.01)
            yield b"\0" * 512
        ended.append("it was read to its end")

    def reads(packed: Iterable[bytes], layer: str) -> tuple[str, bytes]:
        for _ in packed:
            pass
        raise BuildFailed(f"{layer} is broken", code="layer-damaged")

    with pytest.raises(BuildFailed, match="is broken"):
        read(tmp_path, [tar_of("big=" + "1" * 9000), tar_of("a=1")], reads, opened)
    assert slow.is_set()
    assert not ended


def test_layers_are_applied_as_they_come() -> None:
    _, lower = index_of([tar_of("a==nowhere")], "lower")

    def coming() -> Iterator[Layer]:
        yield lower
        raise AssertionError("the lower one was not applied yet")

    with pytest.raises(Refused, match="a hard link to /nowhere"):
        stack(coming())
