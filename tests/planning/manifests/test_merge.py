"""The platform's additions go under the author's words, never over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.planning.manifests.merge import merge

_NAMES = st.sampled_from(["a", "b", "c", "readinessProbe", "env", "containers", "ports"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 3) | st.text("xy", max_size=2),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
_DNS = {"containerPort": 80, "protocol": "UDP"}
_MAPPINGS = st.dictionaries(_NAMES, _VALUES, max_size=4)


@pytest.mark.parametrize(
    ("what", "ours", "theirs", "wanted"),
    [
        ("a word of the author's stays", {"a": 1}, {"a": 2}, {"a": 2}),
        ("what is not said is added", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ("also further down", {"m": {"a": 1, "b": 1}}, {"m": {"a": 2}}, {"m": {"a": 2, "b": 1}}),
        ("null takes ours away", {"a": 1, "m": {"b": 1, "c": 2}}, {"a": None, "m": {"b": None}}, {"m": {"c": 2}}),
        ("a list without keys is one thought", {"args": ["a"]}, {"args": ["b"]}, {"args": ["b"]}),
        (
            "containers meet by name, in the author's order",
            {"containers": [{"name": "web", "image": "x", "ports": [{"containerPort": 1}]}]},
            {"containers": [{"name": "side"}, {"name": "web", "image": "y"}]},
            {"containers": [{"name": "side"}, {"name": "web", "image": "y", "ports": [{"containerPort": 1}]}]},
        ),
        (
            "variables meet by name, ours first so that theirs can refer to them",
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]},
            {"env": [{"name": "C", "value": "$(A)"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "value": "$(A)"}]},
        ),
        (
            "a variable is one thought",
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        ),
        (
            "so is a probe",
            {"readinessProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 2}},
            {"readinessProbe": {"exec": {"command": ["true"]}}},
            {"readinessProbe": {"exec": {"command": ["true"]}}},
        ),
        (
            "and a strategy",
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
            {"strategy": {"type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
        ),
        (
            "one hook does not take the other away",
            {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}},
            {"lifecycle": {"postStart": {"exec": {"command": ["a"]}}}},
            {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}, "postStart": {"exec": {"command": ["a"]}}}},
        ),
        (
            "a port of the same number is the same port, whatever it is called",
            {"ports": [{"name": "http", "containerPort": 80}]},
            {
                "ports": [
                    {"name": "web", "containerPort": 80, "protocol": "TCP"},
                    {"containerPort": 80, "protocol": "UDP"},
                ]
            },
            {
                "ports": [
                    {"name": "web", "containerPort": 80, "protocol": "TCP"},
                    {"containerPort": 80, "protocol": "UDP"},
                ]
            },
        ),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_merging(what: str, ours: dict[str, Any], theirs: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert merge(ours, theirs) == wanted, what


def _said(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, of in value.items():
            yield from _said(of, (*path, key))
    else:
        yield path, value


@settings(max_examples=40, deadline=None)
@given(ours=_MAPPINGS, theirs=_MAPPINGS)
def test_every_word_of_the_author_survives(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    merged = merge(ours, theirs)
    for path, value in _said(theirs):
        found: Any = merged
        for step in path:
            found = found[step]
        if not isinstance(value, dict):
            assert found == value


@settings(max_examples=40, deadline=None)
@given(ours=_MAPPINGS, theirs=_MAPPINGS)
def test_merging_laws(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert merge({}, theirs) == theirs
    assert merge(ours, {}) == ours
    merged = merge(ours, theirs)
    assert merge(merged, theirs) == merged
    assert merge(ours, merged) == merged
