"""Values come back from history as they went there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasctl.config.cascade import Assignment, _merge, _nested, _plain, _settings, recalled
from paasctl.config.words import spell, unspell

_NAMES = st.text(min_size=1, max_size=90)
_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
_VALUES = st.dictionaries(_NAMES, st.recursive(_LEAVES, lambda it: st.dictionaries(_NAMES, it, max_size=3)), max_size=4)


@given(_VALUES)
def test_values_come_back(values: dict[str, Any]) -> None:
    tree: dict[str, Any] = {}
    _merge(tree, values, (), lambda _: "here")
    kept = tuple((it.path, json.dumps(it.value)) for it in _settings(tree, ()))
    found = recalled(kept, "deploy 1")
    assert found.values == _plain(tree)
    assert {it.source for it in found.settings} <= {"deploy 1"}
    assert tuple((it.path, json.dumps(it.value)) for it in found.settings) == kept


@given(st.lists(_NAMES, min_size=1, max_size=4))
def test_a_path_of_names_comes_back(names: list[str]) -> None:
    assert unspell(spell(tuple(names), whole=True)) == tuple(names)


@pytest.mark.parametrize("kept", [(("a", "1"), ("a.b", "2")), (("a", "1"), ("a", "2"))])
def test_two_values_of_one_path_are_told(kept: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(ValueError, match="two of them are of one path"):
        recalled(kept, "deploy 1")


@pytest.mark.parametrize("text", ["", "a[0]", "a.", ".a", "a..b", '"a', '""', '"a"b'])
def test_what_is_no_path_of_names_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"no path of names|Unterminated|Expecting"):
        unspell(text)


def test_what_is_kept_is_nested_as_a_set_would_be() -> None:
    assert _nested(Assignment(unspell('a."b c".d'), 1)) == {"a": {"b c": {"d": 1}}}
