"""What to say of a key that nobody knows: a guess, where it belongs, or that it comes later."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from paasctl.config.problems import Problems
from paasctl.config.shape import Either, Items, Kinds, Named, Section, Type
from paasctl.config.table.top import TOP
from paasctl.config.words import did_you_mean, nearest, quoted, spell
from paasctl.model.config import Path


def report_unknown(kind: Section, name: str, path: Path, problems: Problems) -> str:
    """One problem: later, misspelt, misplaced or simply unknown. Gives the key that was meant; empty: nobody knows."""
    place = f" in {spell(path)}" if path else ""
    if name in kind.later:
        problems.later((*path, name), f"{quoted(name)}{place}")
        return ""
    meant = nearest(name, [it.name for it in kind.keys])
    near = did_you_mean(meant) or _belongs(name)
    problems.report((*path, name), f"unknown key {quoted(name)}{place}{near}")
    return meant


def _belongs(name: str) -> str:
    homes = _homes().get(name, ())
    return f" (it belongs in {homes[0]})" if len(homes) == 1 else ""


@cache
def _homes() -> dict[str, tuple[str, ...]]:
    """Key -> the sections that know it, spelt as in `services.NAME`."""
    homes: dict[str, tuple[str, ...]] = {}
    for spot, section in sections(TOP, ""):
        for key in section.keys:
            homes[key.name] = (*homes.get(key.name, ()), spot or "the top level")
    return homes


def sections(kind: Type, spot: str) -> Iterator[tuple[str, Section]]:  # noqa: C901 - one arm per type
    """Every section of the table and where it stands (`images.IMAGE.layers[go]`); the inline image is left out."""
    match kind:
        case Section():
            yield spot, kind
            for key in kind.keys:
                if (spot, key.name) != ("services.SERVICE", "image"):
                    yield from sections(key.type, f"{spot}.{key.name}".removeprefix("."))
        case Named():
            yield from sections(kind.of, f"{spot}.{kind.noun}")
        case Items():
            yield from sections(kind.of, f"{spot}[]")
        case Either():
            for inner in kind.of:
                yield from sections(inner, spot)
        case Kinds():
            for name, section in kind.of:
                yield from sections(section, f"{spot.removesuffix('[]')}[{name}]")
        case _:
            return
