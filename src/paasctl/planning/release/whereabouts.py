"""What is where: versions against environments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasctl.model.answer import ReleaseRow, Whereabouts
from paasctl.model.kube import Target
from paasctl.model.version import Version
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What runs in one target of an environment; `error`: it could not be read."""

    environment: str
    registry: str
    target: Target
    versions: tuple[str, ...] = ()
    error: str = ""


def whereabouts(rows: Iterable[ReleaseRow], live: Sequence[Seen]) -> tuple[Whereabouts, ...]:
    """A row per version that lies or runs somewhere, newest first; nothing where there is no environment."""
    lying = {(it.version, it.registry) for it in rows}
    versions = {it for it, _ in lying} | {it for seen in live for it in seen.versions}
    environments = dict.fromkeys(it.environment for it in live)
    return tuple(
        Whereabouts(
            version=version,
            environments=tuple(
                (name, _cell(version, [it for it in live if it.environment == name], lying)) for name in environments
            ),
        )
        for version in sorted(versions, key=_newest, reverse=True)
        if environments
    )


def _cell(version: str, targets: Sequence[Seen], lying: set[tuple[str, str]]) -> str:
    there = ["there"] if (version, targets[0].registry) in lying else []
    on = [it.target.cluster for it in targets if version in it.versions]
    unread = [it.target.cluster for it in targets if it.error]
    if on:
        there = ["runs"] if len(on) == len(targets) else [f"runs on {', '.join(on)}"]
    return ", ".join([*there, *(["?"] if unread else [])])


def _newest(version: str) -> tuple[bool, object]:
    """Sorts as versions do; what is none comes last."""
    try:
        return True, Version.parse(version).precedence
    except ValueError:
        return False, version
