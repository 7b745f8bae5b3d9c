"""The release record as an OCI artifact (image-spec 1.1): a JSON document and a tar of the project's files.

Deterministic: the same release has the same bytes, so recording it twice writes nothing. It names images by digest and
by their place relative to its own repository, so that copying the closure to another registry changes no byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor, Pinned, Repository, parse_reference
from paasctl.model.release import OUTSIDE, RECORD_FORMAT, RECORD_TYPE, Release, beside
from paasctl.values import dataclass

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
FILES_TYPE = "application/vnd.paasctl.files.v1.tar"
_EMPTY = b"{}"
_WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""How what is no record shows; a hundred thousand brackets are none."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A manifest and the blobs it names, by digest."""

    manifest: bytes
    blobs: tuple[tuple[Descriptor, bytes], ...]


def record_artifact(release: Release, repository: Repository) -> Artifact:
    """The artifact of a release whose record lies in `repository`."""
    empty = _blob(EMPTY_TYPE, _EMPTY)
    record = _blob(RECORD_TYPE, _canonical(_document(release, repository)))
    files = _blob(FILES_TYPE, _tar(release.files))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": RECORD_TYPE,
        "config": _descriptor(empty[0]),
        "layers": [_descriptor(record[0]), _descriptor(files[0])],
        "annotations": {
            "org.opencontainers.image.created": _rfc3339(release.created),
            "org.opencontainers.image.revision": release.commit,
            "org.opencontainers.image.title": release.app,
            "org.opencontainers.image.version": release.version,
        },
    }
    return Artifact(_canonical(manifest), (empty, record, files))


def record_layers(manifest: bytes, name: str) -> tuple[Descriptor, Descriptor]:
    """The descriptors of the document and of the files. `Unavailable` where this is no record we can read."""
    try:
        document = json.loads(manifest)
        kind, layers = document.get("artifactType"), document.get("layers", [])
        found = {it["mediaType"]: Descriptor(it["mediaType"], it["digest"], it["size"]) for it in layers}
    except _WRONG as error:
        raise Unavailable(
            f"reading the release record {name}: it is no OCI manifest", code="record-unreadable"
        ) from error
    if kind != RECORD_TYPE or RECORD_TYPE not in found or FILES_TYPE not in found:
        raise Unavailable(
            f"reading the release record {name}: what lies there is {kind or 'an image'}, no record of ours",
            hint="a newer paasctl may have made it, or the version's tag was taken by something else",
            code="record-unreadable",
        )
    return found[RECORD_TYPE], found[FILES_TYPE]


def read_record(document: bytes, files: bytes, repository: Repository) -> Release:
    """The release, its images placed relative to `repository`, where the record was found."""
    try:
        return _release(json.loads(document), files, repository)
    except (*_WRONG, tarfile.TarError) as error:
        raise Unavailable(
            f"reading the release record in {repository}: {type(error).__name__}: {error}", code="record-unreadable"
        ) from error


def read_names(document: bytes, repository: Repository) -> Release:
    """The same from the document alone, without the project's files: what it names, and who it is."""
    try:
        return _release(json.loads(document), b"", repository)
    except _WRONG as error:
        raise Unavailable(
            f"reading the release record in {repository}: {type(error).__name__}: {error}", code="record-unreadable"
        ) from error


def _release(said: Mapping[str, Any], files: bytes, repository: Repository) -> Release:
    if said["format"] > RECORD_FORMAT:
        raise Unavailable(
            f"reading the release record of {said.get('version')}: format {said['format']}, we read {RECORD_FORMAT}",
            hint="use a newer paasctl",
            code="record-too-new",
        )
    is_home = said.get("home") in (None, str(repository))
    images = {
        name: (Repository.parse(it["repository"]) if is_home and "repository" in it else repository.child(name)).pinned(
            it["digest"]
        )
        for name, it in said["images"].items()
    }
    return Release(
        app=said["app"],
        version=said["version"],
        commit=said["commit"],
        created=said["created"],
        images=images,
        bases={name: it["base"] for name, it in said["images"].items() if it.get("base")},
        subjects=tuple(said["subjects"]),
        author=said.get("author", ""),
        changelog=said.get("changelog", ""),
        outside=_outside(said.get("outside", {}), repository, is_home=is_home),
        files=_untar(files) if files else {},
        snapshot=said.get("snapshot", False),
    )


def _outside(said: Any, repository: Repository, *, is_home: bool) -> dict[str, Pinned]:
    """Where the record is at home they are what was written; anywhere else the copies that came with it."""
    written = {str(it): it for it in said} if isinstance(said, list) else dict(said)  # a list: of digests, as they were
    found = {name: _pinned(it) for name, it in written.items()}
    if is_home:
        return found
    return {name: beside(repository, it.repository).pinned(it.digest) for name, it in found.items()}


def _pinned(text: str) -> Pinned:
    found = parse_reference(text)
    if not isinstance(found, Pinned):
        raise ValueError(f"not a digest: {text!r}")  # noqa: TRY004 - a word of the record, no type of ours
    return found


def _document(release: Release, repository: Repository) -> dict[str, Any]:
    images: dict[str, Any] = {}
    for name, pinned in sorted(release.images.items()):
        entry = {"digest": pinned.digest}
        if pinned.repository != repository.child(name):
            entry["repository"] = str(pinned.repository)
        if base := release.bases.get(name):
            entry["base"] = base
        images[name] = entry
    outside = {name: str(it) for name, it in sorted(release.outside.items())}
    more: dict[str, Any] = {"author": release.author, "changelog": release.changelog, OUTSIDE: outside}
    # Where it is at home an image may lie elsewhere; promoted, it lies beside the record like all others.
    home = {"home": str(repository)} if outside or any("repository" in it for it in images.values()) else {}
    return {
        **home,
        **{name: it for name, it in more.items() if it},
        "format": RECORD_FORMAT,
        "app": release.app,
        "version": release.version,
        "commit": release.commit,
        "created": release.created,
        "snapshot": release.snapshot,
        "images": images,
        "subjects": list(release.subjects),
    }


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _untar(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for entry in tar:
            if (stream := tar.extractfile(entry)) is not None:
                files[entry.name] = stream.read()
    return files


def _blob(media_type: str, content: bytes) -> tuple[Descriptor, bytes]:
    return Descriptor(media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)), content


def _descriptor(it: Descriptor) -> dict[str, Any]:
    return {"mediaType": it.media_type, "digest": it.digest, "size": it.size}


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
