"""Layers between where they lie and the algebra: index one, write a new one. Content streams; only headers are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from paasctl.engine.images.together import Meter
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor
from paasctl.oci.emit import Copy, Program
from paasctl.oci.layer import Layer
from paasctl.oci.manifest import STARGZ_TOC
from paasctl.oci.tar import members
from paasctl.ports.codecs import Codecs, Compressor
from paasctl.ports.images import Blobs, BlobWriter, ImageTarget
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """A new layer at the target, and its index: what was scanned of the very bytes that were written."""

    descriptor: Descriptor
    diff_id: str
    layer: Layer


def index_layer(blobs: Blobs, descriptor: Descriptor, diff_id: str, codecs: Codecs, *, meter: Meter) -> Layer:
    """The layer's index. Both digests are verified: the blob's, and `diff_id` of what it unpacks to."""
    tally = _Tally()
    with blobs.open(descriptor) as chunks:
        unpacked = codecs.inflate(_metered(chunks, meter), descriptor.digest)
        found = tuple(members(tally.over(unpacked), descriptor.digest))
    if tally.digest != diff_id:
        raise BuildFailed(
            f"reading layer {descriptor.digest}: it unpacks to {tally.digest}, the configuration says {diff_id}",
            code="layer-damaged",
        )
    return Layer(descriptor.digest, found, STARGZ_TOC in descriptor.annotations, tally.size)


def write_layer(
    program: Program,
    sources: Sequence[tuple[Blobs, Descriptor]],
    target: ImageTarget,
    packing: tuple[str, Compressor, Codecs],
    meter: Meter,
) -> Made:
    """Carry out an emit program. Interrupted, it leaves nothing (row B8)."""
    media_type, packer, codecs = packing
    tally, packed = _Tally(), _Tally()
    with target.writer() as writer:
        pieces = tally.over(_pieces(program, sources, codecs, meter))
        found = tuple(members(_packed(pieces, packer, writer, packed), "written"))
        last = packer.flush()
        packed.note(last)
        writer.write(last)
        made = writer.commit(media_type)
    if made.digest != packed.digest:
        raise BuildFailed(
            f"writing a layer to {target.name}: {packed.digest} was sent, {made.digest} is there", code="layer-damaged"
        )
    return Made(made, tally.digest, Layer(made.digest, found, size=tally.size))


def _packed(pieces: Iterable[bytes], packer: Compressor, writer: BlobWriter, packed: _Tally) -> Iterator[bytes]:
    for piece in pieces:
        if chunk := packer.compress(piece):
            packed.note(chunk)
            writer.write(chunk)
        yield piece


def _pieces(
    program: Program, sources: Sequence[tuple[Blobs, Descriptor]], codecs: Codecs, meter: Meter
) -> Iterator[bytes]:
    """The bytes of a program. Layers are opened one after the other; one with nothing alive is not opened."""
    with ExitStack() as opened:
        current, reader = -1, _Forward((), "")
        for op in program:
            if not isinstance(op, Copy):
                yield op
                continue
            if op.layer != current or op.start < reader.at:
                opened.close()
                blobs, descriptor = sources[op.layer]
                chunks = opened.enter_context(blobs.open(descriptor))
                reader = _Forward(codecs.inflate(_metered(chunks, meter), descriptor.digest), descriptor.digest)
                current = op.layer
            yield from reader.span(op.start, op.end)


class _Tally:
    """Digest and size of what passed."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def note(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.note(chunk)
            yield chunk


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
