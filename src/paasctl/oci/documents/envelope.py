"""Statements about images: in-toto's, in a DSSE envelope that is signed, in a Sigstore bundle, or bare.

What is signed is not the payload but its pre-authentication encoding (DSSE, *Protocol*).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from paasctl.values import dataclass

DSSE_TYPE = "application/vnd.dsse.envelope.v1+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"
"""How the types of bundles begin; their version follows."""
IN_TOTO_TYPE = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/"


class UnreadableError(ValueError):
    """Why something that should vouch says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Which digests it is about, and what it says of them; and what signs it, each as (what was signed, by what)."""

    predicate: str
    subjects: frozenset[str]
    signed: tuple[tuple[bytes, bytes], ...] = ()


def read_statement(content: bytes) -> Statement:
    """A bare in-toto statement. `UnreadableError` says why it is none."""
    said = _object(content, "statement")
    if not str(said.get("_type")).startswith(_STATEMENT):
        raise UnreadableError("it is no in-toto statement")
    subjects = said.get("subject")
    if not isinstance(subjects, list):
        raise UnreadableError("it names no subject")
    digests = [it.get("digest") for it in subjects if isinstance(it, dict)]
    found = frozenset(f"sha256:{it['sha256']}" for it in digests if isinstance(it, dict) and "sha256" in it)
    return Statement(predicate=str(said.get("predicateType") or ""), subjects=found)


def read_envelope(content: bytes) -> Statement:
    """The statement in a DSSE envelope. `UnreadableError` says why there is none."""
    return _opened(_object(content, "envelope"))


def read_bundle(content: bytes) -> Statement:
    """The statement in a Sigstore bundle. `UnreadableError` says why there is none."""
    envelope = _object(content, "bundle").get("dsseEnvelope")
    if not isinstance(envelope, dict):
        raise UnreadableError("the bundle has no DSSE envelope")
    return _opened(envelope)


def encoded(kind: str, payload: bytes) -> bytes:
    """What a DSSE signature is made over."""
    return b"DSSEv1 %d %b %d %b" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _opened(envelope: dict[str, Any]) -> Statement:
    kind, signatures = str(envelope.get("payloadType") or ""), envelope.get("signatures")
    if kind != IN_TOTO_TYPE:
        raise UnreadableError(f"its payload is {kind or 'of no type'}, not an in-toto statement")
    payload = _decoded(envelope.get("payload"))
    found = read_statement(payload)
    over = encoded(kind, payload)
    each = [it.get("sig") for it in signatures if isinstance(it, dict)] if isinstance(signatures, list) else []
    signed = tuple((over, _decoded(it)) for it in each)
    return Statement(predicate=found.predicate, subjects=found.subjects, signed=signed)


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableError(f"the {what} is no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError(f"the {what} is no JSON object")
    return found


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("it is not in base64") from None
