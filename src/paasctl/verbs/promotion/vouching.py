"""What vouches for a release's images, gathered where they lie and held against what an environment requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from paasctl.errors import PaasError
from paasctl.model.config import Config, Requirement
from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor, Pinned
from paasctl.model.location import InRegistry
from paasctl.oci.documents.manifest import descriptor_from, is_index, parse_document
from paasctl.oci.documents.record import read_record
from paasctl.oci.documents.vouching import claims_of
from paasctl.planning.promotion.vouching import Vouched, lack
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopySource
from paasctl.ports.world import Reads
from paasctl.verbs.images.closure import look_over

LOST = ("image-not-found", "blob-missing")
"""Codes of what is proved to be missing."""


def vouched(place: CopySource, plan: CopyPlan, names: frozenset[str]) -> Vouched:
    """All claims about the image or a part of it: what only vouches for a voucher is none.

    All manifests were read for the plan, so only the claims themselves are asked for. What can't be read raises.
    """
    root = place.root()
    manifests = [it for it in plan.objects if not it.is_blob]
    parts = {it.descriptor.digest for it in manifests if not it.about}

    known: dict[str, bytes] = {}  # who signs twice signs the same payload

    def blob(descriptor: Descriptor) -> bytes:
        if descriptor.digest not in known:
            with place.open(descriptor) as chunks:
                known[descriptor.digest] = b"".join(chunks)
        return known[descriptor.digest]

    claims = [
        claim
        for it in manifests
        if not it.about or it.about in parts
        for claim in claims_of(parse_document(place.read(it.descriptor), it.descriptor.digest), it.about, blob)
    ]
    return Vouched(digest=root.digest, platforms=_platforms(place, root), names=names, claims=tuple(claims))


def vouched_in_place(reads: Reads, image: Pinned, tag: str, names: frozenset[str], cancel: Cancel) -> Vouched | None:
    """The same, of an image that goes nowhere; None: it is proved to be missing, or not whole."""
    cancel.check()
    place = reads.source(InRegistry(image))
    plan = whole(reads, place, InRegistry(image.repository.tagged(tag)), cancel)
    return vouched(place, plan, names) if plan else None


def whole(reads: Reads, place: CopySource, goal: InRegistry, cancel: Cancel) -> CopyPlan | None:
    """All that an image is made of, with what vouches for it, and what of it is at the goal; None: some is missing."""
    try:
        return look_over(place, reads.place(goal), place.root(), referrers=True, cancel=cancel)
    except PaasError as error:
        if error.code in LOST:
            return None
        raise


def signed_as(config: Config, parts: Sequence[bytes], image: str) -> frozenset[str]:
    """Where an image of a record may have been signed: its place at every stop of the path."""
    places = (read_record(parts[0], parts[1], it.repository).images[image] for it in config.registries.values())
    return frozenset(str(it.repository) for it in places)


def lacks(
    reads: Reads, requires: Iterable[Requirement], images: Mapping[str, Vouched]
) -> Mapping[Requirement, Mapping[str, str]]:
    """Of each requirement: image -> why it is not met, of those where it is not. `ConfigError` where a key is none."""
    found: dict[Requirement, Mapping[str, str]] = {}
    for it in requires:
        verifies = reads.public_key(it.key).verifies if it.key else None
        whys = {name: lack(it.what, image, verifies) for name, image in sorted(images.items())}
        found[it] = {name: why for name, why in whys.items() if why}
    return found


def _platforms(place: CopySource, root: Descriptor) -> Mapping[str, str]:
    """Children of an index that a machine may run; what BuildKit puts beside them has no platform."""
    if not is_index(root.media_type):
        return {}
    listed = parse_document(place.read(root), root.digest).get("manifests") or ()
    children = [descriptor_from(it, root.digest) for it in listed]
    known = [it for it in children if it.platform is None or it.platform.os != "unknown"]
    return {it.digest: str(it.platform or it.digest) for it in known}
