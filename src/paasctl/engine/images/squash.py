"""Squash what lies at a place: index, apply, emit, and prove that a container sees the same (moonshot X8).

The same input gives the same digest. Until the last moment the place keeps the old image; new blobs appear whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import disk_usage

from paasctl.engine.images.layers import index_layer, write_layer
from paasctl.engine.images.together import Meter, Told, together
from paasctl.errors import BuildFailed, Refused, Unavailable
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor
from paasctl.model.plan import SquashImage
from paasctl.oci import manifest as documents
from paasctl.oci.config import diff_ids, squashed_config
from paasctl.oci.emit import programs
from paasctl.oci.layer import Ambiguity, Layer
from paasctl.oci.manifest import Json
from paasctl.oci.proof import differences
from paasctl.oci.stack import Stack, stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout
from paasctl.values import dataclass

_WORKERS = 4
_WARNINGS = 10
"""Ambiguities told one by one."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What squashing one image needs."""

    image: Image
    wish: Squash
    layout: Layout
    warn: Callable[[str], None]
    meter: Callable[[int], Meter]


def squash_place(  # noqa: PLR0913 - a step, its port, and four ways to be heard
    step: SquashImage,
    layout: Layout,
    *,
    warn: Callable[[str], None],
    progress: Told,
    cancel: Cancel,
    note: Callable[[str], None] | None = None,
) -> Descriptor:
    """The image that then lies at the place `step.image.name`; the same one where there is nothing to squash (row B6).

    An index is squashed child by child, order and platforms kept (row B7). `BuildFailed` with code `squash-differs`
    where the result would not look the same; `Refused` where the base's end is not known or a layer can't be handled.
    """
    name = step.image.name
    found = layout.place(name)
    if found is None:
        raise Unavailable(f"squashing {name}: nothing was built in this run", hint="build the image first")
    job = _Job(step.image, step.image.squash or Squash(), layout, warn, lambda total: Meter(progress, cancel, total))
    made = _index(job, found) if documents.is_index(found.media_type) else _image(job, found)
    if made.digest != found.digest:
        layout.lay(name, made)
    elif note:
        note(f"{name}: nothing to squash")
    return made


def _index(job: _Job, found: Descriptor) -> Descriptor:
    what = job.image.name
    index = documents.parse_document(job.layout.read(found), what)
    children = [documents.descriptor_from(it, what) for it in index.get("manifests") or ()]
    made = {it.digest: None if documents.is_attestation(it) else _image(job, it) for it in children}
    if all(it is None or it.digest == digest for digest, it in made.items()):
        return found
    for _ in (it for it in made.values() if it is None):
        job.warn(f"{what}: an attestation names the image before the squash, and is left out")
    content = documents.canonical(documents.squashed_index(index, made))
    return replace(job.layout.put(found.media_type, content), annotations=found.annotations)


def _image(job: _Job, found: Descriptor) -> Descriptor:
    image = _open(job, found)
    wanted = max(1, job.wish.layers)
    if len(image.layers) <= wanted:
        return found
    kept = 0 if job.wish.base == "squash" else base_depth(image.manifest, job.image, job.layout)
    if len(image.layers) - kept <= wanted:
        return found
    for number, layer in enumerate(image.layers):
        if number >= kept or not (documents.is_foreign(layer.media_type) and job.layout.has(layer.digest)):
            documents.check_layer(layer, job.image.name)
    made = _squashed(job, image, kept, wanted)
    edited = squashed_config(image.config, kept, [it for _, it in made], found.digest)
    config = job.layout.put(image.manifest["config"]["mediaType"], documents.canonical(edited))
    manifest = documents.squashed_manifest(image.manifest, kept, config, [it for it, _ in made])
    written = job.layout.put(found.media_type, documents.canonical(manifest))
    return replace(found, digest=written.digest, size=written.size)


@dataclass(frozen=True, slots=True)
class _Opened:
    """An image's documents."""

    manifest: Json
    config: Json
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]


def _open(job: _Job, found: Descriptor) -> _Opened:
    what = job.image.name
    manifest = documents.parse_document(job.layout.read(found), what)
    documents.check_image(manifest, found.media_type, what)
    config = documents.parse_document(job.layout.read(documents.descriptor_from(manifest["config"], what)), what)
    documents.check_config(config, what)
    layers = tuple(documents.descriptor_from(it, what) for it in manifest["layers"])
    unpacked = tuple(diff_ids(config, what))
    if len(unpacked) != len(layers):
        raise BuildFailed(
            f"squashing {what}: the manifest has {len(layers)} layers, the configuration {len(unpacked)}",
            code="image-unreadable",
        )
    return _Opened(manifest, config, layers, unpacked)


def base_depth(manifest: Json, image: Image, layout: Layout) -> int:
    """How many layers, from the bottom, are the base's (decision 16).

    The builder's annotation tells, or the base's manifest where it lies in the layout, or a build from scratch.
    """
    said = manifest.get("annotations") or {}
    count = str(said.get(documents.BASE_LAYERS, ""))
    if count.isdigit():
        return int(count)
    if (digest := said.get(documents.BASE_DIGEST)) and layout.has(digest):
        base = documents.parse_document(layout.read(Descriptor("", digest, -1)), f"the base of {image.name}")
        theirs = [it["digest"] for it in base.get("layers") or ()]
        if theirs == [it["digest"] for it in manifest["layers"][: len(theirs)]]:
            return len(theirs)
    if image.layers and image.base in ("", "scratch"):
        return 0
    raise Refused(
        f"squashing {image.name} above its base: nothing tells which layers are the base's",
        hint=f"set images.{image.name}.squash to {{base: squash}}, or to none",
        code="base-unknown",
    )


def _squashed(job: _Job, image: _Opened, kept: int, wanted: int) -> list[tuple[Descriptor, str]]:
    """The new layers, written and proved."""
    above = sum(it.size for it in image.layers[kept:])
    check_room(job.image.name, job.layout.root, above)
    meter = job.meter(sum(it.size for it in image.layers) + 2 * above)
    before = stack(_indexes(job, image, meter), kept)
    _warn(job, before.warnings)
    media_type = documents.layer_type(image.manifest)
    made = [write_layer(it, image.layers, job.layout, media_type, meter) for it in programs(before, wanted)]
    prove(job.image.name, before, [index_layer(job.layout, layer, diff_id, meter) for layer, diff_id in made])
    meter.finish()
    return made


def check_room(name: str, root: Path, size: int, free: Callable[[Path], int] = lambda it: disk_usage(it).free) -> None:
    """Refuse to begin where the new layers can't fit (row B1); packed alike, they are hardly bigger than the old."""
    needed, there = size + size // 5, free(root)
    if there < needed:
        raise Unavailable(
            f"squashing {name} in {root}: it needs about {needed:,} bytes, and {there:,} are free",
            hint=f"df -h {root}",
            code="disk-full",
        )


def _indexes(job: _Job, image: _Opened, meter: Meter) -> list[Layer]:
    """An index of every layer; one that occurs twice is read once."""
    wanted = dict(zip(image.layers, image.diff_ids, strict=True))
    reads = [partial(index_layer, job.layout, layer, diff_id, meter) for layer, diff_id in wanted.items()]
    found = dict(zip(wanted, together(reads, min(_WORKERS, os.cpu_count() or 1), meter), strict=True))
    return [found[it] for it in image.layers]


def _warn(job: _Job, warnings: Sequence[Ambiguity]) -> None:
    for it in warnings[:_WARNINGS]:
        job.warn(f"{job.image.name}: {it.text} (layer {it.layer[:19]})")
    if len(warnings) > _WARNINGS:
        job.warn(f"{job.image.name}: {len(warnings) - _WARNINGS} more such ambiguities")


def prove(name: str, before: Stack, written: Sequence[Layer]) -> None:
    """Stack what was written, as it was read back, on what was kept, and compare with what was computed (X8).

    `BuildFailed` with code `squash-differs` and the first differences as evidence.
    """
    after = stack([*before.layers[: before.kept], *written])
    if unlike := differences(before.top, after.top):
        raise BuildFailed(
            f"squashing {name}: a container would not see the same files",
            hint=f"set images.{name}.squash to none, and report this image to the paasctl maintainers",
            evidence=tuple(unlike),
            code="squash-differs",
        )
