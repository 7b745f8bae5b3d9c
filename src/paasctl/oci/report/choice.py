"""`squash: auto`: whether a squash pays at all, and whether the base's layers stay (images.md 2.7, policy 1).

Decided on numbers that are told: packed bytes as estimated by how well each layer is packed. It is a default, so it
does nothing where little can be won, and gives up a base that others may share only for much.
"""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.model.counting import count
from paasctl.oci.report.waste import layer_weights
from paasctl.oci.tree.partition import MOST
from paasctl.oci.tree.stack import Stack
from paasctl.values import dataclass

_LITTLE = 0.1
"""Up to this part of the bytes may be dead before few layers are made fewer: each build would send them anew."""
_MUCH = 0.25
"""From this part on, layers whose base is not known are squashed as a whole."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How many layers, from the bottom, stay; None: all of them, nothing is squashed. `said` tells why, in a line."""

    kept: int | None
    said: str


def choose_cut(it: Stack, packed: Sequence[int], base: int | None) -> Choice:
    """What to squash of an image whose base has `base` layers; None: nothing tells. `packed` are sizes of blobs."""
    dead = [_part(size, weight.dead, weight.live) for size, weight in zip(packed, layer_weights(it), strict=True)]
    above, lost = sum(packed[base or 0 :]), sum(dead[base or 0 :])
    number = len(packed) - (base or 0)
    numbers = f"{_mib(lost)} of {_mib(above)} dead in {count(number, 'layer')}"
    if number <= 1 or (number <= MOST and lost <= above * _LITTLE):
        return Choice(None, f"{numbers}{' above the base' if base else ''}: nothing to win by a squash")
    if base is not None:
        more = f"; with the base's own, {_mib(sum(dead[:base]))} more, and {_mib(sum(packed[:base]))} to share less"
        return Choice(base, f"{numbers}{' above the base' + more if base else ''}")
    if lost >= above * _MUCH:
        return Choice(0, f"{numbers}; nothing tells where its base ends, and that is too much to keep it")
    return Choice(None, f"{numbers}; nothing tells where its base ends, and that is too little to give up a shared one")


def _part(packed: int, dead: int, live: int) -> int:
    return packed * dead // max(1, dead + live)


def _mib(number: int) -> str:
    return f"{number / (1 << 20):.1f} MiB"
