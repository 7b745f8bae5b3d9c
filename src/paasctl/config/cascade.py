"""Values of an environment on a cluster: the file's < the environment's < the cluster's < `--set`.

Mappings are merged, everything else (lists, null too) replaces what was there.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from paasctl.config.words import spell, unspell
from paasctl.errors import UsageError
from paasctl.model.answer import Setting
from paasctl.model.config import Config, Path
from paasctl.values import dataclass

_SET = "--set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What templates see, and of every leaf, in order of its path, where it came from."""

    values: dict[str, Any]
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `--set`: where to, and what."""

    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Everything but a mapping with something in it."""

    value: Any
    source: str


_Tree = dict[str, Any]
"""Mappings of the values themselves, with a `_Leaf` for each leaf."""
_Source = Callable[[tuple[str, ...]], str]
"""Path within a layer -> what the reader is told of where it came from."""


def parse_set(text: str) -> Assignment:
    r"""`a.b=VALUE`: VALUE is JSON where it can be, else a text; a dot within a name is written `\.`.

    A number that would lose digits stays a text (`1.10`, `1e3`). `UsageError`: a broken path, `{`, `[` or `"`.
    """
    name, equals, value = text.partition("=")
    path = tuple(it.replace("\\.", ".") for it in re.split(r"(?<!\\)\.", name))
    if not equals or not all(path):
        raise UsageError(f"--set {text}: want a path, = and a value", hint="--set replicas.web=3")
    return Assignment(path, _value(name, value))


def resolve(config: Config, environment: str, cluster: str, sets: Sequence[Assignment] = ()) -> Resolved:
    """The values of `environment` on `cluster`, both names of `config`; later `sets` win over earlier ones."""
    tree: _Tree = {}
    layers: tuple[tuple[Path, Mapping[str, Any]], ...] = (
        (("values",), config.values),
        (("environments", environment, "values"), config.environments[environment].values),
        (("clusters", cluster, "values"), config.clusters[cluster].values),
    )
    for path, values in layers:
        _merge(tree, values, (), partial(_place, config, path))
    for one in sets:
        _merge(tree, _nested(one), (), lambda _path: _SET)
    return Resolved(values=_plain(tree), settings=tuple(_settings(tree, ())))


def recalled(kept: Sequence[tuple[str, str]], source: str) -> Resolved:
    """Values as history keeps them, `(path, JSON)`. `ValueError` where they can't be read back."""
    tree: _Tree = {}
    for path, value in kept:
        _merge(tree, _nested(Assignment(unspell(path), json.loads(value))), (), lambda _path: source)
    if sorted(it.path for it in _settings(tree, ())) != sorted(path for path, _ in kept):
        raise ValueError("two of them are of one path")
    return Resolved(values=_plain(tree), settings=tuple(_settings(tree, ())))


def _place(config: Config, layer: Path, inner: tuple[str, ...]) -> str:
    return f"{spell(layer)} ({config.where(*layer, *inner)})"


def _merge(tree: _Tree, values: Mapping[str, Any], path: tuple[str, ...], source: _Source) -> None:
    for name, value in values.items():
        here = (*path, name)
        if not (isinstance(value, Mapping) and value):
            if not (isinstance(value, Mapping) and isinstance(tree.get(name), dict)):
                tree[name] = _Leaf(copy.deepcopy(value), source(here))
            continue
        if not isinstance(tree.get(name), dict):
            tree[name] = {}
        _merge(tree[name], value, here, source)


def _nested(one: Assignment) -> dict[str, Any]:
    value = one.value
    for name in reversed(one.path):
        value = {name: value}
    return dict(value)


def _plain(tree: _Tree) -> dict[str, Any]:
    return {name: _plain(it) if isinstance(it, dict) else it.value for name, it in tree.items()}


def _settings(tree: _Tree, path: tuple[str, ...]) -> Iterator[Setting]:
    for name, it in sorted(tree.items()):
        here = (*path, name)
        if isinstance(it, dict):
            yield from _settings(it, here)
        else:
            yield Setting(path=spell(here, whole=True), value=it.value, source=it.source)


def _value(name: str, text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if text[:1] in ("{", "[", '"') and not text.startswith("{{"):
            raise UsageError(f"--set {name}: not JSON: {error}", hint=f"--set '{name}=[1, 2]'") from error
        return text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if json.dumps(value) == text else text
    return value


def _no_constant(text: str) -> None:
    """`NaN` and `Infinity` are texts to us: JSON knows neither."""
    raise ValueError(text)
