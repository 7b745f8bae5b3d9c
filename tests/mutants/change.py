"""Small changes to source text, by its syntax tree: the ones a slip of the hand would make."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """Text that stands in place of other text; `line` counts from 1, `start` and `end` are characters of the file."""

    line: int
    start: int
    end: int
    text: str

    def made(self, source: str) -> str:
        """The source with the change in it."""
        return source[: self.start] + self.text + source[self.end :]


def changes(source: str, line: int) -> Iterator[Change]:
    """All changes whose place begins on that line, the telling ones first."""
    places = _Places(source)
    tree = ast.parse(source)
    found = [it for node in ast.walk(tree) if getattr(node, "lineno", 0) == line for it in _of(node, source, places)]
    yield from dict.fromkeys(found)


class _Places:
    """From the tree's (line, byte column) to characters of the file."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for it in self._lines:
            self._starts.append(self._starts[-1] + len(it))

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)


def _of(node: ast.AST, source: str, places: _Places) -> Iterator[Change]:
    if not isinstance(node, ast.expr | ast.stmt):
        return
    start, end = places.span(node)
    for text in _instead(node, source[start:end], source, places):
        yield Change(node.lineno, start, end, text)


def _instead(node: ast.expr | ast.stmt, text: str, source: str, places: _Places) -> Iterator[str]:
    def said(it: ast.expr) -> str:
        start, end = places.span(it)
        return source[start:end]

    if isinstance(node, ast.Constant):
        yield from _constants(node.value, text)
    elif isinstance(node, ast.If | ast.While):
        (start, end), (first, last) = places.span(node), places.span(node.test)
        yield from (source[start:first] + it + source[last:end] for it in ("False", "True"))
    elif isinstance(node, ast.stmt):
        yield from _statements(node)
    else:
        yield from _expressions(node, said)


def _constants(value: object, text: str) -> Iterator[str]:
    match value:
        case bool():
            yield str(not value)
        case int():
            yield str(value + 1)
        case str() if value and text[:1] in "\"'":  # what is part of an f-string has no place of its own
            yield from (repr(value + "~"), repr(""))


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Return(value=ast.expr()):
            yield "return None"
        case ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()) | ast.Assign() | ast.AugAssign():
            yield "pass"
        case ast.Raise() | ast.Delete() | ast.Continue() | ast.Break():
            yield "pass"
        case _:
            return


def _expressions(node: ast.expr, said: Callable[[ast.expr], str]) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[op], left=left, comparators=[right]):
            yield f"({said(left)} {_COMPARISONS[type(op)]} {said(right)})"
        case ast.BoolOp(values=values):
            yield from (f"({said(it)})" for it in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"bool({said(operand)})"
        case ast.IfExp(body=body, orelse=other):
            yield from (f"({said(it)})" for it in (body, other))
        case _:
            return
