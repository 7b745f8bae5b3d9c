"""The layers of a squash: index what is there, decide, write the new ones, and prove them, in two passes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from functools import partial

from paasctl.engine.images.emitting import Writing, emit
from paasctl.engine.images.layers import Blob, index_layer
from paasctl.engine.images.opened import Opened, open_image
from paasctl.engine.images.together import Meter, Told, begun
from paasctl.errors import BuildFailed
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Repository
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.family import fitting, layer_type, packing_of
from paasctl.oci.tar.tape import Digest, sha256_of
from paasctl.oci.tree.change import changes
from paasctl.oci.tree.emit import Program, programs
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.partition import Weights, count_for
from paasctl.oci.tree.previous import keep
from paasctl.oci.tree.stack import Stack, stack
from paasctl.oci.tree.witness import Witness
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs, LayerReader
from paasctl.ports.images import Blobs, CopySource, ImageSource, ImageTarget
from paasctl.values import dataclass

_WORKERS = 4
_APART = 2
"""New layers that are read beside us while they are written: each takes a process for as long as that lasts."""
_WARNINGS = 10
"""Ambiguities told one by one."""


_Index = Callable[[Sequence[Blob], Digest], AbstractContextManager[Iterator[Layer]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What squashing needs."""

    source: CopySource
    target: ImageTarget
    wish: SquashWish
    codecs: Codecs
    warn: Callable[[str], None]
    progress: Told
    cancel: Cancel
    previous: ImageSource | None
    base: ImageSource | None
    room: Callable[[int], None]
    note: Callable[[str], None]
    near: Blobs
    """The source's layers, some of which are remembered."""
    known: dict[str, Layer] = field(default_factory=dict)
    """Indexes that were made already, by the blob's digest."""

    def meter(self, total: int) -> Meter:
        """Counts what one image takes."""
        return Meter(self.progress, self.cancel, total)

    def bring(self, layer: Descriptor, content: Blobs, mounts: tuple[Repository, ...]) -> None:
        """Have a layer at the target as it is, unless it may not be distributed. It can be stopped."""
        if not documents.is_foreign(layer.media_type):
            self.target.push(layer, content, mount_from=mounts, moved=lambda _: self.cancel.check())


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The layers above the kept ones, at the target."""

    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]
    dead_bytes: int
    ambiguities: tuple[str, ...]
    proof: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to write, where it is read, and which layers of an earlier squash stay."""

    stack: Stack
    programs: tuple[Program, ...]
    blobs: tuple[Blob, ...]
    reused: tuple[Blob, ...]


def rewrite(job: Job, image: Opened, kept: int) -> Rewritten:
    """Everything above `kept` layers, written anew. Layers that stay are made to be at the target, too."""
    size = sum(it.size for it in image.layers[kept:])
    job.room(size)
    with job.codecs.beside(len(image.layers), size) as beside:
        return _rewritten(job, image, kept, beside)


def _rewritten(job: Job, image: Opened, kept: int, beside: LayerReader | None) -> Rewritten:
    to_index = sum(it.size for it in image.layers if it.digest not in job.known)
    meter = job.meter(to_index + sum(it.size for it in image.layers[kept:]))
    blobs = _blobs(job, image)
    digest = _digest(job, kept)
    index = partial(_indexes, job, meter, beside)
    with index(blobs, digest) as indexes:
        before = stack(indexes, kept)
    job.known.clear()
    sizes = [it.size for it in before.layers]
    plan = _plan(job, image, before, blobs, index)
    for blobs_of, staying in ((job.source, blobs[:kept]), (job.previous, plan.reused)):
        for blob in staying:
            job.bring(blob.descriptor, blob.blobs, blobs_of.mounts if blobs_of else ())
    packing = packing_of(job.wish.packing, image.layers[kept:])
    media_type = layer_type(fitting(image.manifest, packing), packing)
    witness = Witness(plan.stack.base, before.top) if job.wish.verify else None
    watch = witness.layer if witness else None
    apart = beside if len(plan.programs) <= _APART else None
    writing = Writing(job.target, job.codecs, packing, media_type, digest, watch, apart)
    made = emit(plan.programs, lambda number, size: plan.blobs[number].begun(job.codecs, meter, size), writing)
    proof = prove(image.name, witness) if witness else ""
    meter.finish()
    return Rewritten(
        (*(it.descriptor for it in plan.reused), *(it.descriptor for it in made)),
        (*(it.diff_id for it in plan.reused), *(it.diff_id for it in made)),
        max(0, sum(sizes[kept:]) - sum(it.size for it in made)) if not plan.reused else 0,
        _told(job, image.name, before),
        proof,
    )


def index_all(job: Job, image: Opened) -> list[Layer]:
    """An index of every layer; they are made once, and `rewrite` takes them from here."""
    meter = job.meter(sum(it.size for it in image.layers))
    packed = sum(it.size for it in image.layers)
    with (
        job.codecs.beside(len(image.layers), packed) as beside,
        _indexes(job, meter, beside, _blobs(job, image), sha256_of) as coming,
    ):
        indexes = list(coming)
    job.known.update((it.name, it) for it in indexes)
    return indexes


def _blobs(job: Job, image: Opened) -> tuple[Blob, ...]:
    return tuple(Blob(job.near, *it) for it in zip(image.layers, image.diff_ids, strict=True))


def _plan(job: Job, image: Opened, before: Stack, blobs: tuple[Blob, ...], index: _Index) -> _Plan:
    weights = Weights([it.size for it in image.layers], [it.size for it in before.layers])
    wanted, found = job.wish.layers, changes(before)
    count = max(1, wanted if isinstance(wanted, int) else count_for(found.groups, weights))
    earlier = _earlier(job, image, before.kept)
    if not earlier:
        return _Plan(before, programs(before, count, weights, found), blobs, ())
    with index(earlier, sha256_of) as coming:
        kept = keep(before, list(coming), count, weights)
    reused = tuple(earlier[number] for number in kept.reused)
    every = (*blobs[: before.kept], *reused, *blobs[before.kept :])
    return _Plan(kept.stack, programs(kept.stack, kept.count, kept.weights), every, reused)


def _earlier(job: Job, image: Opened, kept: int) -> tuple[Blob, ...]:
    """The layers above the same base of an earlier squash; none where it stands on another."""
    if job.previous is None:
        return ()
    found: Descriptor | None = job.previous.root()
    if found and documents.is_index(found.media_type):
        index = documents.parse_document(job.previous.read(found), job.previous.name)
        found = documents.choose(index, image.platform, job.previous.name)
    if found is None:
        return ()
    old = open_image(job.previous, found)
    if old.diff_ids[:kept] != image.diff_ids[:kept]:
        job.warn(f"{image.name}: {job.previous.name} stands on another base; none of its layers can stay")
        return ()
    pairs = zip(old.layers[kept:], old.diff_ids[kept:], strict=True)
    return tuple(Blob(job.previous, *it) for it in pairs)


def _digest(job: Job, kept: int) -> Digest:
    """What the witness knows a file's content by.

    Every byte is checked against its blob's digest both times it is read, so a checksum finds whatever is put in the
    wrong place. Where files of layers that others made are taken for the same, it has to be SHA-256.
    """
    return sha256_of if kept or job.previous or job.known else job.codecs.checksum


@contextmanager
def _indexes(
    job: Job, meter: Meter, beside: LayerReader | None, blobs: Sequence[Blob], digest: Digest
) -> Iterator[Iterator[Layer]]:
    """An index of every layer in their order, each as soon as it is there; one that occurs twice is read once.

    The biggest are begun first, so that no thread ends long after the others.
    """
    missing = {
        it.descriptor.digest: partial(index_layer, it, job.codecs, meter, digest, beside)
        for it in sorted(blobs, key=lambda it: -it.descriptor.size)
        if it.descriptor.digest not in job.known
    }
    with begun(missing, min(_WORKERS, os.cpu_count() or 1), meter) as read:
        yield (job.known.get(it.descriptor.digest) or read(it.descriptor.digest) for it in blobs)


def _told(job: Job, name: str, it: Stack) -> tuple[str, ...]:
    said = tuple(f"{it.text} (layer {it.layer[:19]})" for it in it.warnings)
    more = count(len(said) + it.more - _WARNINGS, "more such case")
    for text in said[:_WARNINGS]:
        job.warn(f"{name}: {text}")
    if len(said) > _WARNINGS:
        job.warn(f"{name}: {more}")
    return (*said, count(it.more, "more such case")) if it.more else said


def prove(name: str, witness: Witness) -> str:
    """What the witness of the writing compared, in words (X8).

    `BuildFailed` with code `squash-differs` and the first differences as evidence.
    """
    if unlike := witness.end():
        raise BuildFailed(
            f"squashing {name}: a container would not see the same files",
            hint="do not squash it, and report this image to the paasctl maintainers",
            evidence=tuple(unlike),
            code="squash-differs",
        )
    return f"the same {count(witness.paths, 'path')}, {count(witness.size, 'byte')}"
