"""Claims read from what anybody may have pushed: whatever stands there, it is read, or its trouble is told."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasctl.model.image import Descriptor
from paasctl.oci.documents.envelope import (
    BUNDLE_TYPE,
    DSSE_TYPE,
    IN_TOTO_TYPE,
    UnreadableError,
    encoded,
    read_bundle,
    read_envelope,
    read_statement,
)
from paasctl.oci.documents.signature import PAYLOAD_TYPE, read_payload
from paasctl.oci.documents.vouching import claims_of

_DIGEST = f"sha256:{'a' * 64}"
_KEYS = st.sampled_from(
    ("_type", "subject", "digest", "sha256", "predicateType", "payload", "payloadType", "signatures", "sig", "critical")
) | st.text(max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda it: st.lists(it, max_size=3) | st.dictionaries(_KEYS, it, max_size=4),
    max_leaves=12,
)


def _layer(kind: str, content: bytes, **notes: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _DIGEST, "size": len(content), "annotations": notes}


def test_the_encoding_is_the_one_of_its_specification() -> None:
    assert encoded("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(_JSON)
def test_no_document_is_too_strange_to_be_told_of(document: Any) -> None:
    content = json.dumps(document).encode()
    payload = base64.b64encode(content).decode()
    wrapped = json.dumps({"payloadType": IN_TOTO_TYPE, "payload": payload, "signatures": [document]}).encode()
    bundled = json.dumps({"dsseEnvelope": document}).encode()
    for read, it in (
        (read_statement, content),
        (read_envelope, content),
        (read_envelope, wrapped),
        (read_bundle, content),
        (read_bundle, bundled),
        (read_payload, content),
    ):
        with suppress(UnreadableError):
            read(it)


@pytest.mark.parametrize("kind", [PAYLOAD_TYPE, DSSE_TYPE, IN_TOTO_TYPE, f"{BUNDLE_TYPE}.v0.3+json"])
def test_what_can_not_be_read_is_a_claim_with_trouble(kind: str) -> None:
    (claim,) = claims_of({"layers": [_layer(kind, b"{}")]}, _DIGEST, lambda _: b"{}")
    assert claim.trouble.startswith("it can't be read: ")
    assert kind in claim.kinds


def test_a_statement_that_is_too_large_is_not_fetched() -> None:
    def blob(_: Descriptor) -> bytes:
        raise AssertionError

    layer = {**_layer(DSSE_TYPE, b""), "size": 1 << 40, "annotations": {"predicateType": "https://spdx.dev/Document"}}
    (claim,) = claims_of({"layers": [layer]}, _DIGEST, blob)
    assert claim.trouble == "it has more than 32 MiB"
    assert "https://spdx.dev/Document" in claim.kinds


def test_a_document_that_says_nothing_of_its_subject_is_believed_on_its_manifest() -> None:
    manifest = {"artifactType": "application/spdx+json", "layers": [_layer("application/spdx+json", b"{}")]}
    (claim,) = claims_of(manifest, _DIGEST, lambda _: b"{}")
    assert (claim.about, claim.signed) == (frozenset((_DIGEST,)), ())
    assert not list(claims_of(manifest, "", lambda _: b"{}")), "a part of an image vouches for nothing"
