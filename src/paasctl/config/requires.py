"""Ranges of paasctl's own versions: `>=0.4`, `>=0.4, <1`. SemVer precedence; a missing part is 0."""

from __future__ import annotations

import re

from paasctl.model.version import Version

_PART = re.compile(r"(?P<sign>>=|<=|>|<|=)\s*(?P<version>[0-9]{1,9}(?:\.[0-9]{1,9}){0,2})(?P<pre>-[0-9A-Za-z.-]+)?")

Range = tuple[tuple[str, Version], ...]


def parse_range(text: str) -> Range:
    """Comparisons that must all hold; anything else is a `ValueError`."""
    return tuple(_comparison(part.strip()) for part in text.split(","))


def holds(wanted: Range, running: str) -> bool:
    """Whether paasctl `running` (its `__version__`, build parts left out) is in the range."""
    found = re.match(r"\d+\.\d+\.\d+", running)
    version = Version.parse(found[0] if found else "0.0.0")
    return all(_compare(sign, version, other) for sign, other in wanted)


def _comparison(part: str) -> tuple[str, Version]:
    if not (found := _PART.fullmatch(part)):
        raise ValueError(f"{part!r} is no comparison like >=0.4")
    numbers = [*map(int, found["version"].split(".")), 0, 0][:3]
    return found["sign"], Version.parse(".".join(map(str, numbers)) + (found["pre"] or ""))


def _compare(sign: str, version: Version, other: Version) -> bool:
    match sign:
        case ">=":
            return version >= other
        case "<=":
            return version <= other
        case ">":
            return version > other
        case "<":
            return version < other
        case _:
            return version == other
