"""Carry out emit programs: all new layers in one pass over the old ones, each packed, proved and sent on its way.

Inflating, hashing, packing and sending run side by side, in threads: their libraries let the interpreter go.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from heapq import heappop, heappush

from paasctl.engine.images.pipe import Stage
from paasctl.engine.images.readers import Readers, Unpacked
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor
from paasctl.oci.tar.member import Member
from paasctl.oci.tar.members import members
from paasctl.oci.tar.tally import Tally
from paasctl.oci.tar.tape import Digest, sha256_of
from paasctl.oci.tree.columns import each_member
from paasctl.oci.tree.emit import Copy, Op, Program
from paasctl.ports.codecs import Codecs, Compressor, LayerReader, Packing
from paasctl.ports.images import ImageTarget
from paasctl.values import dataclass

_BATCH = 1 << 20
"""Bytes handed from stage to stage, in all lanes together; fewer where there are many."""
_LANES = 16
"""Layers written at once: each is an upload, three threads and some buffers. More are written in further passes."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new layer at the target."""

    descriptor: Descriptor
    diff_id: str
    size: int
    """Bytes of its tar."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How new layers are written."""

    target: ImageTarget
    codecs: Codecs
    packing: Packing
    media_type: str
    digest: Digest
    """What the witness knows the content of files by."""
    witness: Callable[[int], Callable[[Member], None]] | None
    """Given a new layer's number, from 1: what is told of each of its members. None: nobody looks."""
    beside: LayerReader | None = None
    """Who reads the members of what was written, where not we ourselves: then nobody here waits for the interpreter."""


def emit(programs: Sequence[Program], unpacked: Unpacked, to: Writing) -> list[Made]:
    """The new layers, written. Interrupted, it leaves nothing (row B8)."""
    made: list[Made] = []
    for first in range(0, len(programs), _LANES):
        made += _pass(programs[first : first + _LANES], unpacked, to, first + 1)
    return made


def _pass(programs: Sequence[Program], unpacked: Unpacked, to: Writing, first: int) -> list[Made]:
    ends: dict[int, int] = {}
    for program in programs:
        ends.update((layer, max(end, ends.get(layer, 0))) for layer, end in program.ends.items())
    with ExitStack() as opened:
        batch = _BATCH // len(programs)
        lanes = [_Lane(opened, to, first + number, batch, _packed_size(it, to)) for number, it in enumerate(programs)]
        readers = opened.enter_context(Readers(unpacked, ends, min(4, os.cpu_count() or 1)))
        _deliver(programs, lanes, readers)
        readers.end()
        return [it.end() for it in lanes]


def _packed_size(program: Program, to: Writing) -> int:
    """Of what will be written of it; below 0: that is known at its end only."""
    return program.size if to.packing == "none" else -1


def _deliver(programs: Sequence[Program], lanes: Sequence[_Lane], readers: Readers) -> None:
    """Give every lane its bytes. The layers are read once: whichever lane's span comes first gets it first."""
    ops = [iter(it) for it in programs]
    waiting: list[tuple[int, int, int, int]] = []
    for number in range(len(programs)):
        _advance(number, ops, lanes, waiting)
    while waiting:
        layer, start, number, end = heappop(waiting)
        for piece in readers.span(layer, start, end):
            lanes[number].put(piece)
        _advance(number, ops, lanes, waiting)


def _advance(
    number: int, ops: Sequence[Iterator[Op]], lanes: Sequence[_Lane], waiting: list[tuple[int, int, int, int]]
) -> None:
    """Go on with a program until it wants a span."""
    for op in ops[number]:
        if isinstance(op, Copy):
            heappush(waiting, (op.layer, op.start, number, op.end))
            return
        lanes[number].put(op)


class _Lane:
    """One new layer on its way."""

    def __init__(self, opened: ExitStack, to: Writing, number: int, batch: int, size: int) -> None:
        self._to = to
        self._batch = batch
        self._held: list[bytes | memoryview] = []
        self._size = 0
        self._whole = 0
        self._plain, self._packed = Tally(), Tally()
        self._diff_id = ""
        self._apart = to.witness is not None and to.beside is not None
        self._writer = opened.enter_context(to.target.writer(size))
        self._sending = opened.enter_context(Stage(self._send))
        packer = to.codecs.compressor(to.packing)
        self._packing = opened.enter_context(Stage(lambda chunks: self._pack(chunks, packer)))
        self._watching = None
        if to.witness:
            saw, name = to.witness(number), f"{number} of the result"
            self._watching = opened.enter_context(Stage(lambda chunks: self._watch(chunks, name, saw)))

    def put(self, piece: bytes | memoryview) -> None:
        """The next bytes of the tar. They go on in batches of one size, which need not be cut and copied again."""
        while self._size + len(piece) >= self._batch:
            end = self._batch - self._size
            self._held.append(piece[:end])
            self._hand_on()
            piece = piece[end:]
        self._held.append(piece)
        self._size += len(piece)

    def end(self) -> Made:
        """All bytes were given: the layer is at the target."""
        self._hand_on()
        if self._watching:
            self._watching.end()
        self._packing.end()
        self._sending.end()
        found = self._writer.commit(self._to.media_type)
        if found.digest != self._packed.digest:
            raise BuildFailed(
                f"writing a layer to {self._to.target.name}: {self._packed.digest} was sent, {found.digest} is there",
                code="layer-damaged",
            )
        return Made(found, self._diff_id or self._plain.digest, self._whole)

    def _hand_on(self) -> None:
        chunk = b"".join(self._held)
        self._whole += len(chunk)
        self._held, self._size = [], 0
        self._packing.put(chunk)
        if self._watching:
            self._watching.put(chunk)

    def _pack(self, chunks: Iterator[bytes], packer: Compressor) -> None:
        for chunk in chunks if self._apart else self._plain.over(chunks):
            if packed := packer.compress(chunk):
                self._sending.put(packed)
        self._sending.put(packer.flush())

    def _send(self, chunks: Iterator[bytes]) -> None:
        for chunk in self._packed.over(chunks):
            self._writer.write(chunk)

    def _watch(self, chunks: Iterator[bytes], name: str, saw: Callable[[Member], None]) -> None:
        """Read what was written as anybody would, and tell the witness."""
        to = self._to
        if to.beside:
            self._diff_id = to.beside.watch(
                chunks,
                name,
                quick=to.digest is not sha256_of,
                saw=lambda part: _each(saw, each_member(part)),
            )
            return
        _each(saw, members(chunks, name, to.digest))


def _each(saw: Callable[[Member], None], found: Iterable[Member]) -> None:
    for member in found:
        saw(member)
