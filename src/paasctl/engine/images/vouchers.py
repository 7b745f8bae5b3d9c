"""What vouches for an image as it was: what is made from it has another digest, so it is left out there, and named."""

from __future__ import annotations

from paasctl.model.image import Descriptor
from paasctl.oci.documents.companions import companion_tags
from paasctl.oci.documents.squashed import SQUASHED_FROM
from paasctl.ports.images import CopySource
from paasctl.values import dataclass

_TAGGED = {"sig": "a signature", "att": "an attestation", "sbom": "an SBOM"}


@dataclass(frozen=True, slots=True)
class Voucher:
    """One of them, and what it is."""

    descriptor: Descriptor
    kind: str = "an attestation"

    @property
    def sentence(self) -> str:
        """That it stays behind."""
        return f"{self.kind} ({self.descriptor.digest[:19]}) speaks of the image as it was, and is left out"


def vouchers(source: CopySource, found: Descriptor) -> list[Voucher]:
    """By subject, but for our own records of what it was made from; and by cosign's tags."""
    listed = [it for it in source.referrers(found) if it.artifact_type != SQUASHED_FROM]
    tagged = source.companions(companion_tags(found.digest))
    return [
        *(Voucher(it, it.artifact_type or "an attestation") for it in listed),
        *(Voucher(it, _TAGGED[tag.rpartition(".")[2]]) for tag, it in tagged.items()),
    ]
