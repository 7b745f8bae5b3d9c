"""Squash tars in memory: the pure algebra, with nothing but slices for an engine."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.oci.emit import Copy, Program, programs
from paasctl.oci.layer import Layer
from paasctl.oci.stack import Stack, stack
from paasctl.oci.tar import members


def index(tar: bytes, name: str = "layer", *, chunk: int = 700) -> Layer:
    pieces = (tar[at : at + chunk] for at in range(0, len(tar), chunk))
    return Layer(name, tuple(members(pieces, name)))


def stack_of(tars: Sequence[bytes], kept: int = 0) -> Stack:
    return stack([index(it, f"layer {number}") for number, it in enumerate(tars)], kept)


def carried_out(program: Program, tars: Sequence[bytes]) -> bytes:
    return b"".join(tars[it.layer][it.start : it.end] if isinstance(it, Copy) else it for it in program)


def squashed(tars: Sequence[bytes], kept: int = 0, count: int = 1) -> list[bytes]:
    """The kept layers and the new ones."""
    return [*tars[:kept], *(carried_out(it, tars) for it in programs(stack_of(tars, kept), count))]
