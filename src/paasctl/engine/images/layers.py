"""Layers between a layout and the algebra: index one, write a new one. Content streams; only headers are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack

from paasctl.engine.images.together import Meter
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor
from paasctl.oci.emit import Copy, Program
from paasctl.oci.gzip import Compressor, inflate
from paasctl.oci.layer import Layer
from paasctl.oci.manifest import STARGZ_TOC
from paasctl.oci.tar import members
from paasctl.ports.images import Layout


def index_layer(layout: Layout, descriptor: Descriptor, diff_id: str, meter: Meter) -> Layer:
    """The layer's index. Both digests are verified: the blob's, and `diff_id` of what it unpacks to."""
    digest = hashlib.sha256()
    with layout.open(descriptor) as chunks:
        unpacked = inflate(_metered(chunks, meter), descriptor.digest)
        found = tuple(members(_noted(unpacked, digest.update), descriptor.digest))
    if f"sha256:{digest.hexdigest()}" != diff_id:
        raise BuildFailed(
            f"reading layer {descriptor.digest}: it unpacks to sha256:{digest.hexdigest()}, "
            f"the configuration says {diff_id}",
            code="layer-damaged",
        )
    return Layer(descriptor.digest, found, stargz=STARGZ_TOC in descriptor.annotations)


def write_layer(
    program: Program, sources: Sequence[Descriptor], layout: Layout, media_type: str, meter: Meter
) -> tuple[Descriptor, str]:
    """Carry out an emit program: the new blob, and its diff_id. Interrupted, it leaves nothing (row B8)."""
    digest, packer = hashlib.sha256(), Compressor()
    with layout.writer() as writer:
        for piece in _pieces(program, sources, layout, meter):
            digest.update(piece)
            if packed := packer.compress(piece):
                writer.write(packed)
        writer.write(packer.flush())
        return writer.commit(media_type), f"sha256:{digest.hexdigest()}"


def _pieces(program: Program, sources: Sequence[Descriptor], layout: Layout, meter: Meter) -> Iterator[bytes]:
    """The bytes of a program. Layers are opened one after the other; one with nothing alive is not opened."""
    with ExitStack() as opened:
        current, reader = -1, _Forward((), "")
        for op in program:
            if not isinstance(op, Copy):
                yield op
                continue
            if op.layer != current or op.start < reader.at:
                opened.close()
                chunks = opened.enter_context(layout.open(sources[op.layer]))
                name = sources[op.layer].digest
                reader = _Forward(inflate(_metered(chunks, meter), name), name)
                current = op.layer
            yield from reader.span(op.start, op.end)


class _Forward:
    """Spans of a stream, in their order."""

    def __init__(self, chunks: Iterable[bytes], layer: str) -> None:
        self._layer = layer
        self._chunks = iter(chunks)
        self._held = b""
        self._from = 0
        self.at = 0

    def span(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`; `start` is not before the last span's end."""
        self.at = start
        while self.at < end:
            if self.at >= self._from + len(self._held):
                self._from += len(self._held)
                self._held = next(self._chunks, b"")
                if not self._held:
                    raise BuildFailed(f"copying layer {self._layer}: it ends too early", code="layer-damaged")
                continue
            piece = self._held[self.at - self._from : end - self._from]
            self.at += len(piece)
            yield piece


def _metered(chunks: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    for chunk in chunks:
        meter.moved(len(chunk))
        yield chunk


def _noted(chunks: Iterable[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        note(chunk)
        yield chunk
