"""The layers of a squash: index what is there, decide, write the new ones, and prove them, in two passes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from paasctl.engine.images.layers import Made, index_layer, write_layer
from paasctl.engine.images.opened import Opened, open_image
from paasctl.engine.images.together import Meter, Told, together
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor
from paasctl.model.squashing import SquashWish
from paasctl.oci import manifest as documents
from paasctl.oci.change import changes
from paasctl.oci.emit import Copy, programs
from paasctl.oci.family import fitting, layer_type, packing_of
from paasctl.oci.layer import Ambiguity, Layer
from paasctl.oci.partition import Weights, count_for
from paasctl.oci.previous import keep
from paasctl.oci.proof import differences
from paasctl.oci.stack import Stack, stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs
from paasctl.ports.images import Blobs, ImageSource, ImageTarget
from paasctl.values import dataclass

_WORKERS = 4
_WARNINGS = 10
"""Ambiguities told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What squashing needs."""

    source: ImageSource
    target: ImageTarget
    wish: SquashWish
    codecs: Codecs
    warn: Callable[[str], None]
    progress: Told
    cancel: Cancel
    previous: ImageSource | None
    base: ImageSource | None
    room: Callable[[int], None]

    def meter(self, total: int) -> Meter:
        """Counts what one image takes."""
        return Meter(self.progress, self.cancel, total)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The layers above the kept ones, at the target."""

    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]
    dead_bytes: int
    ambiguities: tuple[str, ...]
    proof: str


@dataclass(frozen=True, slots=True)
class _Blob:
    """A layer to read, and where."""

    blobs: Blobs
    descriptor: Descriptor
    diff_id: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """A stack, where its layers are read, and which of an earlier squash stay."""

    stack: Stack
    blobs: tuple[_Blob, ...]
    reused: tuple[_Blob, ...]
    count: int
    weights: Weights


def rewrite(job: Job, image: Opened, kept: int) -> Rewritten:
    """Everything above `kept` layers, written anew. Layers that stay are made to be at the target, too."""
    job.room(sum(it.size for it in image.layers[kept:]))
    meter = job.meter(sum(it.size for it in image.layers) + sum(it.size for it in image.layers[kept:]))
    blobs = tuple(_Blob(job.source, *it) for it in zip(image.layers, image.diff_ids, strict=True))
    indexes = _indexes(job, blobs, meter)
    before = stack(indexes, kept)
    plan = _plan(job, image, before, blobs, meter)
    for blob in (*blobs[:kept], *plan.reused):
        if not documents.is_foreign(blob.descriptor.media_type):
            job.target.push(blob.descriptor, blob.blobs, mount_from=job.source.mounts)
    packing = packing_of(job.wish.packing, image.layers[kept:])
    media_type = layer_type(fitting(image.manifest, packing), packing)
    made: list[Made] = []
    copied = 0
    for program in programs(plan.stack, plan.count, plan.weights):
        copied += sum(it.end - it.start for it in program if isinstance(it, Copy))
        made.append(
            write_layer(
                program,
                [(it.blobs, it.descriptor) for it in plan.blobs],
                job.target,
                (media_type, job.codecs.compressor(packing), job.codecs),
                meter,
            )
        )
    proof = prove(image.name, before, plan.stack, [it.layer for it in made]) if job.wish.verify else ""
    meter.finish()
    return Rewritten(
        (*(it.descriptor for it in plan.reused), *(it.descriptor for it in made)),
        (*(it.diff_id for it in plan.reused), *(it.diff_id for it in made)),
        max(0, sum(it.size for it in indexes[kept:]) - copied - sum(it.descriptor.size for it in plan.reused)),
        _told(job, image.name, before.warnings),
        proof,
    )


def _plan(job: Job, image: Opened, before: Stack, blobs: tuple[_Blob, ...], meter: Meter) -> _Plan:
    weights = Weights([it.size for it in image.layers], [it.size for it in before.layers])
    wanted = job.wish.layers
    count = wanted if isinstance(wanted, int) else count_for(changes(before).groups, weights)
    earlier = _earlier(job, image, before.kept)
    if not earlier:
        return _Plan(before, blobs, (), max(1, count), weights)
    found = keep(before, _indexes(job, earlier, meter), max(1, count), weights)
    reused = tuple(earlier[number] for number in found.reused)
    return _Plan(
        found.stack, (*blobs[: before.kept], *reused, *blobs[before.kept :]), reused, found.count, found.weights
    )


def _earlier(job: Job, image: Opened, kept: int) -> tuple[_Blob, ...]:
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
    return tuple(_Blob(job.previous, *it) for it in pairs)


def _indexes(job: Job, blobs: Sequence[_Blob], meter: Meter) -> list[Layer]:
    """An index of every layer; one that occurs twice is read once."""
    wanted = {it.descriptor.digest: it for it in blobs}
    reads = [
        partial(index_layer, it.blobs, it.descriptor, it.diff_id, job.codecs, meter=meter) for it in wanted.values()
    ]
    found = dict(zip(wanted, together(reads, min(_WORKERS, os.cpu_count() or 1), meter), strict=True))
    return [found[it.descriptor.digest] for it in blobs]


def _told(job: Job, name: str, warnings: Sequence[Ambiguity]) -> tuple[str, ...]:
    said = tuple(f"{it.text} (layer {it.layer[:19]})" for it in warnings)
    for text in said[:_WARNINGS]:
        job.warn(f"{name}: {text}")
    if len(said) > _WARNINGS:
        job.warn(f"{name}: {len(said) - _WARNINGS} more such ambiguities")
    return said


def prove(name: str, before: Stack, planned: Stack, written: Sequence[Layer]) -> str:
    """Stack what was written, as it was scanned on its way, on what was kept, and compare with the image (X8).

    What was compared, in words. `BuildFailed` with code `squash-differs` and the first differences as evidence.
    """
    after = stack([*planned.layers[: planned.kept], *written])
    if unlike := differences(before.top, after.top):
        raise BuildFailed(
            f"squashing {name}: a container would not see the same files",
            hint="do not squash it, and report this image to the paasctl maintainers",
            evidence=tuple(unlike),
            code="squash-differs",
        )
    return ""
