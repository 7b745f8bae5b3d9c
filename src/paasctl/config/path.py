"""The promotion path: the registries of `paas.yaml`, in the file's order. What `promote --to NAME` names on it."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.config.find import find_registry
from paasctl.config.words import either, guess, quoted
from paasctl.errors import UsageError
from paasctl.model.config import Config, Registry
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From one registry to another."""

    origin: Registry
    goal: Registry


def find_way(config: Config, to: str, origin: str = "") -> Way:
    """`to` names an environment first, then a registry; `origin` a registry, else it is the one before on the path.

    `UsageError` where a name is unknown, nothing comes before, or both are one place.
    """
    goal = find_goal(config, to)
    start = find_registry(config, origin) if origin else _before(config, goal, to)
    if start.repository == goal.repository:
        raise UsageError(
            f"promoting to {to}: releases would go from {start.repository} to itself",
            hint="name another registry with --from, or give the two a repository each",
        )
    return Way(origin=start, goal=goal)


def find_ways(config: Config, to: Iterable[str], origin: str = "") -> tuple[tuple[str, Way], ...]:
    """Of each name, in the order given: the way to it. A name that is given twice counts once."""
    return tuple((it, find_way(config, it, origin)) for it in dict.fromkeys(to))


def takers(config: Config, registry: str) -> tuple[str, ...]:
    """The environments that take their releases from a registry. `UsageError` where there is none of that name."""
    goal = find_goal(config, registry)
    return tuple(name for name, it in config.environments.items() if it.registry == goal.name)


def destinations(config: Config, to: str) -> tuple[str, ...]:
    """The environments that a promotion is for: the one that `to` names, or all that take from the registry it names.

    `UsageError` where there is nothing of that name.
    """
    return (to,) if to in config.environments else takers(config, to)


def find_goal(config: Config, to: str) -> Registry:
    """The registry that `to` names; `UsageError` where there is none."""
    if to in config.environments:
        return config.registries[config.environments[to].registry]
    if to in config.registries:
        return config.registries[to]
    known = [*config.environments, *(it for it in config.registries if it not in config.environments)]
    raise UsageError(
        f"no environment or registry {quoted(to)} in {config.file}{guess(to, known)}",
        hint=f"there is {either(known)}" if known else "it has none",
    )


def _before(config: Config, goal: Registry, to: str) -> Registry:
    path = list(config.registries)
    at = path.index(goal.name)
    if at == 0:
        whose = "" if to == goal.name else f", the registry of {to}"
        later = path[1] if len(path) > 1 else ""
        raise UsageError(
            f"promoting to {goal.name}{whose}: it is the first of the path, where `paasctl release` puts releases",
            hint=f"paasctl promote VERSION --to {later}" if later else _alone(config, to),
        )
    return config.registries[path[at - 1]]


def _alone(config: Config, to: str) -> str:
    """What to do where there is one registry: nothing is promoted, environments take from it."""
    where = to if to in config.environments else next(iter(takers(config, to)), "ENV")
    return f"with one registry nothing is promoted: paasctl deploy {where} --version VERSION"
