"""What vouches for an image, and how it is found: manifests with a `subject`, and tags that carry a digest's name.

cosign keeps signatures, attestations and SBOMs of `sha256:abc…` under the tags `sha256-abc….sig`, `.att` and `.sbom`;
a registry without the referrers API has a tag `sha256-abc…`, which clients keep (distribution-spec).
"""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.model.image import digest_named
from paasctl.oci.documents.manifest import Json

SUFFIXES = (".sig", ".att", ".sbom")
_PREDICATES = ("in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType")


def companion_tags(digest: str) -> tuple[str, ...]:
    """The tags that cosign keeps beside a digest."""
    return tuple(f"{fallback_tag(digest)}{it}" for it in SUFFIXES)


def fallback_tag(digest: str) -> str:
    """The tag that stands for what vouches for a digest, where the registry has no referrers API."""
    return digest.replace(":", "-", 1)


def is_companion_tag(tag: str) -> bool:
    """Whether a tag is no image's, but what vouches for one."""
    return bool(digest_named(tag))


def subject_of(manifest: Json) -> str:
    """The digest of what a manifest vouches for; empty: it stands for itself."""
    subject = manifest.get("subject")
    return str(subject.get("digest", "")) if isinstance(subject, dict) else ""


def kinds_of(manifest: Json) -> Iterator[str]:
    """By what a manifest can be known as a signature, an SBOM or an attestation: types, and addresses of predicates."""
    layers = [it for it in manifest.get("layers") or () if isinstance(it, dict)]
    yield str(manifest.get("artifactType") or "")
    for it in (manifest, *layers):
        notes = it.get("annotations")
        yield from (str(notes[name]) for name in _PREDICATES if name in notes) if isinstance(notes, dict) else ()
    yield from (str(it.get("mediaType") or "") for it in layers)


def adds_to(new: Json, old: Json) -> bool:
    """Whether a companion holds all that an older one of the same tag does: cosign adds a layer for each signature."""
    return _digests(old) <= _digests(new) and new.get("mediaType") == old.get("mediaType")


def _digests(manifest: Json) -> set[str]:
    layers = manifest.get("layers") or ()
    return {str(it.get("digest")) for it in layers if isinstance(it, dict)}
