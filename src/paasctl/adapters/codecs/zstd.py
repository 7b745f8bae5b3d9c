"""zstd as layers need it. Input goes in block by block, so that a bomb comes out in pieces of 128 KiB.

The compressor never runs without worker threads: their number does not change the bytes, their absence does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from paasctl.adapters.codecs.frames import blocks, is_zstd
from paasctl.errors import BuildFailed, Refused
from paasctl.ports.codecs import Compressor

try:
    import zstandard
except ImportError:  # no wheel for this machine
    zstandard: Any = None  # type: ignore[no-redef]

__all__ = ["compressor", "identity", "inflate", "is_zstd"]
_LEVEL = 3
_JOB = 4 << 20
"""Bytes a worker compresses alone; part of what decides the output."""


def inflate(chunks: Iterable[bytes], layer: str) -> Iterator[bytes]:
    """The uncompressed bytes of all frames; skippable ones are skipped."""
    _check(f"reading layer {layer}")
    frame = None
    for block in blocks(chunks, layer):
        frame = frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            piece = frame.decompress(block)
        except zstandard.ZstdError as error:
            raise BuildFailed(f"unpacking layer {layer}: {error}", code="layer-damaged") from error
        if piece:
            yield piece
        frame = None if frame.eof else frame


def compressor() -> Compressor:
    """A fresh one."""
    _check("packing a layer with zstd")
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, threads=min(2, os.cpu_count() or 1), job_size=_JOB, write_checksum=True
    )
    made: Compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return made


def identity() -> str:
    """Library, version and level."""
    _check("packing a layer with zstd")
    return f"zstandard {zstandard.__version__} level {_LEVEL} jobs {_JOB}"


def _check(doing: str) -> None:
    if zstandard is None:
        raise Refused(
            f"{doing}: this Python has no zstd library",
            hint="pip install zstandard; where it has no wheel, choose gzip",
            code="layer-unsupported",
        )
