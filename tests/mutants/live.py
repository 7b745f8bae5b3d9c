"""A change put into running code: the function around it gets the code it would have, wherever it is referred to.

A constant of a module gets the value it would have there; who imported it by name keeps the old one.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType


def put(file: str, before: str, after: str, line: int) -> bool:
    """Give the function or constant on this line of `before` what it has in `after`; False: nobody holds it."""
    if line in constants(before):
        return _assign(file, after, line)
    old = _around(compile(before, file, "exec", dont_inherit=True), line)
    if old is None:
        return False
    name, was = old
    new = dict(_outermost(compile(after, file, "exec", dont_inherit=True))).get(name)
    if new is None or new.co_freevars != was.co_freevars:
        return False
    lives = [it for it in gc.get_objects() if type(it) is FunctionType and _same(it.__code__, was)]
    for it in lives:
        it.__code__ = new
    return bool(lives)


def constants(source: str) -> dict[int, str]:
    """Lines on which constants of the module are assigned, and their names."""
    return {line: name for name, it in _assigned(source) for line in range(it.lineno, (it.end_lineno or 0) + 1)}


def _assigned(source: str) -> Iterator[tuple[str, ast.stmt]]:
    for it in ast.parse(source).body:
        match it:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name, it
            case _:
                pass


def _assign(file: str, after: str, line: int) -> bool:
    module = next((it for it in list(sys.modules.values()) if getattr(it, "__file__", None) == file), None)
    found = [it for _, it in _assigned(after) if it.lineno <= line <= (it.end_lineno or 0)]
    if module is None or not found:
        return False
    later = ast.parse("from __future__ import annotations").body
    exec(compile(ast.Module([*later, *found], []), file, "exec"), module.__dict__)
    return True


def _same(one: CodeType, other: CodeType) -> bool:
    return (one.co_filename, one.co_firstlineno, one.co_name) == (
        other.co_filename,
        other.co_firstlineno,
        other.co_name,
    )


def _around(module: CodeType, line: int) -> tuple[tuple[str, int], CodeType] | None:
    """The outermost function that holds the line."""
    for name, code in _outermost(module):
        if line in set(_lines(code)):
            return name, code
    return None


def _outermost(code: CodeType, counted: dict[str, int] | None = None) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Functions and methods, those inside them left out; with a number where a name is there twice."""
    counted = {} if counted is None else counted
    for it in code.co_consts:
        if not isinstance(it, CodeType):
            continue
        if it.co_flags & 0x2:  # CO_NEWLOCALS: a function; the body of a class has it not
            number = counted[it.co_qualname] = counted.get(it.co_qualname, 0) + 1
            yield (it.co_qualname, number), it
        else:
            yield from _outermost(it, counted)


def _lines(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line)
    for it in code.co_consts:
        if isinstance(it, CodeType):
            yield from _lines(it)
