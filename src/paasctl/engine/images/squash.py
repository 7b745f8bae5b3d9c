"""Squash an image or an index from where it lies to where it shall lie, and prove that a container sees the same.

The same input gives the same digest. No name is written here: whoever asked calls `target.finish`, last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from paasctl.engine.images.auto import chosen, is_harmless
from paasctl.engine.images.layers import near
from paasctl.engine.images.opened import Opened, base_depth, open_image
from paasctl.engine.images.rewrite import Job, Rewritten, index_all, rewrite
from paasctl.engine.images.together import Told
from paasctl.engine.images.vouchers import Voucher, vouchers
from paasctl.errors import PaasError, Refused
from paasctl.model.image import Descriptor
from paasctl.model.squashing import Squashed, SquashWish
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.config import squashed_config, tells_commands
from paasctl.oci.documents.family import fitting, is_docker, packing_of
from paasctl.oci.documents.squashed import (
    EMPTY,
    EMPTY_TYPE,
    SQUASHED_FROM,
    record,
    record_manifest,
    squashed_index,
    squashed_manifest,
)
from paasctl.oci.tree.uncollected import uncollected
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs
from paasctl.ports.images import CopySource, ImageSource, ImageTarget

Say = Callable[[str], None]


def squash_image(  # noqa: PLR0913 - two places, a wish, and what it takes
    source: CopySource,
    target: ImageTarget,
    wish: SquashWish,
    *,
    codecs: Codecs,
    warn: Say,
    progress: Told,
    cancel: Cancel,
    previous: ImageSource | None = None,
    base: ImageSource | None = None,
    room: Callable[[int], None] = lambda _: None,
    note: Say = lambda _: None,
) -> Squashed:
    """The squashed image: all of it is at the target, only its name is not.

    An index is squashed child by child, order and platforms kept (row B7). Where there is nothing to squash the result
    is the same image, copied. `previous` is an earlier squash of the same image: its unchanged layers come out again.
    `base` is what the image stands on, where that is not known otherwise. `room` is told how many bytes will be written
    at most, before any is, and may refuse.
    """
    job = Job(
        source=source,
        target=target,
        wish=wish,
        codecs=codecs,
        warn=warn,
        progress=progress,
        cancel=cancel,
        previous=previous,
        base=base,
        room=room,
        note=note,
        near=near(source),
    )
    with uncollected():
        return _squashed(job)


def _squashed(job: Job) -> Squashed:
    root = job.source.root()
    if not documents.is_index(root.media_type):
        _check_platform(job, root)
        return _attached(job, root, _image(job, root), [])
    index = documents.parse_document(job.source.read(root), job.source.name)
    children = [documents.descriptor_from(it, job.source.name) for it in index.get("manifests") or ()]
    if job.wish.platform is None:
        return _index(job, root, children)
    found = documents.choose(index, job.wish.platform, job.source.name)
    if found is None:
        raise _other_platform(job, ", ".join(str(it.platform) for it in children if it.platform))
    return _attached(job, found, _image(job, found), [])


def _check_platform(job: Job, root: Descriptor) -> None:
    wanted = job.wish.platform
    if wanted is None:
        return
    found = open_image(job.source, root).platform
    if not documents.same_platform(found, wanted):
        raise _other_platform(job, str(found))


def _other_platform(job: Job, there: str) -> Refused:
    return Refused(
        f"squashing {job.source.name}: it has nothing for {job.wish.platform}, but for {there or 'no platform at all'}",
        hint="name one of those with --platform",
        code="image-unsupported",
    )


def _index(job: Job, root: Descriptor, children: Sequence[Descriptor]) -> Squashed:
    kept = [it for it in children if not documents.is_attestation(it)]
    made = {it.digest: _image(job, it) for it in kept}
    if not any(it.changed for it in made.values()):
        for it in children:
            if it.digest not in made:
                _copy(job, it)
        return _sum(root, job.source.read(root), list(made.values()))
    index = documents.parse_document(job.source.read(root), job.source.name)
    edited = squashed_index(index, {it.digest: made[it.digest].root if it in kept else None for it in children})
    content = documents.canonical(edited)
    media_type = str(edited.get("mediaType") or root.media_type)
    new = replace(root, media_type=media_type, digest=documents.digest_of(content), size=len(content))
    whole = _sum(new, content, list(made.values()))
    dropped = [Voucher(it) for it in children if it.digest not in made]
    dropped += [it for child in kept for it in vouchers(job.source, child)]
    return _attached(job, root, replace(whole, changed=True), dropped)


def _sum(root: Descriptor, content: bytes, parts: Sequence[Squashed]) -> Squashed:
    return Squashed(
        root,
        content,
        any(it.changed for it in parts),
        sum(it.layers_before for it in parts),
        sum(it.layers_after for it in parts),
        sum(it.bytes_before for it in parts),
        sum(it.bytes_after for it in parts),
        sum(it.dead_bytes for it in parts),
        ambiguities=tuple(text for it in parts for text in it.ambiguities),
        proof="; ".join(it.proof for it in parts if it.proof),
    )


def _attached(job: Job, old: Descriptor, made: Squashed, dropped: list[Voucher]) -> Squashed:
    """With a record at the new image of what vouched for the old one and is left out; as it is where nothing did."""
    if not made.changed:
        return made
    dropped = [*dropped, *vouchers(job.source, old)]
    if not dropped:
        return made
    blob = job.target.put_blob(SQUASHED_FROM, record(old, [it.descriptor for it in dropped]))
    empty = job.target.put_blob(EMPTY_TYPE, EMPTY)
    job.target.put(made.root.media_type, made.content)
    job.target.put(documents.OCI_MANIFEST, record_manifest(made.root, blob, empty))
    said = tuple(it.sentence for it in dropped)
    for text in said:
        job.warn(f"{job.source.name}: {text}")
    return replace(made, left_out=said)


def _image(job: Job, found: Descriptor) -> Squashed:
    image = open_image(job.source, found)
    if job.wish.base == "auto":
        return _auto(job, image)
    wanted, as_it_is = job.wish.layers, not (job.wish.drop_history and tells_commands(image.config))
    if as_it_is and isinstance(wanted, int) and len(image.layers) <= wanted and job.wish.packing == "keep":
        return _same(job, image)
    kept = base_depth(image, job.wish, job.source, job.base)
    above = image.layers[kept:]
    if as_it_is and len(above) <= (wanted if isinstance(wanted, int) else 1) and _is_packed_so(job, above):
        return _same(job, image)
    for number, layer in enumerate(image.layers):
        if number >= kept or not documents.is_foreign(layer.media_type):
            documents.check_layer(layer, image.name, zstd=True)
    return _rewritten(job, image, kept, rewrite(job, image, kept))


def _auto(job: Job, image: Opened) -> Squashed:
    """Squashed where that pays; else, and where it does not work out, the image as it was built."""
    choice = chosen(image, job.wish, job.source, lambda: index_all(job, image))
    job.note(f"{image.name}: {choice.said}")
    if choice.kept is None:
        return _same(job, image)
    try:
        return _rewritten(job, image, choice.kept, rewrite(job, image, choice.kept))
    except PaasError as error:
        if not is_harmless(error):
            raise
        job.warn(f"{image.name}: left as it was built, not squashed: {error.message}")
        return _same(job, image)


def _is_packed_so(job: Job, layers: Sequence[Descriptor]) -> bool:
    wanted = job.wish.packing
    ending = ".tar" if wanted == "none" else wanted
    return wanted == "keep" or all(it.media_type.endswith(ending) for it in layers)


def _same(job: Job, image: Opened) -> Squashed:
    """Nothing to squash: the image itself is made to be at the target."""
    _copy(job, image.descriptor)
    layers = len(image.layers)
    return Squashed(image.descriptor, image.content, False, layers, layers, image.bytes, image.bytes)  # noqa: FBT003


def _copy(job: Job, found: Descriptor) -> None:
    """A manifest as it is, and its blobs."""
    content = job.source.read(found)
    manifest = documents.parse_document(content, job.source.name)
    for it in [*(manifest.get("layers") or ()), manifest.get("config")]:
        job.bring(documents.descriptor_from(it, job.source.name), job.source, job.source.mounts)
    job.target.put(found.media_type, content)


def _rewritten(job: Job, image: Opened, kept: int, made: Rewritten) -> Squashed:
    packing = packing_of(job.wish.packing, image.layers[kept:])
    manifest = fitting(image.manifest, packing)
    if is_docker(image.manifest) and not is_docker(manifest):
        job.warn(f"{image.name}: zstd layers need OCI's media types; it is no longer of Docker's own format")
    edited = squashed_config(image.config, kept, made.diff_ids, image.descriptor.digest, job.wish)
    config = job.target.put_blob(manifest["config"]["mediaType"], documents.canonical(edited))
    content = documents.canonical(squashed_manifest(manifest, kept, config, made.layers))
    media_type = str(manifest.get("mediaType") or image.descriptor.media_type)
    written = job.target.put(media_type, content)
    root = replace(image.descriptor, media_type=media_type, digest=written.digest, size=written.size)
    return Squashed(
        root,
        content,
        root.digest != image.descriptor.digest,
        len(image.layers),
        kept + len(made.layers),
        image.bytes,
        sum(it.size for it in (*image.layers[:kept], *made.layers)),
        made.dead_bytes,
        ambiguities=made.ambiguities,
        proof=made.proof,
    )
