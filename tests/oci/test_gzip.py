from __future__ import annotations

import gzip
import random

import pytest

from paasctl.errors import BuildFailed
from paasctl.oci.gzip import Compressor, inflate

CONTENT = random.Random(1).randbytes(3 << 20) + bytes(3 << 20)


def packed(*chunks: bytes) -> bytes:
    packer = Compressor()
    return b"".join([*map(packer.compress, chunks), packer.flush()])


def unpacked(content: bytes, chunk: int = 65536) -> bytes:
    pieces = list(inflate((content[at : at + chunk] for at in range(0, len(content), chunk)), "x"))
    assert all(0 < len(it) <= 1 << 20 for it in pieces)
    return b"".join(pieces)


def test_the_header_tells_nothing_of_the_machine() -> None:
    assert packed(b"x")[:10] == bytes.fromhex("1f8b08000000000000ff")


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_what_is_packed_is_read_by_others_and_by_us(content: bytes) -> None:
    assert gzip.decompress(packed(content)) == content
    assert unpacked(packed(content)) == content


def test_the_bytes_do_not_depend_on_how_the_content_comes() -> None:
    pieces = [CONTENT[at : at + 77_777] for at in range(0, len(CONTENT), 77_777)]
    assert packed(*pieces) == packed(CONTENT)


@pytest.mark.parametrize("chunk", [1 << 20, 1000])
def test_every_member_is_read(chunk: int) -> None:
    assert unpacked(gzip.compress(CONTENT[:5000]) + gzip.compress(b"tail"), chunk) == CONTENT[:5000] + b"tail"


@pytest.mark.parametrize("content", [b"", b"\x1f", b"plain tar " * 100])
def test_what_is_not_gzip_passes(content: bytes) -> None:
    assert unpacked(content) == content


@pytest.mark.parametrize("damage", ["cut", "flipped", "tail"])
def test_damage_is_told(damage: str) -> None:
    good = gzip.compress(CONTENT[:5000])
    bad = {"cut": good[:-3], "flipped": good[:300] + bytes([good[300] ^ 255]) + good[301:], "tail": good + b"junk"}
    with pytest.raises(BuildFailed, match="unpacking layer x: "):
        unpacked(bad[damage])
