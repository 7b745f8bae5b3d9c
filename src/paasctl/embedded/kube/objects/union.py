"""One value merged into another by their types: structured-merge-diff's `Merge`, with its order of list items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.objects.merge import Malformed, element, is_open, step_to
from paasctl.embedded.kube.objects.schema import ANY, NOTHING, Type

Value = Any


def merged(kind: Type, live: Value, config: Value) -> Value:
    """`config` over `live`: maps and associative lists are joined, the rest is `config`'s where it says anything."""
    if config is NOTHING or live is config:
        return live
    if live is NOTHING:
        return config
    shape = config if config is not None else live
    if not (live or config) or not is_open(kind, shape):
        return config
    if isinstance(shape, list):
        return _merged_items(kind, live if isinstance(live, list) else [], config or [])
    return _merged_fields(kind, live if isinstance(live, dict) else {}, config or {})


def _merged_fields(kind: Type, live: Mapping[str, Value], config: Mapping[str, Value]) -> dict[str, Value]:
    both = dict(live)
    for name, value in config.items():
        both[name] = merged(element(kind, name), live.get(name, NOTHING), value)
    return both


class _Merging:
    """Both lists, by their items' steps."""

    def __init__(self, kind: Type, live: list[Value], config: list[Value]) -> None:
        self.item = kind.element or ANY
        self.left, self.right = [step_to(kind, it) for it in live], [step_to(kind, it) for it in config]
        self.at_left: dict[str, Value] = {}
        for step, it in zip(self.left, live, strict=True):
            self.at_left[step] = None if step in self.at_left else it  # several: none of them is merged
        self.at_right = dict(zip(self.right, config, strict=True))
        if len(self.at_right) < len(self.right):
            raise Malformed("duplicate entries")
        self.shared = iter([step for step in self.right if step in self.at_left])

    def both(self, step: str) -> Value:
        return merged(self.item, self.at_left.get(step, NOTHING), self.at_right[step])


def _merged_items(kind: Type, live: list[Value], config: list[Value]) -> list[Value]:
    """Shared items take the order of `config`; what only `live` has stays behind what it stood behind."""
    way = _Merging(kind, live, config)
    out: list[Value] = []
    done: set[str] = set()
    shared = next(way.shared, None)
    left = right = 0
    while left < len(way.left) or right < len(way.right):
        if left < len(way.left):
            step = way.left[left]
            if right < len(way.right) and step == way.right[right]:
                done.add(step)
                out.append(way.both(step))
                left, right, shared = left + 1, right + 1, next(way.shared, None)
                continue
            if step in way.at_right and right < len(way.right) and shared is not None and shared != step:
                left += 1  # shared, but not the one whose turn it is
                continue
            if step not in way.at_right:
                out.append(live[left])
                left += 1
                continue
            left += step in done
        if right < len(way.right):
            step = way.right[right]
            done.add(step)
            out.append(way.both(step))
            right += 1
            shared = next(way.shared, None) if shared == step else shared
    return out
