"""The shape of the code: small files, small commands, no stray package; what a linter cannot say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
ALL = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
CEILING, LONGEST_FUNCTION, COMMAND = 400, 60, 75


@pytest.mark.parametrize("path", ALL, ids=lambda it: str(it.relative_to(ROOT)))
def test_no_file_passes_the_ceiling(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= CEILING


def test_functions_are_small() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_commands_are_thin() -> None:
    from paasctl.cli.front import VERBS

    for module, _ in VERBS.values():
        path = ROOT / "src" / "paasctl" / "cli" / f"{module}.py"
        assert len(path.read_text().splitlines()) <= COMMAND, path


def test_every_module_says_what_it_is() -> None:
    bare = [str(it.relative_to(ROOT)) for it in SOURCES if not ast.get_docstring(ast.parse(it.read_text()))]
    assert bare == []


def test_how_many_is_said_by_count() -> None:
    """`1 layers` can't be said: what follows a length in a sentence is never a plural by itself."""
    plural = re.compile(r"\{[^{}]*\blen\([^{}:]*\)\} (?:other |more |new )?[a-z]+s\b")
    ours = [it for it in SOURCES if "embedded" not in it.parts]
    assert [f"{it.name}: {found}" for it in ours for found in plural.findall(it.read_text())] == []
