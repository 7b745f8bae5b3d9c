"""Edits of `paas.yaml` that touch one line and keep every comment and blank. ruamel.yaml says where things stand.

A dump of ruamel's round trip keeps comments but not every blank and fold, so its marks are used and the text is cut.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode

from paasctl.adapters.yaml.read import read
from paasctl.errors import ConfigError


def pin_identity(text: str, cluster: str, uid: str, *, file: str = "paas.yaml") -> str:
    """`text` with `clusters.CLUSTER.identity` set to `uid`; nothing else differs, and the result was read back.

    Raises `ConfigError` where `text` can't be read, has no such cluster, or shares its entry through an anchor.
    """
    before = read(text.encode(), file)
    clusters = before.values.get("clusters")
    if not isinstance(clusters, dict) or not isinstance(clusters.get(cluster), dict):
        raise ConfigError(f"pinning cluster {cluster}: there is no clusters.{cluster}", where=file)
    wanted = copy.deepcopy(before.values)
    wanted["clusters"][cluster]["identity"] = uid
    written = _written(text, cluster, json.dumps(uid, ensure_ascii=False))
    if written is None or read(written.encode(), file).values != wanted:
        place = before.places["clusters", cluster]
        hint = f'write  identity: "{uid}"  there yourself'
        raise ConfigError(f"pinning cluster {cluster}: its entry can't be edited safely", where=str(place), hint=hint)
    return written


def _written(text: str, cluster: str, uid: str) -> str | None:
    """None: no safe way. An anchored entry is shared with others, so changing it would change them."""
    clusters = _value(YAML(typ="rt").compose(text), "clusters")
    entry = _value(clusters, cluster)
    if not isinstance(entry, MappingNode) or entry.anchor or clusters.anchor or not entry.value:
        return None
    old = _value(entry, "identity")
    if old is None:
        return _with_line(text, entry, f"identity: {uid}")
    start, end = old.start_mark.index, old.end_mark.index
    if not isinstance(old, ScalarNode) or old.anchor or start == end:
        return None
    return f"{text[:start]}{uid}{text[end:]}"


def _with_line(text: str, entry: Any, line: str) -> str | None:
    """The entry with one key more: behind its last value where it is `{…}`, else below its first one-line value."""
    if entry.flow_style:
        end = entry.value[-1][1].end_mark.index
        return f"{text[:end]}, {line}{text[end:]}"
    for key, value in entry.value:
        if isinstance(value, ScalarNode) and value.end_mark.line == key.start_mark.line:
            end = (text + "\n").index("\n", value.end_mark.index)
            ending = "\r\n" if text[:end].endswith("\r") else "\n"
            end -= len(ending) - 1
            return f"{text[:end]}{ending}{' ' * key.start_mark.column}{line}{text[end:]}"
    return None


def _value(node: Any, name: str) -> Any:
    """The value node of a key; None: no such key."""
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)
