"""Rules of gates: what an environment waits for exists, can come before it, and is heard of where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.config.problems import Problems
from paasctl.config.words import either, guess, quoted, some, spell
from paasctl.model.config import Path

Checked = Mapping[str, Any]
GUESSED = 50
"""Problems after which no more names are guessed: comparing thousands with thousands takes minutes."""


def check_gates(top: Checked, environment: Checked, path: Path, problems: Problems) -> None:
    """What must be so before a release goes to one environment."""
    known, name = _mapping(top, "environments"), path[-1]
    after = environment.get("after")
    for at, before in enumerate(after if isinstance(after, list) else ()):
        here: Path = (*path, "after", at)
        if before == name:
            problems.report(here, f"{spell(path)} comes after itself", "remove it")
        elif isinstance(before, str) and before not in known:
            there = f" (there is {some(tuple(known))})"
            told = f"{spell(here)} names the environment {quoted(before)}, which is not in environments"
            near = guess(before, known) if len(problems.found) < GUESSED else ""
            problems.report(here, f"{told}{near or there}")
        elif isinstance(before, str) and (behind := _behind(top, environment, known[before])):
            message = f"{spell(path)} comes after {before}, whose registry {behind} is behind its own on the path"
            problems.report(here, message, "nothing that is said there is heard here: remove it, or move one of them")
    if "soak" in environment and not after:
        problems.report((*path, "soak"), f"{spell(path)} has soak but no after", "add after, or remove soak")


def check_circles(top: Checked, problems: Problems) -> None:
    """Environments that wait for one another: no release could go to any of them. Each circle is told once."""
    waits = {name: tuple(_waits_for(it)) for name, it in _mapping(top, "environments").items()}
    told: set[str] = set()
    for name in waits:
        circle = () if name in told else _circle(name, waits)
        if circle:
            told.update(circle)
            message = (
                f"environments {', '.join(circle)} come after one another, so no release could go to {either(circle)}"
            )
            problems.report(("environments", name, "after"), message, "remove one of them from after")


def _circle(name: str, waits: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A way from a name back to it, over at least one other; empty: there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for it in waits.get(way[-1], ()):
            if it == name and len(way) > 1:
                return way
            if it not in seen and it != name:
                seen.add(it)
                ways.append((*way, it))
    return ()


def _waits_for(environment: Any) -> Iterator[str]:
    after = environment.get("after") if isinstance(environment, dict) else ()
    yield from (it for it in after if isinstance(it, str)) if isinstance(after, list) else ()


def _behind(top: Checked, here: Checked, there: Any) -> str:
    """The registry of the other environment, if it is another place behind this one's; empty: it is not."""
    registries = _mapping(top, "registries")
    ours, theirs = (it.get("registry") if isinstance(it, dict) else None for it in (here, there))
    path = list(registries)
    if ours not in path or theirs not in path or path.index(theirs) <= path.index(ours):
        return ""
    places = [it.get("repository") if isinstance(it, dict) else None for it in (registries[ours], registries[theirs])]
    return "" if places[0] == places[1] else str(theirs)


def _mapping(top: Checked, section: str) -> Mapping[str, Any]:
    found = top.get(section)
    return found if isinstance(found, dict) else {}
