"""5,000 random hostile images, squashed in both modes: the model sees the same, warns of the same, refuses the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hostile.check import ALL, Mode, judged
from hostile.fuzz import Image, image, tars
from hostile.model import Refusal, stacked
from hostile.parts import Part
from hostile.shrink import shrunk

SEED = 5
SHARES, EACH = 25, 200
"""Tests of a bounded length, so that several processes share them."""


@pytest.mark.parametrize("share", range(SHARES))
def test_a_squash_of_anything_looks_like_it(share: int) -> None:  # B5 X8
    images = [(number, image(SEED, number)) for number in range(share * EACH, (share + 1) * EACH)]
    for number, it in images:
        modes = [replace(ALL, count=1 + number % 3), Mode(1 + number % 2, 1 + number % 3)]
        assert judged(number, it, modes) == []


def test_the_images_are_trouble() -> None:
    """What a run must meet often enough to mean something."""
    met: Counter[str] = Counter()
    for number in range(600):
        try:
            seen = stacked(tars(image(SEED, number)))
        except Refusal:
            met["refused"] += 1
            continue
        met.update(seen.codes())
        met["vague"] += bool(seen.vague)
        met["linked"] += any(row[-1] for row in seen.rows().values())
    wanted = {"duplicate", "below-file", "below-symlink", "link-to-lower", "whiteout-and-entry"}
    assert {it for it in (*wanted, "refused", "vague", "linked") if met[it] < 15} == set()
    assert met["refused"] < 120


def test_the_same_seed_gives_the_same_images() -> None:
    assert tars(image(SEED, 7)) == tars(image(SEED, 7))
    assert tars(image(SEED, 7)) != tars(image(SEED, 8))
    assert tars(image(SEED, 7)) != tars(image(SEED + 1, 7))


def test_a_failing_image_is_told_small() -> None:
    def has_link(it: Image) -> bool:
        return any(part.kind == b"1" for parts in it for part in parts)

    found = next(it for number in range(100) if has_link(it := image(SEED, number)))
    small = shrunk(found, has_link)
    assert [len(parts) for parts in small] == [1]
    assert small[0][0] == Part(small[0][0].name, b"1", target=small[0][0].target)
