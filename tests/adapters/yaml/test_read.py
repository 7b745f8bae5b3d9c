"""Reading `paas.yaml`: plain values of YAML 1.2, a place for every key, and bounds on everything."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paasctl.adapters.yaml.read import read
from paasctl.errors import ConfigError

SRC = Path(__file__).parents[3] / "src"


def _values(text: str) -> Any:
    parsed = read(text.encode(), "paas.yaml")
    assert parsed.problems == ()
    return parsed.values


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"), ("NO", "NO"), ("on", "on"), ("off", "off"), ("yes", "yes"), ("y", "y"), ("1:20", "1:20"),
        ("1_000", "1_000"), ("2001-01-01", "2001-01-01"), ("=", "="), ("true", True), ("False", False), ("TRUE", True),
        ("tRUE", "tRUE"), ("null", None), ("~", None), ("", None), ("NuLL", "NuLL"), ("0", 0), ("-0", 0), ("12", 12),
        ("+3", 3), ("0o14", 12), ("0x1F", 31), ("0b1", "0b1"), ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0),
        ("-1E-2", -0.01), (".inf", float("inf")), ("-.INF", float("-inf")), ("1.2.3", "1.2.3"), (".", "."),
        ("+", "+"), ("0.4", 0.4), ("1e", "1e"), ("!!str 12", "12"), ("!!int '12'", 12), ("!!float 3", 3.0),
        ("!!null ''", None), ("!!bool true", True), ("'012'", "012"), ('"\\u00e9\\n"', "é\n"),
        ("plain text", "plain text"), ("!!seq [1]", [1]), ("!!map {a: 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(scalar: str, value: Any) -> None:
    found = _values(f"a: {scalar}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one() -> None:
    assert _values("a: .nan")["a"] != _values("a: .nan")["a"]


@pytest.mark.parametrize("scalar", ["012", "0644", "-007", "+01", "08"])
def test_a_leading_zero_is_asked_about(scalar: str) -> None:
    (problem,) = read(f"a: {scalar}".encode(), "paas.yaml").problems
    assert (problem.where, problem.message) == (
        "paas.yaml:1:4",
        f"{scalar} reads as octal to some and as decimal to others",
    )


def test_places_of_keys_and_items() -> None:
    text = "# head\na:\n  - x\n  - {b: 1, 'c d': [2,\n     3]}\n\"é\": &e\n  f: g\nh: *e\n"
    places = read(text.encode(), "dir/paas.yaml").places
    assert {path: str(where).removeprefix("dir/paas.yaml:") for path, where in places.items()} == {
        (): "1:1",
        ("a",): "2:1",
        ("a", 0): "3:5",
        ("a", 1): "4:5",
        ("a", 1, "b"): "4:6",
        ("a", 1, "c d"): "4:12",
        ("a", 1, "c d", 0): "4:20",
        ("a", 1, "c d", 1): "5:6",
        ("é",): "6:1",
        ("é", "f"): "7:3",
        ("h",): "8:1",
        ("h", "f"): "7:3",
    }


@pytest.mark.parametrize("start", ["\ufeff", "%YAML 1.2\n---\n", "--- # one\n", "\r\n"])
def test_harmless_beginnings(start: str) -> None:
    assert _values(f"{start}app: shop\r\nvalues: {{a: b}}\n...\n") == {"app": "shop", "values": {"a": "b"}}


def test_json_is_yaml() -> None:
    assert _values('{"app":"shop","values":{"a":[1,true,null,"\\/"]}}') == {
        "app": "shop",
        "values": {"a": [1, True, None, "/"]},
    }


def test_merges_in_yaml_s_order() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\nd: {y: 4, <<: *b}\ne: {'<<': 5}\n"
    values = _values(text)
    assert values["c"] == {"x": 1, "y": 3, "z": 2}
    assert values["d"] == {"y": 4, "x": 2, "z": 2}
    assert values["e"] == {"<<": 5}


def test_aliases_are_copies() -> None:
    values = _values("a: &a {x: [1]}\nb: *a\n")
    values["a"]["x"].append(2)
    assert values["b"] == {"x": [1]}


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"app: caf\xe9", "1:9", "not UTF-8"),
        (b"\xef\xbb\xbfa: b\n\xffc: d", "2:1", "not UTF-8"),
        ("app: shop".encode("utf-16"), "1:1", "not UTF-8"),
        (b"a: b\nc: \x00", "2:4", "the character U+0000 is not allowed here"),
        ("a: b\u2028c".encode(), "1:5", "the character U+2028 is not allowed here"),
        (b"a: b\x1b[0m", "1:5", "the character U+001B is not allowed here"),
        (b"", "1:1", "the file is empty"),
        (b"---\n", "1:1", "the file is empty"),
        (b"null", "1:1", "the file is empty"),
        (b"{}{}", "1:3", "not YAML: did not find expected <document start>"),
    ],
)
def test_what_is_no_yaml_at_all(content: bytes, where: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(content, "paas.yaml")
    (problem,) = caught.value.problems
    assert (problem.where, problem.message) == (f"paas.yaml:{where}", message)


def _laugh(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{it}: &a{it} [{', '.join([f'*a{it - 1}'] * 10)}]" for it in range(1, levels)]
    return "\n".join(lines)


def _chain(levels: int) -> str:
    return "\n".join(["a0: &a0 [x]", *(f"a{it}: &a{it} [*a{it - 1}]" for it in range(1, levels))])


def _merges(levels: int) -> str:
    return "\n".join(["a0: &a0 {x: 1}", *(f"a{it}: &a{it} {{<<: *a{it - 1}}}" for it in range(1, levels))])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "x" * 5_000_000, "5,000,003 bytes are too many"),
        (_laugh(20), "more than 100,000 values"),
        (_chain(1000), "nested deeper than 60 levels, through aliases"),
        (_merges(1000), "nested deeper than 60 levels, through aliases"),
        ("a: " + "[" * 500_000, "nested deeper than 60 levels"),
        ("a: " + "{b: " * 200_000, "nested deeper than 60 levels"),
        ("- " * 500_000, "nested deeper than 60 levels"),
        ("a: [" + "1," * 500_000 + "]", "more than 100,000 values"),
        ("\n".join(f"k{it}: 1" for it in range(100_000)), "more than 100,000 values"),
    ],
    ids=["5 MB", "laughs", "chain", "merges", "lists", "mappings", "items", "long list", "many keys"],
)
def test_whatever_is_too_much_is_refused_soon(text: str, message: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError, match=message):
        read(text.encode(), "paas.yaml")
    assert time.process_time() - began < 5


def test_a_long_but_honest_file_is_read() -> None:
    text = "values:\n" + "".join(f"  k{it}: 'a text of some length, {it}'\n" for it in range(20_000))
    assert len(_values(text)["values"]) == 20_000


def test_reading_takes_one_library_only() -> None:
    code = "import sys, paasctl.adapters.yaml.read; print([it for it in sys.modules if it == 'ruamel'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SRC)}
    )
    assert done.stdout.strip() == "[]"


_TEXTS = st.text(alphabet="0123abcdeEnNyYtrufals é-_.:~#'\"\n\t\\{}[]|>&*!%@`", max_size=10)
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=10,
)
_COLON_IN_FLOW = re.compile(r"[\[{,\s]:\S|:\s:\s")
"""libyaml takes no plain text that starts with a colon within `[…]`; it says so, with a place. `: 0` is no YAML."""


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(_TEXTS, _TREES, min_size=1, max_size=3), st.booleans())
def test_it_reads_what_another_yaml_1_2_writes(values: dict[str, Any], flow: bool) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    yaml.width = 1_000_000  # where it wraps a text after a tab, it writes another text
    out = StringIO()
    yaml.dump(values, out)
    assume(not _COLON_IN_FLOW.search(out.getvalue()))
    assert read(out.getvalue().encode(), "paas.yaml").values == values
