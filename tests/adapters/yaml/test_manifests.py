"""Rendered manifests: read as kubectl reads them, written so that every reader agrees."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paasctl.adapters.yaml.manifests import documents, dump
from paasctl.errors import ConfigError


def test_documents_of_a_stream_empty_ones_left_out() -> None:
    text = "# a comment\n---\nkind: A\n---\n---\n# nothing\n---\nkind: B\n..."
    assert documents(text, "web.yaml") == [{"kind": "A"}, {"kind": "B"}]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("0644", 420), ("0o644", 420), ("0", 0), ("420", 420), ("-5", -5), ("0x1F", 31), ("08", "08"),
        ("1_000", "1_000"),
        ("yes", "yes"), ("on", "on"), ("n", "n"), ("true", True), ("False", False), ("~", None), ("", None),
        ("null", None), ("1:20", "1:20"), ("2001-01-01", "2001-01-01"), ("1.5", 1.5), ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("250m", "250m"), ("'0644'", "0644"), (".5", 0.5), ("1.", 1.0), ("e3", "e3"), ("0b1", "0b1"), ("=", "="),
    ],
)  # fmt: skip
def test_scalars_mean_what_people_mean_in_manifests(scalar: str, value: Any) -> None:
    ((found,),) = (it.values() for it in documents(f"a: {scalar}", "pod.yml"))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "a: {<<: {b: 1}, c: 2}", "a: !!binary aGk=", "a: !!set {b, c}", "a: !!str 1", "1: {true: ~}", "[{a: [b, [c]]}]",
        "{? {a: b} : c}", "{? [a] : b}", "a: !foo b", "a: !!int b", "a: {b: 1, b: 2}", "- a", "",
    ],
)  # fmt: skip
def test_the_short_way_means_what_the_library_makes(text: str) -> None:
    def said(text: str) -> Any:
        try:
            return documents(text, "pod.yml")
        except ConfigError as error:
            return str(error), error.where

    assert said(text) == said(f"{text}\n# an & takes the library's way")


def test_anchors_and_merges() -> None:
    assert documents("a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}", "pod.yml") == [
        {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}}
    ]


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a: 1\nb: 2\na: 3", "pod.yml:3:1", "not YAML: the key 'a' is given twice"),
        ("a:\n  - b: 1\n    b: 2", "pod.yml:3:5", "not YAML: the key 'b' is given twice"),
        ("- a", "pod.yml", "a document is no mapping but list"),
        ("text", "pod.yml", "a document is no mapping but str"),
        ("a: [", "pod.yml:2:1", "not YAML: while parsing a flow node, did not find expected node content"),
        ("a: !x b", "pod.yml:1:4", "not YAML: could not determine a constructor for the tag '!x'"),
        ("a: !!python/name:os.system x", "pod.yml:1:4", None),
        ("a: \x00", "pod.yml", None),
        ("? [a]\n: b", "pod.yml:1:3", None),
        ("[" * 200_000, "pod.yml", "nested deeper than 5,000 levels"),
        ("- " * 200_000, "pod.yml", "nested deeper than 5,000 levels"),
        ("{a: " * 100_000, "pod.yml", "nested deeper than 5,000 levels"),
        ("a: &a [*a]", "pod.yml", "aliases expand to more values than a manifest can mean"),
    ],
    ids=lambda it: it[:20] if isinstance(it, str) else "",
)
def test_what_is_wrong_says_where(text: str, where: str, message: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        documents(text, "pod.yml")
    assert caught.value.where == where
    assert message in (None, caught.value.message)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{it}: &a{it} [{', '.join([f'*a{it - 1}'] * 10)}]" for it in range(1, 9)]
    with pytest.raises(ConfigError, match="aliases expand"):
        documents("\n".join(lines), "pod.yml")


def test_text_with_lines_is_written_as_lines() -> None:
    assert dump([{"data": {"app.ini": "[a]\nb = 1\n"}}]) == "---\ndata:\n  app.ini: |\n    [a]\n    b = 1\n"


def test_what_is_shared_is_written_twice_and_order_is_kept() -> None:
    labels = {"b": "1", "a": "2"}
    assert dump([{"z": labels, "x": labels}]) == "---\nz:\n  b: '1'\n  a: '2'\nx:\n  b: '1'\n  a: '2'\n"


_TEXTS = st.text(alphabet="0123456789abeEoOxX.:_-+~=<%@`!&*#?|>'\" \n\tyYnNtrufals\u00e9\u2028\U0001f600", max_size=12)
_BODIES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(_TEXTS, _BODIES, max_size=3), min_size=1, max_size=3))
@example([{"._": "-._1", "-_": "+_1"}])
def test_what_is_written_every_reader_reads_alike(bodies: list[dict[str, Any]]) -> None:
    text = dump(bodies)
    assert documents(text, "out") == bodies
    assert list(yaml.safe_load_all(text)) == bodies, "YAML 1.1"
    assert list(YAML(typ="safe", pure=True).load_all(text)) == bodies, "YAML 1.2"
