"""The documents after a squash: manifest, index, and a record of what the image was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasctl.model.image import Descriptor
from paasctl.oci.documents.family import in_family
from paasctl.oci.documents.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    OCI_MANIFEST,
    Json,
    canonical,
    descriptor_json,
)

SQUASHED_FROM = "application/vnd.paasctl.squashed-from.v1+json"
"""Artifact and media type of the record."""
EMPTY_TYPE, EMPTY = "application/vnd.oci.empty.v1+json", b"{}"
"""image-spec's configuration of what has none."""


def squashed_manifest(manifest: Json, kept: int, config: Descriptor, layers: Sequence[Descriptor]) -> Json:
    """The manifest with the layers above `kept` replaced.

    Their annotations go with them, since they describe old bytes; the base's stay true only where its layers are kept.
    """
    annotations = dict(manifest.get("annotations") or {})
    if not kept:
        annotations = {key: it for key, it in annotations.items() if key not in (BASE_NAME, BASE_DIGEST, BASE_LAYERS)}
    edited = {
        **manifest,
        "config": {**manifest["config"], "digest": config.digest, "size": config.size},
        "layers": [*manifest["layers"][:kept], *map(descriptor_json, layers)],
    }
    edited.pop("annotations", None)
    return {**edited, "annotations": annotations} if annotations else edited


def squashed_index(index: Json, children: Mapping[str, Descriptor | None]) -> Json:
    """The index with each child replaced by its squashed self, in the same order; None drops it (failure row B7)."""
    rebuilt = []
    for entry in index["manifests"]:
        child = children[entry["digest"]]
        if child is not None:
            rebuilt.append({**entry, "mediaType": child.media_type, "digest": child.digest, "size": child.size})
    edited = {**index, "manifests": rebuilt}
    if "mediaType" in index:
        edited["mediaType"] = in_family(index["mediaType"], [it["mediaType"] for it in rebuilt])
    return edited


def record(old: Descriptor, dropped: Sequence[Descriptor]) -> bytes:
    """What the image was made from, and what vouched for that and no longer does. The same for the same input."""
    left = [{**descriptor_json(it), "annotations": {}} for it in dropped]
    plain = [{key: value for key, value in it.items() if value} for it in left]
    return canonical({"from": {"digest": old.digest, "mediaType": old.media_type}, "leftOut": plain})


def record_manifest(subject: Descriptor, blob: Descriptor, empty: Descriptor) -> bytes:
    """A manifest that attaches the record to the new image."""
    bare = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size}
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": SQUASHED_FROM,
            "config": descriptor_json(empty),
            "layers": [descriptor_json(blob)],
            "subject": bare,
        }
    )
