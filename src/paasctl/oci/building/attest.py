"""What is attached to an image: a small manifest whose `subject` it is (image-spec, *Associated content*).

It is found by the image's digest, so it must be made anew where the image gets another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from paasctl.model.image import Descriptor
from paasctl.oci.building.provenance import IN_TOTO
from paasctl.oci.documents.manifest import (
    OCI_MANIFEST,
    Json,
    canonical,
    descriptor_from,
    descriptor_json,
    parse_document,
)
from paasctl.oci.documents.squashed import EMPTY, EMPTY_TYPE

PREDICATE_TYPE = "in-toto.io/predicate-type"
"""The annotation that says what a statement is about, so that one need not read it to know."""
Put = Callable[[str, bytes], Descriptor]
"""Writes a small blob: its media type, its content."""


def attach(subject: Descriptor, kind: str, content: bytes, annotations: Mapping[str, str], put: Put) -> Descriptor:
    """A manifest with `content` for an image; `kind` is the media type of both."""
    blob, empty = put(kind, content), put(EMPTY_TYPE, EMPTY)
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": descriptor_json(empty),
        "layers": [descriptor_json(blob)],
        "subject": {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size},
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    found = put(OCI_MANIFEST, canonical(manifest))
    return Descriptor(found.media_type, found.digest, found.size, dict(annotations), artifact_type=kind)


def attach_again(old: Descriptor, subject: Descriptor, read: Callable[[Descriptor], bytes], put: Put) -> Descriptor:
    """The same for another image with the same files: what names the image by its digest names the new one."""
    manifest = parse_document(read(old), old.digest)
    (layer,) = (descriptor_from(it, old.digest) for it in manifest["layers"])
    content = read(layer)
    if layer.media_type == IN_TOTO:
        statement = json.loads(content)
        algorithm, _, value = subject.digest.partition(":")
        named = [{**it, "digest": {algorithm: value}} for it in statement["subject"]]
        content = canonical({**statement, "subject": named})
    return attach(subject, manifest["artifactType"], content, manifest.get("annotations") or {}, put)
