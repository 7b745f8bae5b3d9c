"""Squash tars in memory: the pure algebra, with nothing but slices for an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from paasctl.oci.tar.members import members
from paasctl.oci.tree.emit import Copy, Program, programs
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack, stack


@lru_cache(maxsize=64)
def index(tar: bytes, name: str = "layer", *, chunk: int = 700) -> Layer:
    """Of a tar read in pieces. It is a value, made once: most tests look at the same few layers in several ways."""
    pieces = (tar[at : at + chunk] for at in range(0, len(tar), chunk))
    return Layer(name, tuple(members(pieces, name)))


def stack_of(tars: Sequence[bytes], kept: int = 0) -> Stack:
    return stack([index(it, f"layer {number}") for number, it in enumerate(tars)], kept)


def carried_out(program: Program, tars: Sequence[bytes]) -> bytes:
    return b"".join(tars[it.layer][it.start : it.end] if isinstance(it, Copy) else it for it in program)


def squashed(tars: Sequence[bytes], kept: int = 0, count: int = 1) -> list[bytes]:
    """The kept layers and the new ones."""
    return [*tars[:kept], *(carried_out(it, tars) for it in programs(stack_of(tars, kept), count))]


@dataclass(frozen=True)
class Squashed:
    """The kept layers and the new ones, and the codes of what was ambiguous."""

    layers: list[bytes]
    codes: list[str]


def indexed(tars: Sequence[bytes]) -> list[Layer]:
    """An index of each."""
    return [index(it, f"layer {number}", chunk=4096) for number, it in enumerate(tars)]


def squash_indexed(indexes: Sequence[Layer], tars: Sequence[bytes], kept: int, count: int) -> Squashed:
    """As `squashed`, with the warnings; an index serves several times."""
    stacked = stack(indexes, kept)
    made = [carried_out(it, tars) for it in programs(stacked, count)]
    return Squashed([*tars[:kept], *made], [it.code for it in stacked.warnings])
