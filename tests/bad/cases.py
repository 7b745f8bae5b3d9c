"""Reads the `.cases` beside it: broken files, each with the lines that paasctl must say of it.

=== what is wrong, in plain English
app: shop
>>>
paas.yaml:1:1: the message, exactly
    the hint, where there is one
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paasctl.adapters.yaml.read import read
from paasctl.config.load import load
from paasctl.errors import ConfigError

RUNNING = "0.1.0"


@dataclass(frozen=True, slots=True)
class Case:
    """One broken file."""

    name: str
    text: str
    expected: tuple[str, ...]


def cases() -> Iterator[Case]:
    """Every case of every file here."""
    for file in sorted(Path(__file__).parent.glob("*.cases")):
        for block in f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
            name, _, rest = block.partition("\n")
            text, _, said = f"\n{rest}".partition("\n>>>\n")
            lines = tuple(line for line in said.splitlines() if line)
            yield Case(f"{file.stem}: {name}", f"{text.removeprefix(chr(10))}\n", lines)


def problems_of(text: str) -> tuple[str, ...]:
    """What is said of a file, one line per problem and one per hint; none where it loads."""
    try:
        parsed = read(text.encode(), "paas.yaml")
        load(parsed.values, parsed.places, "paas.yaml", running=RUNNING, problems=parsed.problems)
    except ConfigError as error:
        return tuple(line for it in error.problems for line in _lines(it))
    return ()


def _lines(problem: ConfigError) -> tuple[str, ...]:
    return (f"{problem.where}: {problem.message}", *((f"    {problem.hint}",) if problem.hint else ()))
