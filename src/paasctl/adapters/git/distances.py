"""How many of many sets hold each of many members, each set a number with one bit per member. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def columns(sets: Mapping[int, int], width: int) -> list[int]:
    """How many of the sets (each as often as it says) hold each place.

    All places are counted at once: plane k holds bit k of every place's count, and adding a set is adding one binary
    digit to every place. Thousands of tags would otherwise ask about millions of pairs.
    """
    planes: list[int] = []
    for held, times in sets.items():
        for digit in range(times.bit_length()):
            if times >> digit & 1:
                _add(planes, held, digit)
    digits = [f"{it:0{width}b}"[::-1] for it in planes]
    return [sum(1 << k for k, plane in enumerate(digits) if plane[place] == "1") for place in range(width)]


def _add(planes: list[int], held: int, plane: int) -> None:
    while held:
        planes.extend([0] * (plane + 1 - len(planes)))
        planes[plane], held, plane = planes[plane] ^ held, planes[plane] & held, plane + 1
