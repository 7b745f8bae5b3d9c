"""PyYAML's events to a tree of nodes, iteratively and within bounds: no recursion, no alias is expanded here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from paasctl.adapters.yaml.scalars import STANDARD, Ambiguous, plain, shown, tagged

DEEPEST = 60
"""Levels of nesting that a file for people may have."""
LARGEST = 100_000
"""Values that a file may hold, aliases expanded."""


@dataclass(slots=True)
class Node:
    """One value with its place, counted from 0. `size` and `depth` count all below, aliases expanded."""

    line: int
    column: int
    size: int = 1
    depth: int = 1
    value: Any = None


@dataclass(slots=True)
class Items(Node):
    """A sequence."""

    items: list[Node] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """One more item."""
        self.items.append(node)


@dataclass(slots=True)
class Pairs(Node):
    """A mapping as written: duplicate and merge keys included."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    key: Node | None = None

    def add(self, node: Node) -> None:
        """A key, or the value of the key before."""
        if self.key is None:
            self.key = node
        else:
            self.pairs.append((self.key, node))
            self.key = None


@dataclass(slots=True)
class Merge(Node):
    """The plain scalar `<<` as a key."""


class Unfit(ValueError):  # noqa: N818
    """A file that can't be taken at all: (message, line, column), 0-based."""


Report = Callable[[str, str, int, int], None]
"""(message, hint, line, column): a problem that does not stop reading."""


class Composer:
    """Builds the tree of the first document from events."""

    def __init__(self, report: Report) -> None:
        self.root: Node | None = None
        self._report = report
        self._open: list[Items | Pairs] = []
        self._anchors: dict[str, Node] = {}
        self._named: list[str | None] = []

    def run(self, events: Iterable[yaml.Event]) -> Node | None:
        """The root; None: an empty file. Raises `Unfit` (and whatever `events` raises)."""
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._report("a second document starts here", "one file, one document: remove `---`", *at(event))
                    return self.root
            self._take(event)
        return self.root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            node = self._open.pop()
            self._put(node, self._named.pop())
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._aliased(event), None)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= DEEPEST:
            raise Unfit(f"nested deeper than {DEEPEST} levels", *at(event))
        mapping = isinstance(event, yaml.MappingStartEvent)
        fine = {"!", STANDARD + ("map" if mapping else "seq")}
        if event.tag and event.tag not in fine:
            self._report(f"the tag {shown(event.tag)} is not known here", "remove the tag", *at(event))
        self._open.append((Pairs if mapping else Items)(*at(event)))
        self._named.append(event.anchor)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > LARGEST:
            raise Unfit(f"more than {LARGEST:,} values, aliases counted where they are used", node.line, node.column)
        if parent.depth > DEEPEST:
            raise Unfit(f"nested deeper than {DEEPEST} levels, through aliases", node.line, node.column)
        parent.add(node)

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        if event.anchor in self._named:
            raise Unfit(f"the alias *{event.anchor} stands inside its own anchor", *at(event))
        if event.anchor not in self._anchors:
            raise Unfit(f"the alias *{event.anchor} has no anchor &{event.anchor} before it", *at(event))
        return self._anchors[event.anchor]

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        place = at(event)
        if event.implicit[0] and event.value == "<<":
            return Merge(*place)
        return Node(*place, value=self._value(event))

    def _value(self, event: yaml.ScalarEvent) -> Any:
        try:
            if event.implicit[0]:
                return plain(event.value)
            return event.value if event.tag is None or event.implicit[1] else tagged(event.tag, event.value)
        except Ambiguous:
            text = event.value
            message = f"{text} reads as octal to some and as decimal to others"
            self._report(message, f'write "{text}" for a text, 0o{_bare(text)} for octal, or no leading 0', *at(event))
        except ValueError as error:
            self._report(str(error), "remove the tag", *at(event))
        return event.value


def at(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, 0-based."""
    mark = event.start_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _bare(text: str) -> str:
    return text.lstrip("+-0") or "0"
