"""The named hostile images: what a container sees of their squash, what is warned of, what is refused."""

from __future__ import annotations

import pytest

from hostile.cases import ALL as CASES
from hostile.cases.case import Case, told
from hostile.check import malformed
from hostile.model import Refusal, Seen, stacked
from hostile.parts import part, written
from hostile.read import Unreadable
from paasctl.errors import PaasError
from paasctl.oci.tree.proof import differences, tree_digest
from support.squashed import indexed, squash_indexed, stack_of

_SOUND = [name for name, it in CASES.items() if not it.refused]
_REFUSED = [name for name, it in CASES.items() if it.refused]


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("name", _SOUND)
def test_a_container_sees(name: str, kept: int) -> None:  # B5
    case = CASES[name]
    made = squash_indexed(indexed(case.layers), case.layers, kept, 1)
    assert list(case.sees) == stacked(made.layers).told()
    assert set(made.codes) == case.warns
    assert [malformed(it, marks_allowed=kept > 0) for it in made.layers[kept:]] == [""] * (len(made.layers) - kept)
    _same_attributes(case, stacked(made.layers))


@pytest.mark.parametrize("name", _SOUND)
def test_the_model_sees_the_same(name: str) -> None:
    """What was written by hand and what is computed agree; else one of them is wrong about the rule."""
    case = CASES[name]
    seen = stacked(case.layers)
    assert list(case.sees) == seen.told()
    assert seen.codes(1) == case.warns
    _same_attributes(case, seen)


def _same_attributes(case: Case, seen: Seen) -> None:
    rows = seen.rows()
    assert {path: told(rows[path.encode()][1]) for path in case.meta} == dict(case.meta)


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("name", _REFUSED)
def test_what_means_nothing_is_refused(name: str, kept: int) -> None:  # B5
    case = CASES[name]
    with pytest.raises(PaasError) as caught:
        squash_indexed(indexed(case.layers), case.layers, kept, 1)
    assert caught.value.code == case.refused
    assert "layer 1" in caught.value.message


def test_there_are_many_and_each_has_its_own_name() -> None:
    assert len(_SOUND) > 150
    assert len(_REFUSED) > 25
    assert {code for it in CASES.values() for code in it.warns} == {
        "below-file",
        "below-symlink",
        "device-whiteout",
        "duplicate",
        "link-to-lower",
        "opaque-root",
        "whiteout-and-entry",
        "whiteout-below-symlink",
    }


def test_the_model_refuses_what_means_nothing() -> None:
    unsafe = [name for name in _REFUSED if "PAX" not in name and CASES[name].refused == "unsafe-layer"]
    taken = []
    for name in unsafe:
        try:
            stacked(CASES[name].layers)
            taken.append(name)
        except (Refusal, Unreadable, ValueError):
            pass
    assert taken == ["nested too deep", "a header with a wrong checksum"]


def test_a_symlinks_mode_is_nobodys() -> None:
    one, other = (written([part("s->t", mode=mode)]) for mode in (0o777, 0o644))
    tops = stack_of([one]).top, stack_of([other]).top
    assert differences(*tops) == []
    assert tree_digest(tops[0]) == tree_digest(tops[1])
