"""Small changes to source text, by its syntax tree: the ones a slip of the hand would make."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.BitOr: "&", ast.BitAnd: "|", ast.Mult: "//",
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
        case ast.JoinedStr():
            text = said(node)
            begin = next((at for at, it in enumerate(text) if it in "\"'"), 0)
            if text[begin : begin + 3] not in ('"""', "'''") and begin and text[-1] == text[begin]:
                yield f"{text[: begin + 1]}~{text[begin + 1 :]}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            yield f"({said(left)} {_OPERATORS[type(op)]} {said(right)})"
        case _:
            yield from _dropped(node, said)


def _dropped(node: ast.expr, said: Callable[[ast.expr], str]) -> Iterator[str]:
    """The same without one of its parts."""
    match node:
        case ast.Set() | ast.List(ctx=ast.Load()) | ast.Tuple(ctx=ast.Load()) if len(node.elts) > 1:
            around = {ast.Set: "{%s,}", ast.List: "[%s,]", ast.Tuple: "(%s,)"}[type(node)]
            for parts in _without_one([said(it) for it in node.elts]):
                yield around % ", ".join(parts)
        case ast.Dict(keys=keys, values=values) if all(keys):
            pairs = [f"{said(key)}: {said(value)}" for key, value in zip(keys, values, strict=True) if key]
            for parts in _without_one(pairs):
                yield f"{{{', '.join(parts)}}}"
        case ast.Call(func=func, args=args, keywords=keywords) if all(it.arg for it in keywords):
            for parts in _without_one([f"{it.arg}={said(it.value)}" for it in keywords]):
                yield f"{said(func)}({', '.join([*map(said, args), *parts])})"
        case _:
            yield from _unfiltered(node, said)


def _unfiltered(node: ast.expr, said: Callable[[ast.expr], str]) -> Iterator[str]:
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for test in (said(it) for part in node.generators for it in part.ifs):
            yield said(node).replace(f" if {test}", "", 1)


def _without_one(parts: list[str]) -> Iterator[list[str]]:
    for gone in range(len(parts)):
        yield parts[:gone] + parts[gone + 1 :]
