"""Where the base of a foreign image ends (decision 16): as was said, by annotations, by provenance; else not known.

Whoever named it, the base's layers must be the image's first, or it is not its base.
"""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import BuildFailed, Forbidden, Missing, Refused, Unavailable, UsageError
from paasctl.model.counting import count
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.bases import BaseSaid, counted, materials, provenance_layer, said_base, starts_with
from paasctl.oci.documents.manifest import Json
from paasctl.ports.images import ImageSource
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.reading import Found, OneImage, find, located

_HINT = "--base REF or --base N says where it ends; --all squashes it, too"


@dataclass(frozen=True, slots=True)
class Cut:
    """How many layers, from the bottom, are the base's, and who said so."""

    layers: int
    by: str


def find_cut(reads: Reads, found: Found, image: OneImage, said: str) -> Cut:
    """Where the base of one of the images ends; `said` is `--base`. `Refused` where nothing tells."""
    if (layers := counted(said)) is not None:
        return _counted(found, image, layers)
    if said:
        return _named(reads, found, image, said)
    claim = said_base(image.manifest, found.index, image.config)
    if claim and claim.layers is not None:
        return Cut(min(claim.layers, len(image.layers)), claim.by)
    claims = [claim] if claim else list(_provenance(found, image))
    claims = [it for it in claims if it.is_usable]
    depths = [(_depth(reads, found.source, image, it), it) for it in claims]
    fitting = [(depth, f"{it.by}: {it.name or it.digest}") for depth, it in depths if depth is not None]
    if fitting:  # of several stages' bases the deepest: the others stand on it, or were copied from
        return Cut(*max(fitting))
    why = "nothing tells which layers are the base's"
    if claim:
        how = "whose layers are not its first" if claims else "which is no image"
        why = f"{claim.by} name {claim.name or claim.digest}, {how}"
    raise Refused(
        f"squashing {found.source.name} above its base: {why}",
        hint=_HINT,
        code="base-unknown",
    )


def _counted(found: Found, image: OneImage, layers: int) -> Cut:
    if layers > len(image.layers):
        raise UsageError(
            f"reading --base: {found.source.name} has {count(len(image.layers), 'layer')}, fewer than {layers}"
            f" ({image.platform})",
            hint=_HINT,
        )
    return Cut(layers, f"--base {layers}")


def _named(reads: Reads, found: Found, image: OneImage, said: str) -> Cut:
    base = find(reads.source(located(said, "--base")), image.platform).images[0]
    if not starts_with(image.diff_ids, base.diff_ids):
        raise Refused(
            f"squashing {found.source.name}: {said} is not its base; their layers differ from"
            f" number {_common(image.diff_ids, base.diff_ids) + 1} up, on {image.platform}",
            hint=_HINT,
            code="base-unknown",
        )
    return Cut(len(base.diff_ids), f"--base {said}")


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _depth(reads: Reads, source: ImageSource, image: OneImage, claim: BaseSaid) -> int | None:
    """How many layers the claimed base has; None: they are not the image's first."""
    beside = _beside(source, claim.digest)
    if beside is not None:
        digests = [it.get("digest") for it in beside.get("layers") or ()]
        return len(digests) if digests == [it.digest for it in image.layers[: len(digests)]] else None
    if not claim.name:
        return None
    try:
        base = find(reads.source(located(claim.reference, "the base's name")), image.platform).images[0]
    except (Forbidden, Missing, Unavailable) as error:
        raise type(error)(
            f"looking for the base of {source.name}: {error.message}", hint=_HINT, code=error.code
        ) from error
    return len(base.diff_ids) if starts_with(image.diff_ids, base.diff_ids) else None


def _beside(source: ImageSource, digest: str) -> Json | None:
    """The base's manifest where it lies beside the image, as in the layout of a build; None: it does not."""
    if not digest:
        return None
    try:
        content = source.read(Descriptor(documents.OCI_MANIFEST, digest, -1))
    except (Missing, Unavailable) as error:
        if error.code == "blob-missing":
            return None
        raise
    try:
        found = documents.parse_document(content, source.name)
    except BuildFailed:  # a layer, for one: whatever it is, it is no base
        return None
    return found if found.get("layers") else None


def _provenance(found: Found, image: OneImage) -> Iterator[BaseSaid]:
    """What the image's provenance says went into the build; the base is the one that fits."""
    for said in found.index.get("manifests") or ():
        child = documents.descriptor_from(said, found.source.name)
        if child.annotations.get("vnd.docker.reference.digest") != image.descriptor.digest:
            continue
        attestation = documents.parse_document(found.source.read(child), found.source.name)
        if layer := provenance_layer(attestation):
            statement = found.source.read(documents.descriptor_from(layer, found.source.name))
            yield from materials(documents.parse_document(statement, found.source.name))
