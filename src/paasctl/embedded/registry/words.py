"""What strangers say, checked before anything is done with it: names, tags, digests, media types, manifests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[!-~][ -~]{0,254}")
_LONGEST = 255
"""Characters of a name: no folder of ours may be longer."""


def is_name(said: object) -> bool:
    """Whether it names a repository; such a name leads nowhere but into the folder."""
    return isinstance(said, str) and len(said) <= _LONGEST and bool(_NAME.fullmatch(said))


def is_tag(said: object) -> bool:
    """Whether it is a tag."""
    return isinstance(said, str) and bool(_TAG.fullmatch(said))


def is_digest(said: object) -> bool:
    """Whether it is a digest of the one algorithm that is kept here."""
    return isinstance(said, str) and bool(_DIGEST.fullmatch(said))


def is_media_type(said: object) -> bool:
    """Whether it can stand in a header."""
    return isinstance(said, str) and bool(_MEDIA_TYPE.fullmatch(said))


def named(reference: str) -> tuple[str, str]:
    """Repository and tag of what a layout calls an image: ``web``, ``shop/web:1``, ``127.0.0.1:5000/shop/web:1``."""
    head, slash, last = reference.rpartition("/")
    name, _, tag = last.partition(":")
    host, is_below, rest = head.partition("/")
    if ":" in host:  # a registry that it came from; no repository is called so
        head, slash = rest, is_below
    return f"{head}{slash}{name}", tag


@dataclass(frozen=True)
class Document:
    """A manifest or an index, as far as a registry must understand it."""

    said: Mapping[str, Any]
    blobs: tuple[Mapping[str, Any], ...]
    """Descriptors of what it is made of."""
    children: tuple[Mapping[str, Any], ...]
    """Descriptors of the manifests that an index lists."""
    subject: str
    """The digest of what it is about; empty: of nothing."""


def document(content: bytes) -> Document:
    """A manifest's meaning. Raises `ValueError` for what is none."""
    try:
        said = json.loads(content.decode(), parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(said, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - it is about content
    layers = _descriptors(said.get("layers"))
    config = _descriptors([it for it in (said.get("config"),) if it is not None])
    subject = _descriptors([it for it in (said.get("subject"),) if it is not None])
    _check_texts(said)
    about = str(subject[0]["digest"]) if subject else ""
    return Document(said, (*config, *layers), _descriptors(said.get("manifests")), about)


def _no_number(said: str) -> NoReturn:
    raise ValueError(f"{said} is no JSON")


def _descriptors(said: object) -> tuple[Mapping[str, Any], ...]:
    found = [] if said is None else said
    if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
        raise ValueError("a descriptor is no object")
    if not all(isinstance(it.get("digest"), str) and isinstance(it.get("mediaType", ""), str) for it in found):
        raise ValueError("a descriptor has no digest")
    return tuple(found)


def _check_texts(said: Mapping[str, Any]) -> None:
    if not all(isinstance(said.get(it), (str, type(None))) for it in ("mediaType", "artifactType")):
        raise ValueError("a media type is no text")
    notes = said.get("annotations")
    if notes is None:
        return
    if not isinstance(notes, dict) or not all(isinstance(it, str) for it in notes.values()):
        raise ValueError("an annotation is no text")
