"""A public key is one key however its line is spelled."""

from __future__ import annotations

import base64

from paasctl.model.approving import PublicKey

_KIND = "ecdsa-sha2-nistp256"


def test_the_bits_that_base64_leaves_over_make_no_other_key() -> None:
    blob = len(_KIND).to_bytes(4, "big") + _KIND.encode() + bytes(2)  # a length that leaves four bits over
    text = base64.b64encode(blob).decode()
    assert text.endswith("AA==")
    assert PublicKey.parse(f"{_KIND} {text}") == PublicKey.parse(f"{_KIND} {text[:-3]}P== at work")
