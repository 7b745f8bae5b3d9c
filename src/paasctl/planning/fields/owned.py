"""Who owns which field: `metadata.managedFields` (structured-merge-diff `fieldpath`, FieldsV1).

`f:NAME` is a field, `k:{...}` an element of a keyed list, `v:VALUE` one of a set, `.` the thing itself; a node without
children is owned whole (a scalar, or an atomic map or list).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from paasctl.model.kube import MANAGER
from paasctl.planning.fields.merge import Item, Path, Segment

Node = Mapping[str, Any]
NOBODY: Final[Node] = {".": {}}
"""A node that owns nothing below, and is no leaf either."""


def our_fields(live: Mapping[str, Any]) -> Node | None:
    """The tree of the fields that our applies own; None where no entry is ours."""
    return next((it.get("fieldsV1") or NOBODY for it in _entries(live) if is_ours(it)), None)


def is_ours(entry: Node) -> bool:
    """Whether a `managedFields` entry is of our server-side applies."""
    return entry.get("manager") == MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def child(node: Node, segment: Segment) -> Node:
    """The node one step down; `NOBODY` where nothing is owned there."""
    if isinstance(segment, str):
        return _node(node.get(f"f:{segment}"))
    return next((below for item, below in items(node) if item == segment), NOBODY)


def _node(found: Any) -> Node:
    return found if isinstance(found, Mapping) else NOBODY


def is_leaf(node: Node) -> bool:
    """Whether the thing is owned whole: a scalar, or an atomic map or list."""
    return not node


def fields(node: Node) -> Iterator[tuple[str, Node]]:
    """Owned fields of a map."""
    return ((name[2:], below) for name, below in node.items() if name.startswith("f:"))


def items(node: Node) -> Iterator[tuple[Item, Node]]:
    """Owned elements of a keyed list."""
    for name, below in node.items():
        if name.startswith("k:"):
            yield Item(_in_order(json.loads(name[2:]))), below


def members(node: Node) -> Iterator[Any]:
    """Owned members of a set."""
    return (json.loads(name[2:]) for name in node if name.startswith("v:"))


def _in_order(keys: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    # `protocol` is the second key wherever it is one; every other pair is in alphabetical order in the table.
    return tuple(sorted(keys.items(), key=lambda it: (it[0] == "protocol", it[0])))


def manager_of(live: Mapping[str, Any], path: Path) -> str:
    """Who set the live value last: another manager rather than us; "" where nobody says."""
    owners = [
        it for it in _entries(live) if it.get("subresource") != "status" and _owns(_node(it.get("fieldsV1")), path)
    ]
    owners.sort(key=lambda it: (not is_ours(it), str(it.get("time", ""))))
    return str(owners[-1].get("manager", "")) if owners else ""


def _owns(node: Node, path: Path) -> bool:
    for segment in path:
        if isinstance(segment, int) or is_leaf(node):
            return True
        node = child(node, segment)
        if node is NOBODY:
            return False
    return True


def managers(live: Mapping[str, Any]) -> tuple[str, ...]:
    """Everybody who wrote the object, but for its status; the first writer first."""
    written = sorted(
        (str(it.get("time", "")), str(it.get("manager", ""))) for it in _entries(live) if not it.get("subresource")
    )
    return tuple(dict.fromkeys(name for _, name in written))


def _entries(live: Mapping[str, Any]) -> tuple[Node, ...]:
    return tuple((live.get("metadata") or {}).get("managedFields") or ())
