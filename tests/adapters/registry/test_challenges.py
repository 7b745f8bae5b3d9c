"""`WWW-Authenticate` headers, as registries write them and as the grammar allows them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.adapters.registry.challenges import Challenge, choose, parse_challenges

CASES = {
    "a token service": (
        ['Bearer realm="https://a.example/token",service="reg",scope="repository:x:pull,push"'],
        [("bearer", {"realm": "https://a.example/token", "service": "reg", "scope": "repository:x:pull,push"})],
    ),
    "basic": (['Basic realm="Registry Realm"'], [("basic", {"realm": "Registry Realm"})]),
    "two in one header, commas quoted": (
        ['Basic realm="a, b", Bearer realm="https://a.example/t?x=1,2",service="s"'],
        [("basic", {"realm": "a, b"}), ("bearer", {"realm": "https://a.example/t?x=1,2", "service": "s"})],
    ),
    "two headers": (["Negotiate", 'Basic realm="x"'], [("negotiate", {}), ("basic", {"realm": "x"})]),
    "a blob instead of parameters": (
        ["Negotiate YIIB/w==, Basic realm=x"],
        [("negotiate", {}), ("basic", {"realm": "x"})],
    ),
    "escapes, odd case and blanks": (
        ['BEARER  Realm = "a \\"quoted\\" b" , Service=plain'],
        [("bearer", {"realm": 'a "quoted" b', "service": "plain"})],
    ),
    "an empty value": (['Bearer realm="https://a.example",service=""'], None),
    "nothing": ([], []),
    "rubbish": (['"'], []),
}


@pytest.mark.parametrize(("headers", "expected"), CASES.values(), ids=CASES)
def test_challenges_are_read_as_written(headers: list[str], expected: list[tuple[str, dict[str, str]]] | None) -> None:
    found = [(it.scheme, dict(it.parameters)) for it in parse_challenges(headers)]
    assert found == ([("bearer", {"realm": "https://a.example", "service": ""})] if expected is None else expected)


words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
some = st.lists(st.tuples(words, st.dictionaries(words, values, min_size=1, max_size=3)), max_size=3)


@settings(max_examples=150, deadline=None)
@given(some)
def test_whatever_is_quoted_comes_back(written: list[tuple[str, dict[str, str]]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        f"{scheme} " + ", ".join(f"{key}={quoted(value)}" for key, value in parameters.items())
        for scheme, parameters in written
    )
    assert [(it.scheme, dict(it.parameters)) for it in parse_challenges([header])] == written


def test_a_token_service_is_preferred_and_strangers_are_passed_over() -> None:
    basic, bearer = Challenge("basic", {}), Challenge("bearer", {"realm": "https://a.example"})
    assert choose([Challenge("negotiate"), basic, bearer]) == bearer
    assert choose([Challenge("bearer"), basic]) == basic  # a Bearer without a realm leads nowhere
    assert choose([Challenge("negotiate")]) is None
