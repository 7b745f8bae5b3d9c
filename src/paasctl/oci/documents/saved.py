"""The documents of an archive of one image: those of a layout, and the `manifest.json` that `docker load` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from paasctl.model.image import Descriptor, full_name
from paasctl.oci.documents.manifest import Json, canonical, descriptor_json, is_index, parse_document

NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"


def image_ids(root: Descriptor, content: bytes) -> tuple[str, ...]:
    """What places may call an image: the digest of its manifest; engines that keep no manifests its configuration's."""
    config = parse_document(content, root.digest).get("config")
    return (root.digest, str(config.get("digest", ""))) if isinstance(config, dict) else (root.digest,)


def saved_documents(
    root: Descriptor, content: bytes, names: Sequence[str], beside: Sequence[Descriptor], place: Callable[[str], str]
) -> Iterator[tuple[str, bytes]]:
    """(name in the archive, content). `names` are the image's, `beside` are manifests that vouch for it.

    `place` says where in the archive a blob lies. It is a layout only where all of them lie as `blob_place` says.

    `manifest.json` has no word for an index: engines that keep several platforms read the layout.
    """
    entry = descriptor_json(root)
    named = [{**entry, "annotations": {**(entry.get("annotations") or {}), **_said(name)}} for name in names]
    listed = [*(named or [entry]), *map(descriptor_json, beside)]
    manifest = parse_document(content, root.digest)
    blobs = [str(it["digest"]) for it in manifest.get("layers") or ()]
    if all(place(it) == blob_place(it) for it in blobs):
        yield "oci-layout", canonical({"imageLayoutVersion": "1.0.0"})
        yield "index.json", canonical({"schemaVersion": 2, "manifests": listed})
    if not is_index(root.media_type):
        one = _entry(manifest, names, place)
        yield "manifest.json", json.dumps([one], sort_keys=True, separators=(",", ":")).encode()


def _said(name: str) -> dict[str, str]:
    """A tag alone is a layout's name; engines want the whole one."""
    if not any(it in name for it in ":/"):
        return {NAME: name}
    full = full_name(name)
    return {NAME: full.rpartition(":")[2], FULL_NAME: full}


def _entry(manifest: Json, names: Sequence[str], place: Callable[[str], str]) -> Json:
    return {
        "Config": place(manifest["config"]["digest"]),
        "RepoTags": [it for it in names if ":" in it] or None,
        "Layers": [place(it["digest"]) for it in manifest.get("layers") or ()],
    }


def blob_place(digest: str) -> str:
    """Where a layout has a blob (image-spec, `image-layout.md`)."""
    return f"blobs/{digest.replace(':', '/')}"
