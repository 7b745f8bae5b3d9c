"""Whatever happens to a file: it loads, or `ConfigError` says where it is wrong. Nothing else, ever."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.reading import FULL, RUNNING
from paasctl.adapters.yaml.read import Parsed, read
from paasctl.config.load import load
from paasctl.errors import ConfigError

_TEXT = FULL.read_text()
_PARSED = read(FULL.read_bytes(), "paas.yaml")
_PATHS = sorted(_PARSED.places, key=str)
_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["web", "1m", "(", "[["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _load(parsed: Parsed) -> tuple[ConfigError, ...]:
    """What is wrong; nothing where it loads."""
    try:
        load(parsed.values, parsed.places, "paas.yaml", running=RUNNING, problems=parsed.problems)
    except ConfigError as error:
        return error.problems
    return ()


def _read(content: bytes) -> tuple[ConfigError, ...]:
    try:
        parsed = read(content, "paas.yaml")
    except ConfigError as error:
        return error.problems
    return _load(parsed)


def _say_where(problems: tuple[ConfigError, ...]) -> bool:
    return all(it.message and re.fullmatch(r"paas\.yaml:\d+:\d+", it.where) for it in problems)


def _replaced(values: dict[str, Any], path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new if isinstance(new, dict) else values
    changed: Any = copy.deepcopy(values)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = new
    return changed


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(_PATHS), _ANYTHING)
@example(("version", "releaseFrom", 0), "x{99999999999}")
@example(("version", "releaseFrom", 0), "[[]")
@example(("version", "branches"), {"(?i": {"increment": "patch"}})
@example(("services", "web", "image"), {})
@example(("services",), {"\ud800": 1})
def test_any_value_in_any_place(path: tuple[str | int, ...], new: Any) -> None:
    values = _replaced(_PARSED.values, path, new)
    assert _say_where(_load(Parsed(values=values, places=_PARSED.places)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([it for it in _PATHS if it and isinstance(it[-1], str)]), st.text(max_size=10))
def test_any_key_by_any_name(path: tuple[str | int, ...], name: str) -> None:
    values: Any = copy.deepcopy(_PARSED.values)
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    inner[name] = inner.pop(path[-1])
    assert _say_where(_load(Parsed(values=values, places=_PARSED.places)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(_TEXT)),
    st.integers(0, 40),
    st.text(alphabet="{}[]:&*!|>'\"%@`#-?, \n\t<ab0.\u2028\ufeff\x00é", max_size=6),
)
def test_any_scar_in_the_text(at: int, length: int, scar: str) -> None:
    assert _say_where(_read((_TEXT[:at] + scar + _TEXT[at + length :]).encode()))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    assert _say_where(_read(content))
