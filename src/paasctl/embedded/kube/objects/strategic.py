"""Strategic merge patches: lists merged by their merge keys, `$patch`, `$retainKeys`, `$setElementOrder` and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paasctl.embedded.kube.model import Refusal
from paasctl.embedded.kube.objects.golang import shown
from paasctl.embedded.kube.objects.schema import ANY, Field, Type

Value = Any
_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def merged(kind: Type, original: Mapping[str, Value], patch: Mapping[str, Value]) -> dict[str, Value]:
    """The object with the patch in it; neither is changed. Raises `Refusal` 400, 422 and 500 as the real server."""
    if (directive := patch.get(_DIRECTIVE)) is not None:
        return _directed(directive, patch)
    out, rest = dict(original), dict(patch)
    _retain(out, rest)
    _order(kind, out, rest)
    for key, value in rest.items():
        deletes = key.startswith(_DELETE)
        name = key.removeprefix(_DELETE)
        if value is None:
            out.pop(name, None)
        elif name not in out or type(out[name]) is not type(value):
            if not deletes:
                _put(out, name, value)
        else:
            out[name] = _joined(kind, name, out[name], value, deletes=deletes)
    return out


def _directed(directive: Value, patch: Mapping[str, Value]) -> dict[str, Value]:
    if directive == "replace":
        return {name: it for name, it in patch.items() if name != _DIRECTIVE}
    if directive == "delete":
        return {}
    raise Refusal(500, "InternalError", f"unknown patch type: {directive} in map: {shown(patch)}")


def _retain(out: dict[str, Value], rest: dict[str, Value]) -> None:
    if _RETAIN not in rest:
        return
    kept = rest.pop(_RETAIN)
    named = [name for name, it in rest.items() if it is not None and not name.startswith((_ORDER, _DELETE))]
    if not isinstance(kept, list) or not set(named) <= set(kept):
        raise Refusal(400, "BadRequest", "invalid patch format of retainKeys")
    for name in [name for name in out if name not in kept]:
        del out[name]


def _order(kind: Type, out: dict[str, Value], rest: dict[str, Value]) -> None:
    for key in [key for key in rest if key.startswith(_ORDER)]:
        order = rest.pop(key)
        name = key.removeprefix(_ORDER)
        here, there = out.get(name), rest.pop(name, None)
        field = kind.fields.get(name)
        merge_key = field.merge_key if field else ""
        if not isinstance(order, list) or not _is_in_order(there or [], order, merge_key):
            raise Refusal(400, "BadRequest", "invalid patch format of setElementOrder list")
        if here is None and there is None:
            continue
        if here is None:
            whole = _bare(there)
        else:
            whole = here if there is None else _joined(kind, name, here, there, deletes=False)
        if whole is not None:
            out[name] = _arranged(whole, order, here or [], merge_key)


def _is_in_order(items: Sequence[Value], order: Sequence[Value], merge_key: str) -> bool:
    """Whether the patch's own items stand in the order that it asks for."""
    known = [_known(it, merge_key) for it in order]
    wanted = [_known(it, merge_key) for it in items if not (isinstance(it, dict) and _DIRECTIVE in it)]
    at = [known.index(it) if it in known else -1 for it in wanted]
    return -1 not in at and at == sorted(at)


def _known(item: Value, merge_key: str) -> Value:
    return item.get(merge_key) if isinstance(item, dict) else item


def _put(out: dict[str, Value], name: str, value: Value) -> None:
    left = _bare(value)
    if left is None:
        out.pop(name, None)
    else:
        out[name] = left


def _bare(value: Value) -> Value:
    """A value that goes where nothing was: without directives and nulls; None: it says that it is not to be."""
    if isinstance(value, dict):
        if _DIRECTIVE in value:
            return None
        pairs = {name: _bare(it) for name, it in value.items() if not name.startswith("$") and it is not None}
        return {name: it for name, it in pairs.items() if it is not None}
    if isinstance(value, list):
        return [left for it in value if (left := _bare(it)) is not None]
    return value


def _joined(kind: Type, name: str, ours: Value, theirs: Value, *, deletes: bool) -> Value:
    field = kind.fields.get(name)
    if isinstance(ours, dict):
        if field is not None and "replace" in field.strategy.split(","):
            return theirs
        return merged(field.type if field is not None else (kind.element or ANY), ours, theirs)
    if not isinstance(ours, list):
        return theirs
    if deletes or (field is not None and "merge" in field.strategy.split(",")):
        return _merged_list(field, ours, theirs, deletes=deletes)
    return theirs


def _merged_list(field: Field | None, ours: list[Value], theirs: list[Value], *, deletes: bool) -> list[Value]:
    if not ours and not theirs:
        return ours
    if not isinstance((ours or theirs)[0], dict):
        if deletes:
            return [it for it in ours if it not in theirs]
        return _arranged(list(dict.fromkeys([*ours, *theirs])), theirs, ours, "")
    key = field.merge_key if field is not None else ""
    if field is None or not key:
        raise Refusal(500, "InternalError", f"cannot merge lists without merge key for {field.name if field else ''}")
    kept, items = _without_special(ours, theirs, key)
    whole = _merged_items(field.type.element or ANY, kept, items, key)
    return _arranged(whole, items, kept, key)


def _without_special(ours: list[Value], theirs: list[Value], key: str) -> tuple[list[Value], list[Value]]:
    """What is left of our items after deletions, and the patch's items that are none."""
    ordinary, replaces = [], False
    for item in theirs:
        match item.get(_DIRECTIVE):
            case None:
                ordinary.append(item)
            case "delete":
                wanted = _key_of(item, key)
                ours = [it for it in ours if it.get(key) != wanted]
            case "replace":
                replaces = True
            case other:
                raise Refusal(500, "InternalError", f"unknown patch type: {other} in map: {shown(item)}")
    return ([_bare(it) for it in ordinary], []) if replaces else (ours, ordinary)


def _merged_items(kind: Type, ours: list[Value], theirs: list[Value], key: str) -> list[Value]:
    out = list(ours)
    for item in theirs:
        wanted = _key_of(item, key)
        at = next((index for index, it in enumerate(out) if it.get(key) == wanted), None)
        if at is None:
            out.append(item)
        else:
            out[at] = merged(kind, out[at], item)
    return out


def _key_of(item: Mapping[str, Value], key: str) -> Value:
    if key not in item:
        raise Refusal(500, "InternalError", f"map: {shown(item)} does not contain declared merge key: {key}")
    return item[key]


def _arranged(whole: list[Value], order: Sequence[Value], before: Sequence[Value], key: str) -> list[Value]:
    """The items that `order` names in its order, the others in their old one; between the two, the old order rules."""
    rank = [_known(it, key) for it in order]
    old = [_known(it, key) for it in before]
    named = sorted((it for it in whole if _known(it, key) in rank), key=lambda it: rank.index(_known(it, key)))
    others = sorted(
        (it for it in whole if _known(it, key) not in rank),
        key=lambda it: old.index(_known(it, key)) if _known(it, key) in old else len(old),
    )
    out: list[Value] = []
    while named and others:
        left, right = _known(others[0], key), _known(named[0], key)
        first = left in old and right in old and old.index(left) < old.index(right)
        out.append(others.pop(0) if first else named.pop(0))
    return [*out, *others, *named]
