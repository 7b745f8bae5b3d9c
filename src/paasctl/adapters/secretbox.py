"""NaCl's secret box, opened: XSalsa20 and Poly1305, as cosign seals its keys. A few hundred bytes, now and then.

Bernstein, *Extending the Salsa20 nonce* and *The Poly1305-AES message-authentication code*.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Sequence

_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_MASK = 0xFFFFFFFF
_QUARTERS = (
    (0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
    (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14),
)  # fmt: skip
_KEY, _NONCE, _TAG = 32, 24, 16


def opened(box: bytes, nonce: bytes, key: bytes) -> bytes:
    """What is in the box. `ValueError` where the key is another, or a byte was changed."""
    if len(key) != _KEY or len(nonce) != _NONCE or len(box) < _TAG:
        raise ValueError("not a secret box")
    inner = _subkey(key, nonce[:16])
    length = 32 + len(box) - _TAG
    stream = b"".join(_block(inner, nonce[16:], number) for number in range((length + 63) // 64))
    if not hmac.compare_digest(_poly1305(box[_TAG:], stream[:32]), box[:_TAG]):
        raise ValueError("the box does not open")
    return bytes(one ^ other for one, other in zip(box[_TAG:], stream[32:], strict=False))


def _state(key: bytes, middle: bytes) -> list[int]:
    words = struct.unpack("<8I", key)
    return [
        _SIGMA[0], *words[:4], _SIGMA[1], *struct.unpack("<4I", middle), _SIGMA[2], *words[4:], _SIGMA[3]
    ]  # fmt: skip


def _rounds(state: Sequence[int]) -> list[int]:
    x = list(state)
    for _ in range(10):
        for a, b, c, d in _QUARTERS:
            for to, one, other, by in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
                total = (x[one] + x[other]) & _MASK
                x[to] ^= ((total << by) | (total >> (32 - by))) & _MASK
    return x


def _subkey(key: bytes, nonce: bytes) -> bytes:
    """HSalsa20."""
    x = _rounds(_state(key, nonce))
    return struct.pack("<8I", x[0], x[5], x[10], x[15], x[6], x[7], x[8], x[9])


def _block(key: bytes, nonce: bytes, number: int) -> bytes:
    """Salsa20: 64 bytes of the stream."""
    state = _state(key, nonce + struct.pack("<Q", number))
    return struct.pack("<16I", *((one + other) & _MASK for one, other in zip(state, _rounds(state), strict=True)))


def _poly1305(message: bytes, key: bytes) -> bytes:
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for start in range(0, len(message), 16):
        total = (total + int.from_bytes(message[start : start + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) % (1 << 128)).to_bytes(16, "little")
