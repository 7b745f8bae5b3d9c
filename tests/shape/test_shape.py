"""The shape of the code: small files, small commands, no stray package; what a linter cannot say."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
ALL = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
CEILING, LONGEST_FUNCTION, COMMAND = 400, 60, 75


@cache
def _read(path: Path) -> tuple[bool, list[str]]:
    """Whether a module says what it is, and its functions that are too long: parsed once, and let go of."""
    tree = ast.parse(path.read_text())
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    return bool(ast.get_docstring(tree)), long


def test_no_file_passes_the_ceiling() -> None:
    lines = {str(it.relative_to(ROOT)): len(it.read_text().splitlines()) for it in ALL}
    assert {path: count for path, count in lines.items() if count > CEILING} == {}


def test_functions_are_small() -> None:
    assert [it for path in SOURCES for it in _read(path)[1]] == []


def test_commands_are_thin() -> None:
    from paasctl.cli.front import VERBS

    for module, _ in VERBS.values():
        path = ROOT / "src" / "paasctl" / "cli" / f"{module}.py"
        assert len(path.read_text().splitlines()) <= COMMAND, path


def test_every_module_says_what_it_is() -> None:
    assert [str(it.relative_to(ROOT)) for it in SOURCES if not _read(it)[0]] == []


def test_how_many_is_said_by_count() -> None:
    """`1 layers` can't be said: what follows a length in a sentence is never a plural by itself."""
    plural = re.compile(r"\{[^{}]*\blen\([^{}:]*\)\} (?:other |more |new )?[a-z]+s\b")
    ours = [it for it in SOURCES if "embedded" not in it.parts]
    assert [f"{it.name}: {found}" for it in ours for found in plural.findall(it.read_text())] == []
