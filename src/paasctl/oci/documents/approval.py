"""An approval as an OCI artifact beside a release record: an in-toto statement, and an SSH signature of its bytes.

Both are blobs of their own, so that whoever pulls it can check it by hand: `ssh-keygen -Y verify -n paasctl-approval`.
What is in a signature (openssh, PROTOCOL.sshsig) is read for whose it claims to be; whether it is, `ssh-keygen` says.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Any, get_args

from paasctl.errors import PaasError
from paasctl.model.approving import APPROVAL_TYPE, Approval, Approve, PublicKey, Voice
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import (
    OCI_MANIFEST,
    Json,
    canonical,
    descriptor_from,
    descriptor_json,
    parse_document,
)
from paasctl.oci.documents.promotion import CREATED, VERSION
from paasctl.values import dataclass

STATEMENT_TYPE = "application/vnd.in-toto+json"
SIGNATURE_TYPE = "application/vnd.paasctl.approval.signature.v1+pem"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://paasctl.dev/approval/v1"
_TITLE = "org.opencontainers.image.title"
_VOICE, _BY, _FOR = (f"dev.paasctl.approval{it}" for it in ("", ".by", ".for"))
_MOST = 64 * 1024
"""Bytes of a statement and of a signature; RSA's with 16,384 bits takes 7,000."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LAST = 9999
"""The year after which nobody could say anything newer."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_VOICES: dict[str, Voice] = {it: it for it in get_args(Voice)}
_BEGIN, _END, _MAGIC = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----", b"SSHSIG"


@dataclass(frozen=True, slots=True)
class Signed:
    """Where the two parts of one lie."""

    statement: Descriptor
    signature: Descriptor


def approval_statement(step: Approve, at: str) -> bytes:
    """What is signed."""
    algorithm, _, value = step.record.digest.partition(":")
    said = {"verdict": step.voice, "environments": list(step.environments), "by": step.by, "at": at}
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [{"name": step.version, "digest": {algorithm: value}}],
            "predicateType": _PREDICATE,
            "predicate": {**said, **({"reason": step.reason} if step.reason else {})},
        }
    )


def approval_manifest(step: Approve, at: str, parts: Signed, empty: Descriptor) -> bytes:
    """The artifact. Its annotations are for people who list it: nobody trusts them."""
    notes = {
        CREATED: at,
        VERSION: step.version,
        _VOICE: step.voice,
        _BY: step.by,
        _FOR: ", ".join(step.environments),
    }
    titles = ("approval.json", "approval.json.sig")
    layers = [
        descriptor_json(it) | {"annotations": {_TITLE: title}}
        for it, title in zip((parts.statement, parts.signature), titles, strict=True)
    ]
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": APPROVAL_TYPE,
        "config": descriptor_json(empty),
        "layers": layers,
        "subject": descriptor_json(step.record),
        "annotations": notes,
    }
    return canonical(manifest)


def may_be_approval(referrer: Descriptor) -> bool:
    """Whether it must be read to know. Some registries list no types."""
    return referrer.artifact_type in ("", APPROVAL_TYPE)


def signed_parts(content: bytes, what: str) -> Signed | str | None:
    """Where the parts of one lie, or what is wrong with it; None: it is no approval."""
    try:
        manifest = parse_document(content, what)
        if manifest.get("artifactType") != APPROVAL_TYPE:
            return None
        layers = [descriptor_from(it, what) for it in manifest.get("layers") or ()]
    except PaasError:
        return "its manifest can't be read"
    parts = [[it for it in layers if it.media_type == kind] for kind in (STATEMENT_TYPE, SIGNATURE_TYPE)]
    for name, found in zip(("statement", "signature"), parts, strict=True):
        if len(found) != 1:
            return f"it has {len(found) or 'no'} {name}{'s' if found else ''}, and should have one"
        if not _DIGEST.fullmatch(found[0].digest):
            return f"its {name} has no digest"
        if found[0].size > _MOST:
            return f"its {name} has {found[0].size:,} bytes, more than any should"
    return Signed(parts[0][0], parts[1][0])


def read_statement(content: bytes, identity: str) -> Approval:
    """What it says, or in `fault` why it says nothing. It may say anything: whether it is signed is another matter."""
    try:
        said = json.loads(content)
        (subject,) = said["subject"]
        ((algorithm, value),) = subject["digest"].items()
        it = said["predicate"]
        return _approval(identity, f"{algorithm}:{value}", it, (said["_type"], said["predicateType"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Approval(id=identity, fault="its statement can't be read")


def signer_of(signature: bytes) -> PublicKey:
    """The key that it claims to be made with. A `ValueError` says what is wrong."""
    text = signature.decode("ascii", "replace").strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise ValueError("its signature is none of SSH's")
    if text.count(_BEGIN) != 1:
        raise ValueError("it has more than one signature")
    try:
        blob = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("its signature is no base64") from None
    if blob[: len(_MAGIC)] != _MAGIC:
        raise ValueError("its signature is none of SSH's")
    key = _string(blob[len(_MAGIC) + 4 :])
    kind = _string(key).decode("ascii", "replace")
    return PublicKey.parse(f"{kind} {base64.b64encode(key).decode()}")


def _approval(identity: str, record: str, it: Any, kinds: tuple[Any, Any]) -> Approval:
    environments = it["environments"]
    if kinds != (_STATEMENT, _PREDICATE):
        return Approval(id=identity, fault="it is a statement about something else")
    if not isinstance(environments, list) or not environments or not all(isinstance(one, str) for one in environments):
        return Approval(id=identity, fault="it does not say for which environment")
    if not _TIME.fullmatch(it["at"]) or not _is_time(it["at"], it["verdict"]):
        return Approval(id=identity, fault="it does not say when")
    return Approval(
        id=identity,
        voice=_VOICES[it["verdict"]],
        record=record,
        environments=tuple(environments),
        at=it["at"],
        why=str(it.get("reason") or ""),
    )


def _is_time(text: str, verdict: str) -> bool:
    """A taking back is heard in that last year, too: it may follow on what was dated just before."""
    try:
        return datetime.fromisoformat(text).year < _LAST or verdict == "withdrawn"
    except ValueError:
        return False


def _string(blob: bytes) -> bytes:
    """The length-prefixed string that bytes begin with (RFC 4251)."""
    size = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + size or not size:
        raise ValueError("its signature is cut short")
    return blob[4 : 4 + size]
