"""The platform's additions go *under* the author's words: field by field, list items by their key, never over them.

What is one thought stays one: a probe, a strategy or a volume of the author's replaces ours whole.
`null` in the author's words takes ours away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.planning.fields.merge import by_key

_WHOLE = frozenset(
    {
        "affinity",
        "livenessProbe",
        "postStart",
        "preStop",
        "readinessProbe",
        "resources",
        "startupProbe",
        "strategy",
        "topologySpreadConstraints",
        "updateStrategy",
    }
)
_ITEMS_WHOLE = frozenset({"env", "volumes"})
"""Each item is a union in Kubernetes: two halves of different ones make no third."""
_AUTHOR_ORDERS = frozenset({"containers", "initContainers"})


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A new mapping: `over`'s words, completed by `under`'s; `under`'s keys first, in their order."""
    fields = {key: _field(key, under, over) for key in (*under, *(it for it in over if it not in under))}
    return {key: value for key, value in fields.items() if value is not None or key not in over}


def _field(name: str, under: Mapping[str, Any], over: Mapping[str, Any]) -> Any:
    if name not in over:
        return under[name]
    ours, theirs = under.get(name), over[name]
    if name in _WHOLE:
        return theirs
    if isinstance(theirs, Mapping):
        return merge(ours if isinstance(ours, Mapping) else {}, theirs)
    if isinstance(theirs, Sequence) and not isinstance(theirs, str):
        return _items(name, ours if isinstance(ours, Sequence) else (), theirs)
    return theirs


def _items(name: str, ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """Lists without a key are one thought: the author's."""
    keyed = by_key(name, ours, theirs)
    if keyed is None:
        return list(theirs)
    below, above = keyed
    order = (*above, *below) if name in _AUTHOR_ORDERS else (*below, *above)
    base = {} if name in _ITEMS_WHOLE else below
    return [merge(base.get(it, {}), above[it]) if it in above else below[it] for it in dict.fromkeys(order)]
