"""Sets of field paths as FieldsV1 writes them, and the algebra on them. A set is never changed once made.

A set is nested dicts: ``{"f:spec": {"f:replicas": {}, "f:template": {".": {}, …}}}``. A child that is empty or has
``"."`` is itself a member; others only lead to members. The empty set is ``{}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

Fields = dict[str, Any]
Path = tuple[str, ...]
SELF = "."
_LEAF: Fields = {}
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def _json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_HTML) if isinstance(value, str) else text


@lru_cache(maxsize=8192)
def item_by_key(keys: tuple[tuple[str, Any], ...]) -> str:
    """The step to a list's item by its keys, which come sorted by name: ``k:{"containerPort":80,"protocol":"TCP"}``."""
    return "k:{" + ",".join(f'"{name}":{_json(value)}' for name, value in keys) + "}"


def item_by_value(value: Any) -> str:
    """The step to an item of a set: ``v:"finalizer"``."""
    return f"v:{_json(value)}"


def is_member(node: Fields) -> bool:
    """Whether the path that leads to this child is in the set itself."""
    return not node or SELF in node


def union(left: Fields, right: Fields) -> Fields:
    """What is in either."""
    if not left or not right:
        return left or right
    both = dict(left)
    for step, theirs in right.items():
        ours = both.get(step)
        both[step] = theirs if ours is None else _joined(ours, theirs)
    return both


def _joined(ours: Fields, theirs: Fields) -> Fields:
    if ours == theirs:
        return ours
    both = union(ours, theirs)
    return both if SELF in both or (ours and theirs) else {SELF: _LEAF, **both}


def intersection(left: Fields, right: Fields) -> Fields:
    """What is in both."""
    if left is right:
        return left
    shared: Fields = {}
    for step, ours in left.items():
        theirs = right.get(step)
        if theirs is not None and (node := _shared(ours, theirs)) is not None:
            shared[step] = node
    return shared


def _shared(ours: Fields, theirs: Fields) -> Fields | None:
    below = intersection(ours, theirs) if ours and theirs else {}
    return _node(below, is_member(ours) and is_member(theirs))


def _node(below: Fields, member: bool) -> Fields | None:
    """A child from what is below it and whether it is in the set; None: nothing of it is."""
    if SELF in below:
        below = {step: it for step, it in below.items() if step != SELF}
    if member:
        return {SELF: _LEAF, **below} if below else _LEAF
    return below or None


def difference(left: Fields, right: Fields) -> Fields:
    """What is in `left` but not in `right`; a member that goes leaves what is below it."""
    if not left or not right:
        return left
    kept: Fields = {}
    for step, ours in left.items():
        theirs = right.get(step)
        if theirs is None:
            kept[step] = ours
        elif step != SELF and (node := _less(ours, theirs)) is not None:
            kept[step] = node
    return kept


def _less(ours: Fields, theirs: Fields) -> Fields | None:
    return _node(difference(ours, theirs), is_member(ours) and not is_member(theirs))


def without_trees(left: Fields, right: Fields) -> Fields:
    """`left` without the members of `right` and all that is below them."""
    if not right:
        return left
    kept: Fields = {}
    for step, ours in left.items():
        theirs = right.get(step)
        if theirs is None or step == SELF:
            kept[step] = ours
        elif not is_member(theirs) and (node := _node(without_trees(ours, theirs), is_member(ours))) is not None:
            kept[step] = node
    return kept


def members(fields: Fields) -> Iterator[Path]:
    """All paths of the set in structured-merge-diff's order: an object's own members first, then what is below."""
    yield from _members(fields, ())


def _members(fields: Fields, above: Path) -> Iterator[Path]:
    steps = sorted((step for step in fields if step != SELF), key=order)
    for step in steps:
        if is_member(fields[step]):
            yield (*above, step)
    for step in steps:
        yield from _members(fields[step], (*above, step))


def order(step: str) -> tuple[Any, ...]:
    """A key that sorts steps as the server does: fields by name, items by their keys, values, indexes."""
    kind, rest = step[0], step[2:]
    match kind:
        case "f":
            return (0, rest)
        case "k":
            return (1, tuple((name, _rank(value)) for name, value in sorted(json.loads(rest).items())))
        case "v":
            return (2, _rank(json.loads(rest)))
        case _:
            return (3, int(rest))


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts before truths, as structured-merge-diff compares values."""
    if isinstance(value, bool):
        return (2, value)
    return (0, value) if isinstance(value, (int, float)) else (1, value)


def shown(path: Path) -> str:
    """The path as messages write it: ``.spec.template.spec.containers[name="web"].image``."""
    return "".join(_shown(step) for step in path)


def _shown(step: str) -> str:
    kind, rest = step[0], step[2:]
    match kind:
        case "f":
            return f".{rest}"
        case "k":
            return "[" + ",".join(f"{name}={_text(value)}" for name, value in sorted(json.loads(rest).items())) + "]"
        case "v":
            return f"[={_text(json.loads(rest))}]"
        case _:
            return f"[{rest}]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
