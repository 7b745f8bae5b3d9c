"""NaCl's secret box: the vector that NaCl is told by, and every way it must not open."""

from __future__ import annotations

import pytest

from paasctl.adapters.secretbox import opened

# "Cryptography in NaCl", sections 8 to 10: the key is HSalsa20's of the shared secret there.
KEY = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
NONCE = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
PLAIN = bytes.fromhex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4"
    "1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52"
    "f0a089bc76897040e082f937763848645e0705"
)
BOX = bytes.fromhex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b"
    "4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da"
    "99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5"
)


def test_it_opens() -> None:
    assert opened(BOX, NONCE, KEY) == PLAIN


@pytest.mark.parametrize("at", [0, 15, 16, len(BOX) - 1])
def test_a_changed_byte_keeps_it_shut(at: int) -> None:
    with pytest.raises(ValueError, match="does not open"):
        opened(BOX[:at] + bytes([BOX[at] ^ 1]) + BOX[at + 1 :], NONCE, KEY)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(ValueError, match="does not open"):
        opened(BOX, NONCE, KEY[::-1])


@pytest.mark.parametrize(
    ("box", "nonce", "key"), [(BOX[:15], NONCE, KEY), (BOX, NONCE[1:], KEY), (BOX, NONCE, KEY[1:])]
)
def test_what_is_no_box(box: bytes, nonce: bytes, key: bytes) -> None:
    with pytest.raises(ValueError, match="not a secret box"):
        opened(box, nonce, key)
