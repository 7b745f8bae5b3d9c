"""What promotions bring: each release beside what runs where it goes, or the one before it there, by their records.

Nobody is stopped by what can't be found out, and nobody waits for it for long: it is told as what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

from paasctl.config.path import destinations
from paasctl.config.words import is_sensitive
from paasctl.errors import Cancelled, PaasError, TimedOut
from paasctl.model.promoting import Brings
from paasctl.model.release import Release
from paasctl.planning.promotion.brings import Base, between, is_dark, running, since, what_it_brings
from paasctl.planning.promotion.decide import promotion_stages
from paasctl.planning.release.whereabouts import Seen
from paasctl.ports.cancel import Cancel
from paasctl.verbs.promotion.ending import Asked
from paasctl.verbs.promotion.look import Look
from paasctl.verbs.reading import Place, place, recorded

_MOST = 20
"""Releases between the two of which commits are read."""
_TOGETHER = 4


def with_brings(look: Look, asked: tuple[Asked, ...], live: tuple[Seen, ...] | None = None) -> tuple[Asked, ...]:
    """The same, each with what it brings, where it is not there yet: else nobody would see it, and nothing is read.

    `live`: what runs there, if it is known already; None: the clusters are asked, beside the registries.
    """
    if not any(map(_is_new, asked)):
        return asked
    begun = _glance(look) if live is None else None
    records = _Records(look, dark=not (begun or live))
    bases = running(begun(look.cancel) if begun else live or ())
    made: list[Asked] = []
    for it in asked:
        if it.facts and _is_new(it):
            earlier = tuple(of.version for of in made if of.stages)
            facts = replace(it.facts, brings=tuple(_brings(records, it.facts.release, bases, earlier)))
            made.append(replace(it, facts=facts, stages=promotion_stages(facts)))
        else:
            made.append(it)
    return tuple(made)


def _is_new(asked: Asked) -> bool:
    return asked.facts is not None and not asked.facts.moving[-1].there


def _places(look: Look) -> Iterator[Place]:
    config = look.reads.config
    return (place(config, it) for it in destinations(config, look.to))


def _glance(look: Look) -> Callable[[Cancel], tuple[Seen, ...]] | None:
    """What runs there, being read from now on: a call has it. None: no environment is for it."""
    places = tuple(_places(look))
    if not places:
        return None
    from paasctl.verbs.running import glance  # noqa: PLC0415 - between registries nobody pays for reading clusters

    return glance(look.reads, places).look


def _brings(records: _Records, release: Release, bases: Sequence[Base], earlier: tuple[str, ...]) -> Iterator[Brings]:
    """`earlier` versions go before it in the same run: they are not what runs there, but what will lie there."""
    for it in bases:
        yield _beside(records, release, it)
    if is_dark(bases):
        try:
            before = since(release.version, (*records.there, *earlier))
        except (Cancelled, TimedOut):
            raise
        except PaasError as error:
            yield Brings(since="", unknown=error.message)
        else:
            yield _beside(records, release, Base(version=before))


def _beside(records: _Records, release: Release, base: Base) -> Brings:
    try:
        return _held_against(records, release, base)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return Brings(since=base.version, at=base.at, unknown=error.message)


def _held_against(records: _Records, release: Release, base: Base) -> Brings:
    if base.unknown or base.version in ("", release.version):
        return what_it_brings(release, base, None, (), is_secret=is_sensitive)
    skipped = between(release.version, base.version, records.here)
    old, *found = records.of((base.version, *skipped[:_MOST]))
    made = what_it_brings(release, base, old, [it for it in found if it and not it.snapshot], is_secret=is_sensitive)
    return replace(made, alone=made.alone or bool(records.look.file), unread=len(skipped[_MOST:]))


class _Records:
    """Release records that are on either end, each read once in a run, several at once."""

    def __init__(self, look: Look, *, dark: bool) -> None:
        """Begins with which there are where it comes from: that is asked while clusters answer.

        `dark`: no cluster is asked, so which there are where it goes will be wanted, and is asked at once, too.
        """
        self.look = look
        self._found: dict[str, Release | None] = {}
        origin, goal = look.way.origin.repository, look.way.goal.repository
        with ThreadPoolExecutor(2, thread_name_prefix="tags") as pool:
            self._here = pool.submit(look.origin.tags, origin)
            self._there = pool.submit(look.reads.registry(goal.host).tags, goal) if dark else None

    @property
    def here(self) -> tuple[str, ...]:
        """Tags where it comes from."""
        return self._here.result()

    @cached_property
    def there(self) -> tuple[str, ...]:
        """Tags where it goes."""
        goal = self.look.way.goal.repository
        return self._there.result() if self._there else self.look.reads.registry(goal.host).tags(goal)

    def of(self, versions: Sequence[str]) -> list[Release | None]:
        """The records, wherever they are first found: at the goal, or where they are on their way from."""
        missing = [it for it in versions if it not in self._found]
        with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="record") as pool:
            self._found |= zip(missing, pool.map(self._read, missing), strict=True)
        return [self._found[it] for it in versions]

    def _read(self, version: str) -> Release | None:
        way, app = self.look.way, self.look.reads.config.app
        ends = (way.goal.repository, way.origin.repository)
        found = (recorded(self.look.reads, it, version) for it in ends)
        return next((it for it in found if it and it.app == app), None)
