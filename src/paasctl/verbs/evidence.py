"""What people and vouchers say of a release where it lies, for the gates that ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paasctl.errors import Refused, Unavailable
from paasctl.model.config import Requirement
from paasctl.model.release import Release
from paasctl.oci.documents.record import record_layers
from paasctl.planning.promotion.approvals import Heard
from paasctl.planning.promotion.vouching import Vouched
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.verbs.approvals.hearing import heard, ring
from paasctl.verbs.promotion.vouching import lacks, signed_as, vouched_in_place
from paasctl.verbs.reading import blob
from paasctl.verbs.statements import Standing


def approvals(reads: Reads, release: Release, stands: Standing) -> Heard:
    """Every approval beside its record."""
    there = (reads.registry(stands.repository.host), stands.repository)
    return heard(reads, [there], stands.record.digest, release.author, ring(reads))


def what_lacks(
    reads: Reads, release: Release, stands: Standing, requires: Iterable[Requirement], cancel: Cancel
) -> Mapping[Requirement, Mapping[str, str]]:
    """Of each requirement: image -> why it is not met. `Refused` where an image is missing.

    `Unavailable` where the record is gone: without it nobody knows for which names an image may be signed.
    """
    registry, record = reads.registry(stands.repository.host), stands.repository.pinned(stands.record.digest)
    held = registry.manifest(record)
    if held is None:
        raise Unavailable(
            f"deploying {release.version}: its record {record} is not there any more",
            hint="somebody else deletes there; run the same command again",
            code="release-not-found",
        )
    parts = [blob(registry, stands.repository, it) for it in record_layers(held[1], stands.record.digest)]
    found: dict[str, Vouched] = {}
    for name, image in sorted(release.images.items()):
        it = vouched_in_place(reads, image, stands.tag, signed_as(reads.config, parts, name), cancel)
        if it is None:
            raise Refused(
                f"deploying {release.version}: image {name} at {image} is not there, or not whole",
                hint="whatever swept that registry took a part of a release: paasctl releases   shows others",
                code="image-not-found",
            )
        found[name] = it
    return lacks(reads, requires, found)
