"""Values: here < environment < cluster < --set, and who won."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.reading import config_of
from paasctl.config.cascade import Assignment, parse_set, resolve
from paasctl.errors import UsageError
from paasctl.model.config import Cluster, Config, Environment

_FILE = """\
app: shop
registries: {dev: {repository: registry.example/shop}}
clusters:
  eu: {context: eu, values: {host: eu.example, db: {pool: {max: 9}}}}
  us: {context: us}
values: {host: shop.example, tags: [a, b], db: {name: shop, pool: {min: 1, max: 2}}}
environments:
  prod: {clusters: [eu, us], registry: dev, values: {tags: [c], db: {name: prod}, gone: null}}
"""


def _table(cluster: str, *sets: str) -> dict[str, tuple[Any, str]]:
    found = resolve(config_of(_FILE), "prod", cluster, [parse_set(it) for it in sets])
    return {it.path: (it.value, it.source) for it in found.settings}


def test_the_nearest_layer_wins_leaf_by_leaf() -> None:
    assert _table("eu", "db.name=night", "extra=1") == {
        "db.name": ("night", "--set"),
        "db.pool.max": (9, "clusters.eu.values (paas.yaml:4:60)"),
        "db.pool.min": (1, "values (paas.yaml:6:68)"),
        "extra": (1, "--set"),
        "gone": (None, "environments.prod.values (paas.yaml:8:83)"),
        "host": ("eu.example", "clusters.eu.values (paas.yaml:4:30)"),
        "tags": (["c"], "environments.prod.values (paas.yaml:8:54)"),
    }


def test_another_cluster_another_value() -> None:
    assert _table("us")["host"] == ("shop.example", "values (paas.yaml:6:10)")


def test_the_result_is_plain_and_shares_nothing_with_the_file() -> None:
    config = config_of(_FILE)
    values = resolve(config, "prod", "eu").values
    assert values["db"] == {"name": "prod", "pool": {"min": 1, "max": 9}}
    values["tags"].append("x")
    values["db"]["pool"]["max"] = 0
    assert resolve(config, "prod", "eu").values["tags"] == ["c"]
    assert resolve(config, "prod", "eu").values["db"]["pool"]["max"] == 9


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a=1", ("a",), 1),
        ("a.b.c=true", ("a", "b", "c"), True),
        ("a=null", ("a",), None),
        ("a=text", ("a",), "text"),
        ('a="1"', ("a",), "1"),
        ("a=", ("a",), ""),
        ("a=b=c", ("a",), "b=c"),
        ("a=[1, 2]", ("a",), [1, 2]),
        ('a={"b": {"c": 1}}', ("a",), {"b": {"c": 1}}),
        ("a={{ app }}", ("a",), "{{ app }}"),
        (r"a\.b.c=1", ("a.b", "c"), 1),
        ("a=1.5", ("a",), 1.5),
        ("version=1.10", ("version",), "1.10"),
        ("sha=1e3", ("sha",), "1e3"),
        ("sha=0123456", ("sha",), "0123456"),
        ("a=NaN", ("a",), "NaN"),
        ("a=-Infinity", ("a",), "-Infinity"),
        ("a=" + "9" * 5000, ("a",), "9" * 5000),
    ],
)
def test_a_set_is_json_or_a_text_and_keeps_its_digits(text: str, path: tuple[str, ...], value: Any) -> None:
    one = parse_set(text)
    assert one == Assignment(path, value)
    assert type(one.value) is type(value)


@pytest.mark.parametrize("text", ["a", "=1", "a.=1", ".a=1", "a..b=1", "", "a={b: 1}", "a=[1", 'a="b'])
def test_a_broken_set_is_the_callers_mistake(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_set(text)


_LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2)
_VALUES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(_LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6),
    max_size=3,
)


def _naive(low: Any, high: Any) -> Any:
    if isinstance(low, dict) and isinstance(high, dict):
        return {it: _naive(low.get(it), high[it]) if it in high else low[it] for it in low.keys() | high.keys()}
    return high


@given(st.lists(_VALUES, min_size=3, max_size=3))
def test_layers_merge_like_the_naive_model(layers: list[dict[str, Any]]) -> None:
    top, environment, cluster = layers
    config = Config(
        app="shop",
        file="paas.yaml",
        values=top,
        clusters={"eu": Cluster(name="eu", context="eu", values=cluster)},
        environments={
            "dev": Environment(name="dev", clusters=("eu",), registry="r", namespace="n", values=environment)
        },
    )
    resolved = resolve(config, "dev", "eu")
    assert resolved.values == _naive(_naive(top, environment), cluster)
    assert len({it.path for it in resolved.settings}) == len(resolved.settings)


@given(_VALUES)
def test_every_leaf_has_one_source(values: dict[str, Any]) -> None:
    environment = Environment(name="dev", clusters=("eu",), registry="r", namespace="n")
    config = Config(
        app="shop",
        file="paas.yaml",
        values=values,
        clusters={"eu": Cluster(name="eu", context="eu")},
        environments={"dev": environment},
    )
    assert len(resolve(config, "dev", "eu").settings) == _leaves(values)


def _leaves(values: Any) -> int:
    return sum(_leaves(it) if isinstance(it, dict) and it else 1 for it in values.values())
