"""Squash what lies at a place of the project's layout: a step of `release`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage

from paasctl.engine.images.inlayout import PlaceSource, PlaceTarget
from paasctl.engine.images.squash import squash_image
from paasctl.engine.images.together import Told
from paasctl.errors import PaasError, Unavailable
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor
from paasctl.model.plan import SquashImage
from paasctl.model.squashing import SquashWish
from paasctl.oci.building.attest import attach_again
from paasctl.oci.documents import manifest as documents
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs
from paasctl.ports.images import Layout


def squash_place(  # noqa: PLR0913 - a step, its ports, and four ways to be heard
    step: SquashImage,
    layout: Layout,
    *,
    codecs: Codecs,
    warn: Callable[[str], None],
    progress: Told,
    cancel: Cancel,
    note: Callable[[str], None] | None = None,
) -> Descriptor:
    """The image that then lies at the place `step.image.name`; the same one where there is nothing to squash (row B6).

    Until the last moment the place keeps the old image; new blobs appear whole. `BuildFailed` with code
    `squash-differs` where the result would not look the same; `Refused` where the base's end is not known or a layer
    can't be handled.
    """
    name = step.image.name
    target = PlaceTarget(layout, name)
    before = layout.place(name)
    try:
        made = squash_image(
            PlaceSource(layout, name),
            target,
            _wish(step.image),
            codecs=codecs,
            warn=warn,
            progress=progress,
            cancel=cancel,
            room=lambda size: check_room(name, layout.root, size),
            note=note or (lambda _: None),
        )
    except PaasError as error:
        if error.code in _HINTS:
            error.hint = _HINTS[error.code].format(name=name)
        raise
    if made.changed:
        target.finish(made.root, made.content)
        if before:
            _vouch_again(before, made.root, layout)
    elif note and _wish(step.image).base != "auto":
        note(f"{name}: nothing to squash")
    return made.root


def _vouch_again(old: Descriptor, new: Descriptor, layout: Layout) -> None:
    """What says what is in an image and how it was built holds for the same files in fewer layers: it gets its name."""
    for before, after in ((old, new), *zip(_children(old, layout), _children(new, layout), strict=True)):
        for place, voucher in layout.referrers(before.digest):
            layout.lay(place, attach_again(voucher, after, layout.read, layout.put))


def _children(it: Descriptor, layout: Layout) -> list[Descriptor]:
    """The images of an index, in their order; none of an image."""
    if not documents.is_index(it.media_type):
        return []
    index = documents.parse_document(layout.read(it), it.digest)
    found = [documents.descriptor_from(child, it.digest) for child in index.get("manifests") or ()]
    return [child for child in found if not documents.is_attestation(child)]


_HINTS = {
    "base-unknown": "set images.{name}.squash to {{base: squash}}, or to none",
    "squash-differs": "set images.{name}.squash to none, and report this image to the paasctl maintainers",
}
"""What `paas.yaml` can say about it, where the words of `image squash` would not help."""


def _wish(image: Image) -> SquashWish:
    squash = image.squash or Squash()
    from_scratch = bool(image.layers) and image.base in ("", "scratch")
    return SquashWish(layers=squash.layers, base=squash.base, base_layers=0 if from_scratch else None)


def check_room(name: str, root: Path, size: int, free: Callable[[Path], int] = lambda it: disk_usage(it).free) -> None:
    """Refuse to begin where the new layers can't fit (row B1); packed alike, they are hardly bigger than the old."""
    needed, there = size + size // 5, free(root)
    if there < needed:
        raise Unavailable(
            f"squashing {name} in {root}: it needs about {needed:,} bytes, and {there:,} are free",
            hint=f"df -h {root}",
            code="disk-full",
        )
