"""Kubernetes manifests, fast: libyaml in, libyaml out. Numbers mean what they mean to kubectl (`0644` is octal).

But `yes`, `no`, `on`, `off`, `1:20` and dates stay texts, as in YAML 1.2: nobody means anything else in a manifest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import yaml

from paasctl.adapters.yaml.nodes import LARGEST
from paasctl.errors import ConfigError

_TAG = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ = (_TAG + it for it in ("str", "map", "seq"))
_DEEPEST = 5_000
_INDENT = re.compile(rf"^[ ?-]{{{_DEEPEST}}}", re.MULTILINE)
_BRACKETS = re.compile(r"[\[\]{}]")
_UNSURE = re.compile(
    r"[-+]?(?:[0-9]|\.[0-9_]).*|[-+]_.*|[-+]?\.(?:inf|nan)|y|n|yes|no|on|off|true|false|null|~|=|<<|", re.IGNORECASE
)
"""Texts that some reader of YAML takes for something else: they are written in quotes."""
_LITERAL = re.compile(r"(?:(?! )[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\U0010ffff]*(?<! )\n)+")
"""Lines that stay as they are in a `|` block."""
_SPECIAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Line breaks of some YAML but not of all, tabs, control characters: they are written as escapes."""


def documents(text: str, where: str) -> list[dict[str, Any]]:
    """The mappings in a stream of YAML documents, empty ones left out. `where` names the file (or template).

    Raises `ConfigError` at `where:line:column` for what is no YAML, a duplicate key, a document that is no mapping.
    """
    _check_depth(text, where)
    try:
        found = list(_values(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        why = ", ".join(filter(None, (error.context, error.problem)))
        raise ConfigError(f"not YAML: {why}", where=place) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"not YAML: {error}", where=where) from error
    if "&" in text and _expanded(found) > LARGEST * 10:
        raise ConfigError("aliases expand to more values than a manifest can mean", where=where)
    return [_mapping(it, where) for it in found if it is not None]


def dump(bodies: Iterable[Mapping[str, Any]]) -> str:
    """A stream of YAML documents, keys in the order given, in a spelling that YAML 1.1 and 1.2 read alike."""
    text: str = yaml.dump_all(
        bodies, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, explicit_start=True
    )
    return text


def _mapping(body: Any, where: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ConfigError(f"a document is no mapping but {type(body).__name__}", where=where)
    return body


def _check_depth(text: str, where: str) -> None:
    # libyaml's composer recurses in C: what is too deep would end the process, not the call.
    steps = (1 if it[0] in "[{" else -1 for it in _BRACKETS.finditer(text))
    if _INDENT.search(text) or max(accumulate(steps), default=0) > _DEEPEST:
        raise ConfigError(f"nested deeper than {_DEEPEST:,} levels", where=where)


def _expanded(value: Any, seen: dict[int, int] | None = None) -> int:
    """How many values there are, shared ones counted where they are used."""
    if not isinstance(value, dict | list):
        return 1
    seen = {} if seen is None else seen
    if id(value) not in seen:
        seen[id(value)] = LARGEST * 100  # what contains itself has no end
        inner = value.values() if isinstance(value, dict) else value
        seen[id(value)] = 1 + sum(_expanded(it, seen) for it in inner)
    return seen[id(value)]


def _values(text: str) -> Iterator[Any]:
    """What each document means."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            # Anchors are the library's business: it knows what contains itself. Without them there is a shorter way.
            yield loader.get_data() if "&" in text else _value(loader, loader.get_node())
    finally:
        loader.dispose()


def _value(loader: Any, node: yaml.Node) -> Any:
    """What a node means: what the library would make of it, at a third of the time. All that is unusual it makes."""
    if node.tag == _STR:
        return node.value
    if node.tag == _SEQ:
        return [_value(loader, it) for it in node.value]
    if node.tag == _MAP and all(type(key) is yaml.ScalarNode and key.value != "<<" for key, _ in node.value):
        _check_unique(node)
        return {_value(loader, key): _value(loader, value) for key, value in node.value}
    return loader.construct_object(node, deep=True)


def _check_unique(node: Any) -> None:
    """PyYAML keeps the last of two equal keys without a word; kubectl refuses, and so do we."""
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
    if len(set(names)) != len(names):
        twice = next(it for at, it in enumerate(names) if it in names[:at])
        mark = [key.start_mark for key, _ in node.value if key.value == twice][1]
        raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} is given twice", mark)


def _unique_mapping(loader: Any, node: yaml.MappingNode) -> Any:
    _check_unique(node)
    made: dict[Any, Any] = {}
    yield made
    loader.flatten_mapping(node)
    made.update(loader.construct_mapping(node))


def _text(_: Any, text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(_STR, text, style=_style(text))


@lru_cache(maxsize=4096)
def _style(text: str) -> str | None:
    """How a text is written: in a block of its lines, in quotes, or as it is."""
    if _LITERAL.fullmatch(text):
        return "|"
    if _SPECIAL.search(text):
        return '"'
    return "'" if _UNSURE.fullmatch(text) else None


def _represented(dumper: Any, value: Any) -> yaml.Node:
    """The node of a value, the usual kinds without the library's ways for classes and aliases."""
    if type(value) is str:
        return yaml.ScalarNode(_STR, value, style=_style(value))
    if type(value) is dict:
        pairs = [(_represented(dumper, key), _represented(dumper, it)) for key, it in value.items()]
        return yaml.MappingNode(_MAP, pairs, flow_style=False)
    if type(value) is list:
        return yaml.SequenceNode(_SEQ, [_represented(dumper, it) for it in value], flow_style=False)
    node: yaml.Node = _REPRESENT(dumper, value)
    return node


def _resolve_by(table: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]]) -> Callable[..., str]:
    """The `resolve` of a loader or dumper: the tag of a node that has none. Words are looked up once, not paths."""

    @lru_cache(maxsize=4096)
    def plain(text: str) -> str:
        return next((tag for tag, pattern in table.get(text[:1], ()) if pattern.match(text)), _STR)

    def resolve(_: Any, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode:
            return plain(value) if implicit[0] else _STR
        return _MAP if kind is yaml.MappingNode else _SEQ

    return resolve


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    kinds = (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("null", r"~|null|Null|NULL|", "~nN\0"),
        ("int", r"[-+]?(?:0o?[0-7]+|0x[0-9a-fA-F]+|0|[1-9][0-9]*)", "-+0123456789"),
        ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
        ("merge", r"<<", "<"),
    )
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for kind, pattern, starts in kinds:
        for start in starts:
            table.setdefault(start.strip("\0"), []).append((_TAG + kind, re.compile(rf"(?:{pattern})\Z")))
    return table


_REPRESENT = yaml.SafeDumper.represent_data
_NO_PATHS: dict[str, Any] = {"descend_resolver": lambda *_: None, "ascend_resolver": lambda *_: None}
"""The library asks about every node's path, for a feature that nobody uses here."""
# PyYAML is taught by subclassing; these two are made here so that its own classes stay as they are.
_Loader: Any = type(
    "_Loader",
    (getattr(yaml, "CSafeLoader", yaml.SafeLoader),),
    {**_NO_PATHS, "resolve": _resolve_by(_resolvers())},
)
_Loader.add_constructor(_MAP, _unique_mapping)
_Dumper: Any = type(
    "_Dumper",
    (getattr(yaml, "CSafeDumper", yaml.SafeDumper),),
    {
        **_NO_PATHS,
        "resolve": _resolve_by(yaml.SafeDumper.yaml_implicit_resolvers),
        "ignore_aliases": lambda *_: True,
        "represent_data": _represented,
    },
)
_Dumper.add_representer(str, _text)
