"""The witness of a squash: silent about every right result, and never about a wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from hostile.fuzz import image, tars
from hostile.model import Refusal, stacked
from paasctl.errors import Refused
from paasctl.oci.tar.members import members
from paasctl.oci.tree.witness import Witness
from support.squashed import squashed, stack_of
from support.tars import entry, tar_of

SEED = 11
MODES = [(0, 1), (0, 3), (1, 1), (2, 2)]


def complaints(layers: Sequence[bytes], kept: int, new: Sequence[bytes]) -> list[str]:
    """What the witness says of these new layers over the kept ones."""
    before = stack_of(layers, kept)
    witness = Witness(before.base, before.top)
    for number, tar in enumerate(new, 1):
        saw = witness.layer(number)
        for member in members([tar], "new"):
            saw(member)
    return witness.end()


def some(start: int, end: int) -> Iterator[list[bytes]]:
    """Random images that can be squashed."""
    for number in range(start, end):
        layers = tars(image(SEED, number))
        try:
            stack_of(layers)
        except Refused:
            continue
        yield layers


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_a_right_result_is_not_complained_about(start: int) -> None:  # X8
    for layers in some(start, start + 100):
        for kept, count in MODES:
            assert complaints(layers, kept, squashed(layers, kept, count)[kept:]) == []


def test_every_member_counts() -> None:  # X8
    """Whatever is left out of a new layer, the witness misses it."""
    tried = 0
    for layers in some(400, 460):
        (whole,) = squashed(layers)
        for it in members([whole], "new"):
            if it.path:
                tried += 1
                assert complaints(layers, 0, [whole[: it.start] + whole[it.end :]]), it.path
    assert tried > 300


def test_every_whiteout_counts() -> None:  # X8
    tried = 0
    for layers in some(460, 600):
        new = squashed(layers, kept=1)[1:]
        for whole in new:
            for it in members([whole], "new"):
                name = it.path.rpartition(b"/")[2]
                if name.startswith(b".wh.") and name != b".wh..wh..opq":  # that may hide what is written anew anyhow
                    tried += 1
                    assert complaints(layers, 1, [whole[: it.start] + whole[it.end :]]), it.path
    assert tried > 20


def test_one_images_result_is_another_images_only_where_both_look_the_same() -> None:  # X8
    images = list(some(600, 700))
    for one, other in pairwise(images):
        for new in (squashed(other), squashed(other, 0, 2)):
            if complaints(one, 0, new):
                continue
            try:
                assert stacked(new).rows() == stacked(one).rows()
            except Refusal:
                pytest.fail("the witness was content with what no runtime takes")


WRONG = {
    "another content": (["a=x"], tar_of("a=y"), "written differently"),
    "another mode": (["a=x"], tar_of(entry("a=x", mode=0o600)), "written differently"),
    "another type": (["d/"], tar_of("d=x"), "another type"),
    "another mode of a directory": (["d/"], tar_of(entry("d/", mode=0o700)), "another type or mode"),
    "a torn link": (["a=x b==a"], tar_of("a=x", "b=x"), "another file than its link"),
    "a link too many": (["a=x b=x"], tar_of("a=x", "b==a"), "another link"),
    "a link before its target": (["a=x b==a"], tar_of("b==a", "a=x"), "another link"),
    "a child before its directory": (["d/ d/a=x"], tar_of("d/a=x", "d/"), "before its directory"),
    "a name twice": (["a=x"], tar_of("a=x", "a=x"), "twice"),
    "a directory twice": (["d/"], tar_of("d/", "d/"), "twice"),
    "something more": (["a=x"], tar_of("a=x", "b=y"), "not in the image"),
    "something less": (["a=x b=y"], tar_of("a=x"), "was not written"),
    "a directory less": (["d/"], tar_of(), "was not written"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_result_is_told(case: str) -> None:  # X8
    layers, new, why = WRONG[case]
    (said, *_) = complaints([tar_of(*it.split()) for it in layers], 0, [new])
    assert why in said


def test_what_should_be_hidden_and_shows_is_told() -> None:  # X8
    layers = [tar_of("a=x", "d/", "d/b=y"), tar_of(".wh.a", ".wh.d", "d/", "d/c=z")]
    assert complaints(layers, 1, [tar_of("d/", "d/c=z")]) == [
        "/a: shows from below, and is not in the image",
        "/d/b: shows from below, and is not in the image",
    ]
    assert complaints(layers, 1, [tar_of(".wh.a", "d/", "d/.wh..wh..opq", "d/c=z")]) == []


def test_paths_and_bytes_are_counted() -> None:
    layers = [tar_of("a=xyz", "d/"), tar_of("d/b=12", "c==d/b", "s->t")]
    for kept, count in ((0, 1), (1, 1)):
        before = stack_of(layers, kept)
        witness = Witness(before.base, before.top)
        for number, tar in enumerate(squashed(layers, kept, count)[kept:], 1):
            saw = witness.layer(number)
            for member in members([tar], "new"):
                saw(member)
        assert witness.end() == []
        assert (witness.paths, witness.size) == (6, 5)
