"""Puts an image or an index on another base: documents are written, layers only made to be there.

No name is written here: whoever asked calls `target.finish`, last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from paasctl.engine.images.opened import Opened, open_image
from paasctl.engine.images.together import Meter, Told, together
from paasctl.engine.images.vouchers import Voucher, vouchers
from paasctl.errors import Refused
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import Location
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.rebase import Documents, named, rebased, rebased_index
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopySource, ImageSource, ImageTarget
from paasctl.values import dataclass

_WORKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """The base it stands on (one for all images, or one for each), the one it shall stand on, and where that lies."""

    olds: tuple[ImageSource, ...]
    new: ImageSource
    place: Location


@dataclass(frozen=True, slots=True)
class Based:
    """The image on its new base. All of it is at the target, only its name is not."""

    root: Descriptor
    content: bytes
    layers_before: int
    layers_after: int
    bytes_before: int
    bytes_after: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebasing:
    """What rebasing needs."""

    source: CopySource
    target: ImageTarget
    bases: Bases
    progress: Told
    cancel: Cancel
    warn: Callable[[str], None]


def rebase_image(job: Rebasing, platform: Platform | None = None) -> Based:
    """The image, or every image of an index. `Refused` where one does not stand on the old base."""
    root = job.source.root()
    if not documents.is_index(root.media_type):
        return _told(job, root, _image(job, root))
    index = documents.parse_document(job.source.read(root), job.source.name)
    children = [documents.descriptor_from(it, job.source.name) for it in index.get("manifests") or ()]
    if platform is not None:
        found = documents.choose(index, platform, job.source.name)
        if found is None:
            raise _missing(job.source, platform)
        return _told(job, found, _image(job, found))
    images = [it for it in children if not documents.is_attestation(it)]
    made = {it.digest: _image(job, it, number) for number, it in enumerate(images)}
    entries = {digest: documents.descriptor_json(it.root) for digest, it in made.items()}
    content = documents.canonical(rebased_index(index, entries, named(job.bases.place, job.bases.new.root().digest)))
    whole = Based(
        replace(root, digest=documents.digest_of(content), size=len(content)),
        content,
        *(sum(getattr(it, name) for it in made.values()) for name in _SUMS),
    )
    left = [Voucher(it) for it in children if it.digest not in made]
    left += [it for child in children if child.digest in made for it in vouchers(job.source, child)]
    return _told(job, root, whole, left)


_SUMS = ("layers_before", "layers_after", "bytes_before", "bytes_after")


def _image(job: Rebasing, found: Descriptor, number: int = 0) -> Based:
    image, olds = open_image(job.source, found), job.bases.olds
    old, new = (_base(it, image.platform) for it in (olds[number if len(olds) > 1 else 0], job.bases.new))
    base = named(job.bases.place, new.descriptor.digest)
    made = rebased(_documents(image), _documents(old), _documents(new), base, image.name)
    own = image.layers[len(old.layers) :]
    meter = Meter(job.progress, job.cancel, sum(it.size for it in (*new.layers, *own)))
    pushes = [partial(_push, job, job.bases.new, it, meter) for it in new.layers]
    pushes += [partial(_push, job, job.source, it, meter) for it in own]
    together(pushes, _WORKERS, meter)
    job.target.put_blob(made.config_type, made.config)
    written = job.target.put(made.media_type, made.manifest)
    meter.finish()
    return Based(
        replace(found, media_type=made.media_type, digest=written.digest, size=written.size),
        made.manifest,
        len(image.layers),
        len(new.layers) + len(own),
        image.bytes,
        sum(it.size for it in (*new.layers, *own)),
    )


def _push(job: Rebasing, source: ImageSource, layer: Descriptor, meter: Meter) -> None:
    if documents.is_foreign(layer.media_type):
        return
    how = job.target.push(layer, source, mount_from=source.mounts, moved=meter.moved)
    if how != "uploaded":
        meter.moved(layer.size)


def _base(source: ImageSource, platform: Platform) -> Opened:
    root = source.root()
    if not documents.is_index(root.media_type):
        return open_image(source, root)
    found = documents.choose(documents.parse_document(source.read(root), source.name), platform, source.name)
    if found is None:
        raise _missing(source, platform)
    return open_image(source, found)


def _missing(source: ImageSource, platform: Platform) -> Refused:
    return Refused(f"rebasing: {source.name} has nothing for {platform}", code="platform-missing")


def _documents(image: Opened) -> Documents:
    return Documents(image.manifest, image.config)


def _told(job: Rebasing, old: Descriptor, made: Based, left: Sequence[Voucher] = ()) -> Based:
    """With what speaks of the image as it was, and stays with that."""
    said = tuple(it.sentence for it in (*left, *vouchers(job.source, old)))
    for text in said:
        job.warn(f"{job.source.name}: {text}")
    return replace(made, left_out=said)
