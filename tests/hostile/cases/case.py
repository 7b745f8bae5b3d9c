"""One named image, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hostile.parts import Part, layer, written
from hostile.read import Meta

Said = str | Sequence[Part | str] | bytes
"""A layer: in the notation, as members, or as the bytes of its tar."""


@dataclass(frozen=True, slots=True)
class Case:
    """An image. `sees` is the tree in the notation; `meta` the attributes of some paths, as `told` says them."""

    name: str
    layers: tuple[bytes, ...]
    sees: tuple[str, ...] = ()
    warns: frozenset[str] = frozenset()
    refused: str = ""
    """The code of the refusal, where no runtime could unpack it."""
    meta: Mapping[str, str] = field(default_factory=dict)


def case(name: str, *layers: Said, sees: str | Sequence[str] = "", warns: str = "", **more: object) -> Case:
    """A case; `sees` and `warns` are words, the members of the layers, too."""
    return Case(
        name,
        tuple(_tar(it) for it in layers),
        tuple(sees.split()) if isinstance(sees, str) else tuple(sees),
        frozenset(warns.split()),
        **more,  # type: ignore[arg-type]  # fields by name
    )


def _tar(it: Said) -> bytes:
    if isinstance(it, bytes):
        return it
    if isinstance(it, str):
        return written(layer(it))
    return written([one for said in it for one in (layer(said) if isinstance(said, str) else (said,))])


def told(meta: Meta) -> str:
    """Attributes in a line: `0644 0:0 1000 user.k=76`; fractions of seconds as decimals, values in hex."""
    seconds, rest = divmod(meta.mtime, 10**9)
    time = f"{seconds}" if not rest else f"{seconds}+{rest}ns"
    more = [f"{key.decode()}={value.hex()}" for key, value in meta.xattrs]
    return " ".join([f"{meta.mode:04o} {meta.uid}:{meta.gid} {time}", *more])
