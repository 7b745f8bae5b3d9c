"""A manifest of a registry as a cleanup sees it: what it is made of, what it leads to, how old it says it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime

from paasctl.errors import BuildFailed
from paasctl.model.cleanup import SWEEP_TYPE, Held
from paasctl.model.image import Descriptor, Pinned
from paasctl.model.release import RECORD_TYPE
from paasctl.oci.documents.companions import is_companion_tag, subject_of
from paasctl.oci.documents.manifest import OCI_CONFIG, Json, descriptor_from, is_foreign, parse_document
from paasctl.oci.documents.promotion import CREATED, TITLE
from paasctl.values import dataclass

_LONGEST = 4 << 20
"""Bytes of a configuration that is read for its date."""

_DATE = re.compile(r"(?P<head>[0-9-]{10}[Tt ][0-9:]{8})(?P<part>\.[0-9]+)?(?P<zone>[Zz]|[+-][0-9:]{5})")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read, and the configuration that may tell its date, where it tells none itself."""

    held: Held
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()


def parsed(at: Pinned, content: bytes, tags: Iterable[str] = ()) -> Parsed:
    """Of anything that was ever pushed: what can't be read is told to be `unknown`, it is never an error."""
    named = tuple(sorted(tags))
    try:
        manifest = parse_document(content, str(at))
        return _parsed(at, manifest, named, len(content))
    except (BuildFailed, TypeError, ValueError, AttributeError):  # fields of kinds that no specification has
        return Parsed(Held(at=at, size=len(content), what="unknown", tags=named))


def _parsed(at: Pinned, manifest: Json, tags: tuple[str, ...], size: int) -> Parsed:
    children = tuple(descriptor_from(it, str(at)) for it in manifest.get("manifests") or ())
    blobs = manifest.get("layers") or manifest.get("blobs") or ()
    layers = tuple(descriptor_from(it, str(at)) for it in blobs)
    config = descriptor_from(manifest["config"], str(at)) if manifest.get("config") else None
    notes, kind, subject = manifest.get("annotations") or {}, manifest.get("artifactType"), subject_of(manifest)
    is_voucher = bool(subject) or (bool(tags) and all(map(is_companion_tag, tags)))
    held = Held(
        at=at,
        size=size,
        what="release" if kind == RECORD_TYPE
        else "note" if kind == SWEEP_TYPE
        else "voucher" if is_voucher
        else "index" if children or "manifests" in manifest
        else "image" if config
        else "unknown",
        tags=tags,
        children=tuple(it.digest for it in children),
        subject=subject,
        blobs=tuple(
            (it.digest, it.size)
            for it in (*layers, *((config,) if config else ()))
            if not is_foreign(it.media_type)
        ),
        created=seconds_of(notes.get(CREATED)),
        app=str(notes.get(TITLE) or "") if kind == SWEEP_TYPE else "",
    )  # fmt: skip
    return Parsed(held, config if config and config.size <= _LONGEST else None, layers)


def created_in(config: bytes) -> float | None:
    """When an image says it was made, by its configuration."""
    try:
        said = json.loads(config)
    except (ValueError, RecursionError):
        return None
    return seconds_of(said.get("created")) if isinstance(said, dict) else None


def tells_date(config: Descriptor) -> bool:
    """Whether a configuration is an image's, of those that have a date."""
    return config.media_type == OCI_CONFIG or config.media_type.endswith("container.image.v1+json")


def seconds_of(text: object) -> float | None:
    """RFC 3339 as seconds since the epoch; None: it is no date. Nanoseconds, as Go writes them, are cut."""
    if not isinstance(text, str):
        return None
    found = _DATE.fullmatch(text)
    try:
        read = datetime.fromisoformat(f"{found['head']}{(found['part'] or '')[:7]}{found['zone']}") if found else None
    except ValueError:
        return None
    return read.timestamp() if read else None
