"""A tar of files whose names and sizes are known: where each of them lies, and headers. Same files, same tar."""

from __future__ import annotations

import tarfile

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
"""What a tar ends with."""


def file_header(name: str, size: int) -> bytes:
    """In the old GNU format any size fits into one block. No times, no owners: the same image is the same tar."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o644
    return entry.tobuf(tarfile.GNU_FORMAT)


def padded(size: int) -> int:
    """What so many bytes take in a tar."""
    return -(-size // BLOCK) * BLOCK
