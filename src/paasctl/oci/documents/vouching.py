"""What vouches for an image, read: what it claims, which digests it says that is about, and what signs it.

A claim is judged by what it says itself: an annotation or a place beside an image is no proof. Only what has no words
on its subject (an SPDX document, say) is believed on its manifest's `subject`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from paasctl.errors import BuildFailed
from paasctl.model.claim import Claim
from paasctl.model.image import Descriptor
from paasctl.oci.documents.companions import kinds_of
from paasctl.oci.documents.envelope import (
    BUNDLE_TYPE,
    DSSE_TYPE,
    IN_TOTO_TYPE,
    Statement,
    UnreadableError,
    read_bundle,
    read_envelope,
    read_statement,
)
from paasctl.oci.documents.manifest import Json, descriptor_from
from paasctl.oci.documents.signature import PAYLOAD_TYPE, read_payload, signature_of

_MOST = 32 << 20
"""Bytes of one statement: a larger one is not looked at, and says nothing."""

Blob = Callable[[Descriptor], bytes]
"""A small blob, whole and verified. Not there: it raises, which is not *no*."""


def claims_of(manifest: Json, about: str, blob: Blob) -> Iterator[Claim]:
    """What a manifest claims that vouches for `about` (empty: it is a part of the image, as BuildKit's are)."""
    whole = True
    for it in manifest.get("layers") or ():
        if (claim := _claim(it, about, blob)) is not None:
            whole = False
            yield claim
    if whole and about:
        yield Claim(kinds=frozenset(filter(None, kinds_of(manifest))), about=frozenset((about,)))


def _claim(layer: Json, about: str, blob: Blob) -> Claim | None:
    """None: a layer that no rule of ours reads."""
    try:
        found = descriptor_from(layer, "a layer that vouches")
    except BuildFailed as error:
        return Claim(kinds=frozenset(), about=frozenset(), trouble=str(error))
    kind = found.media_type
    read = _READ.get(kind) or (read_bundle if kind.startswith(BUNDLE_TYPE) else None)
    if read is None and kind != PAYLOAD_TYPE:
        return None
    hinted = frozenset({kind, *kinds_of({"layers": [layer]})} - {""})
    if found.size > _MOST:
        return Claim(kinds=hinted, about=frozenset(), trouble=f"it has more than {_MOST >> 20} MiB")
    content = blob(found)
    try:
        return _payload(content, layer) if read is None else _stated(read(content), kind)
    except UnreadableError as error:
        return Claim(kinds=hinted, about=frozenset((about,)), trouble=f"it can't be read: {error}")


def _payload(content: bytes, layer: Json) -> Claim:
    said, signature = read_payload(content), signature_of(layer)
    return Claim(
        kinds=frozenset((PAYLOAD_TYPE,)),
        about=frozenset((said.digest,)),
        name=said.reference,
        signed=((content, signature),),
    )


def _stated(said: Statement, kind: str) -> Claim:
    return Claim(kinds=frozenset((kind, said.predicate)), about=said.subjects, signed=said.signed)


_READ: Mapping[str, Callable[[bytes], Statement]] = {DSSE_TYPE: read_envelope, IN_TOTO_TYPE: read_statement}
