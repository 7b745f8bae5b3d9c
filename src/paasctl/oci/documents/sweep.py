"""The note of what a cleanup is about to delete: an OCI artifact under a tag of its own, for as long as it takes.

Few registries list manifests without a tag. Once the name of an image is gone, only this note tells what it was made
of; a run that was killed is completed from it by the next one. It allows nothing: what it names is judged anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from paasctl.errors import Unavailable
from paasctl.model.cleanup import SWEEP_TAG, SWEEP_TYPE
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.oci.documents.manifest import OCI_MANIFEST, Json, canonical, descriptor_json, digest_of
from paasctl.oci.documents.promotion import TITLE

_FORMAT = 1


def sweep_list(manifests: Sequence[Pinned]) -> bytes:
    """What goes, as the note's one layer has it."""
    return canonical({"format": _FORMAT, "manifests": [[it.repository.path, it.digest] for it in manifests]})


def sweep_note(app: str, listed: Descriptor, empty: Descriptor) -> bytes:
    """The note's manifest. `empty`: where nothing lies that every artifact must name."""
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": SWEEP_TYPE,
        "config": descriptor_json(empty),
        "layers": [descriptor_json(listed)],
        "annotations": {TITLE: app},
    }
    return canonical(manifest)


def sweep_tag(note: bytes) -> str:
    """A tag that no other note has: registries may forbid to move one."""
    return f"{SWEEP_TAG}{digest_of(note).removeprefix('sha256:')[:12]}"


def read_sweep(content: bytes, host: str) -> frozenset[Pinned]:
    """What a note lists. `Unavailable` where it can't be read."""
    try:
        listed = json.loads(content)["manifests"]
        return frozenset(Repository.parse(f"{host}/{path}").pinned(digest) for path, digest in listed)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unavailable(
            f"reading the note of a cleanup in {host}: {type(error).__name__}: {error}", code="note-unreadable"
        ) from error
