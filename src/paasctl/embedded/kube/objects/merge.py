"""Merging, comparing and pruning values by their types, as structured-merge-diff does it. No value is changed in place.

*Associative* lists are those of relation ``map`` (items known by keys) and ``set`` (items known by themselves).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from paasctl.embedded.kube.objects.fieldset import SELF, Fields, is_member, item_by_key, item_by_value
from paasctl.embedded.kube.objects.schema import ANY, NOTHING, Type

Value = Any
_LEAF: Fields = {}


class Malformed(ValueError):  # noqa: N818 - what a value is
    """A value that doesn't fit its type, in structured-merge-diff's words."""


class Compared(NamedTuple):
    """What differs between two objects. No path is in more than one of them."""

    removed: Fields
    modified: Fields
    added: Fields


def element(kind: Type, name: str) -> Type:
    """The type of a field or of a map's value."""
    field = kind.fields.get(name)
    return field.type if field is not None else (kind.element or ANY)


def is_open(kind: Type, value: Value) -> bool:
    """Whether a value is merged field by field or item by item, rather than as a whole."""
    if isinstance(value, dict):
        return not kind.atomic
    return isinstance(value, list) and kind.relation in ("map", "set")


def step_to(kind: Type, item: Value) -> str:
    """The path step that leads to an item of an associative list. Raises `Malformed`."""
    if not kind.keys:
        return _step_by_value(item)
    if not isinstance(item, dict):
        what = "null" if item is None else "non-map"
        raise Malformed(f"associative list with keys may not have {'a ' if item is None else ''}{what} element")
    item_type = kind.element or ANY
    found = []
    for key in kind.keys:
        value = item.get(key, NOTHING)
        if value is NOTHING and (field := item_type.fields.get(key)) is not None:
            value = field.default
        if value is not NOTHING:
            found.append((key, value))
    if not found:
        names = " ".join(f'"{key}"' for key in kind.keys)
        why = "(and doesn't have default values for any key fields)"
        raise Malformed(f"associative list with keys has an element that omits all key fields [{names}] {why}")
    found.sort()
    return item_by_key(tuple(found))


def _step_by_value(item: Value) -> str:
    if item is None:
        raise Malformed("associative list without keys has an element that's an explicit null")
    if isinstance(item, dict):
        raise Malformed("associative list without keys has an element that's a map type")
    return item_by_value(item)


def owned(kind: Type, value: Value) -> Fields:
    """The paths that an applied value claims: leaves, list items, map keys, but not the structs on the way."""
    if isinstance(value, list):
        return _owned_items(kind, value)
    claimed: Fields = {}
    for name, it in value.items():
        field = kind.fields.get(name)
        below_type = field.type if field is not None else (kind.element or ANY)
        if it and is_open(below_type, it):
            below = owned(below_type, it)
            if field is None:
                below = {SELF: _LEAF, **below} if below else _LEAF
            elif not below:
                continue
        elif field is not None and isinstance(it, list) and below_type.relation != "atomic":
            continue
        else:
            below = _LEAF
        claimed[f"f:{name}"] = below
    return claimed


def _owned_items(kind: Type, items: list[Value]) -> Fields:
    claimed: Fields = {}
    item_type = kind.element or ANY
    for item in items:
        step = step_to(kind, item)
        below = owned(item_type, item) if step not in claimed and item and is_open(item_type, item) else _LEAF
        claimed[step] = {SELF: _LEAF, **below} if below else _LEAF
    return claimed


def compared(kind: Type, before: Value, after: Value) -> Compared:
    """What `after` removes, changes and adds."""
    removed, modified, added = _difference(kind, before, after)
    return Compared(removed or {}, modified or {}, added or {})


_Sides = tuple[Fields | None, Fields | None, Fields | None]


def _difference(kind: Type, before: Value, after: Value) -> _Sides:
    if before is NOTHING:
        return None, None, _whole(kind, after)
    if after is NOTHING:
        return _whole(kind, before), None, None
    if before is after or before == after:
        return None, None, None
    if not (before or after) or not _are_alike(kind, before, after):
        return None, _LEAF, None
    if isinstance(before or after, list):
        return _different_items(kind, before or [], after or [])
    return _different_fields(kind, before or {}, after or {})


def _are_alike(kind: Type, before: Value, after: Value) -> bool:
    """Whether both are open in the same way; null is whatever the other is."""
    if before is not None and after is not None and type(before) is not type(after):
        return False
    return is_open(kind, after if before is None else before)


def _different_fields(kind: Type, before: Mapping[str, Value], after: Mapping[str, Value]) -> _Sides:
    sides: tuple[Fields, Fields, Fields] = ({}, {}, {})
    for name in before.keys() | after.keys():
        old, new = before.get(name, NOTHING), after.get(name, NOTHING)
        if old is not new:
            _put(sides, f"f:{name}", _difference(element(kind, name), old, new))
    return sides[0] or None, sides[1] or None, sides[2] or None


def _different_items(kind: Type, before: list[Value], after: list[Value]) -> _Sides:
    sides: tuple[Fields, Fields, Fields] = ({}, {}, {})
    old, new = _by_step(kind, before), _by_step(kind, after)
    for step in old.keys() | new.keys():
        _put(sides, step, _different_item(kind.element or ANY, old.get(step, []), new.get(step, [])))
    return sides[0] or None, sides[1] or None, sides[2] or None


def _different_item(kind: Type, old: list[Value], new: list[Value]) -> _Sides:
    """Items of one step: one each, or several that are then compared as a whole."""
    if len(old) <= 1 and len(new) <= 1:
        return _difference(kind, old[0] if old else NOTHING, new[0] if new else NOTHING)
    if len(old) > 1 and len(new) > 1:
        return None, None if old == new else _LEAF, None
    if len(old) > 1:
        return _LEAF, None, _whole(kind, new[0]) if new else None
    return _whole(kind, old[0]) if old else None, None, _LEAF


def _put(sides: tuple[Fields, Fields, Fields], step: str, found: _Sides) -> None:
    for side, node in zip(sides, found, strict=True):
        if node is not None:
            side[step] = node


def _by_step(kind: Type, items: list[Value]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for item in items:
        found.setdefault(step_to(kind, item), []).append(item)
    return found


def _whole(kind: Type, value: Value) -> Fields:
    """Every path of something that is there on one side only, containers too."""
    if not value or not is_open(kind, value):
        return _LEAF
    if isinstance(value, dict):
        below = {f"f:{name}": _whole(element(kind, name), it) for name, it in value.items()}
    else:
        grouped = _by_step(kind, value)
        item_type = kind.element or ANY
        below = {step: _whole(item_type, it[0]) if len(it) == 1 else _LEAF for step, it in grouped.items()}
    return {SELF: _LEAF, **below}


def without(kind: Type, value: Value, fields: Fields) -> Value:
    """The value without these paths; None where nothing is left of it."""
    if not value or not isinstance(value, (dict, list)):
        return None if isinstance(value, (dict, list)) else value
    if not is_open(kind, value):
        return None
    if isinstance(value, dict):
        return _without_fields(kind, value, fields) or None
    item_type = kind.element or ANY
    kept = []
    for item in value:
        node = fields.get(step_to(kind, item))
        if node is None:
            kept.append(item)
        elif not is_member(node):
            kept.append(without(item_type, item, node))
    return kept or None


def _without_fields(kind: Type, value: Mapping[str, Value], fields: Fields) -> dict[str, Value]:
    kept = {}
    for name, it in value.items():
        node = fields.get(f"f:{name}")
        if node is None:
            kept[name] = it
        elif not is_member(node):
            kept[name] = without(element(kind, name), it, node)
    return kept


def with_structs(kind: Type, fields: Fields) -> Fields:
    """The set with the named fields on the way to its members: with ``a.b.c`` also ``a``, where `a` is a field."""
    whole: Fields = {}
    for step, node in fields.items():
        if not node:
            whole[step] = node
            continue
        name = step[2:]
        below = with_structs(_below(kind, step, name), node)
        if SELF not in below and step[0] == "f" and name in kind.fields:
            below[SELF] = _LEAF
        whole[step] = below
    return whole


def _below(kind: Type, step: str, name: str) -> Type:
    return element(kind, name) if step[0] == "f" else (kind.element or ANY)
