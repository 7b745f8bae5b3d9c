"""Where a release that waits for approvals lies, and which environments want some."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from paasctl.config.path import find_goal
from paasctl.errors import Cancelled, PaasError, TimedOut
from paasctl.model.approving import Approvals, Pending, Tally
from paasctl.model.config import Config, Registry
from paasctl.model.image import Descriptor
from paasctl.model.release import Release
from paasctl.model.version import Version
from paasctl.planning.promotion.approvals import tally
from paasctl.planning.promotion.standing import rejection
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.hearing import Ring, heard, ring
from paasctl.verbs.reading import record_of
from paasctl.verbs.statements import statements

_MOST = 20
"""Releases that are looked at for one environment, the highest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A release in one registry of the path."""

    registry: Registry
    record: Descriptor
    release: Release


def wanting(config: Config, to: str) -> tuple[tuple[str, Approvals], ...]:
    """Environments that want approvals: the one that `to` names, or all of the registry that it names."""
    goal = find_goal(config, to)
    found = (it for it in config.environments.values() if it.registry == goal.name)
    named = [it for it in found if to not in config.environments or it.name == to]
    return tuple((it.name, it.approvals) for it in named if it.approvals)


def before(config: Config, goal: Registry) -> Iterator[Registry]:
    """The registries of the path up to there, the last of them first."""
    path = list(config.registries.values())
    yield from reversed(path[: path.index(goal) + 1])


def stands(reads: Reads, version: str, to: str, cancel: Cancel) -> Iterator[Stand]:
    """Where the release lies, nearest first. Another record of that version is another release, and left out."""
    digest = ""
    for registry in before(reads.config, find_goal(reads.config, to)):
        cancel.check()
        if (it := stand(reads, registry, version)) and digest in ("", it.record.digest):
            digest = it.record.digest
            yield it


def stand(reads: Reads, registry: Registry, version: str) -> Stand | None:
    """The release in a registry; None: proved absent."""
    found = record_of(reads, registry.repository, version)
    if found is None:
        return None
    pinned, release = found
    there = reads.registry(registry.repository.host).resolve(pinned)
    if there is None:
        return None
    record = Descriptor(there.media_type, there.digest, there.size)
    return Stand(registry=registry, record=record, release=release)


def pending(reads: Reads, environments: tuple[str, ...], cancel: Cancel) -> Iterator[Pending]:
    """Releases that wait for approvals: in a registry before, higher than all that are there, and not rejected.

    Where releases are made nothing comes before: there those wait that are higher than all that have enough.
    """
    keys: Ring | None = None
    for name in environments:
        is_first = reads.config.environments[name].registry == next(iter(reads.config.registries))
        for version in _waiting(reads, name, cancel):
            keys = keys or ring(reads)
            it = _pending(reads, name, version, keys, cancel)
            if it and is_first and it.tally.is_met:
                break
            if it:
                yield it


def pending_or_why(reads: Reads, environments: tuple[str, ...], cancel: Cancel) -> Iterator[Pending]:
    """The same; of what could not be found out, why."""
    keys: Ring | None = None
    for name in environments:
        versions: tuple[str, ...] = ()
        try:
            versions = tuple(_waiting(reads, name, cancel))
            keys = keys or ring(reads) if versions else keys
        except (Cancelled, TimedOut):
            raise
        except PaasError as error:
            yield _unread(reads, name, "", error)
        if keys:
            yield from filter(None, (_pending_or_why(reads, name, it, keys, cancel) for it in versions))


def _pending_or_why(reads: Reads, environment: str, version: str, keys: Ring, cancel: Cancel) -> Pending | None:
    try:
        return _pending(reads, environment, version, keys, cancel)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return _unread(reads, environment, version, error)


def _unread(reads: Reads, environment: str, version: str, error: PaasError) -> Pending:
    rules = reads.config.environments[environment].approvals
    tally = Tally(environment=environment, wanted=rules.count if rules else 0)
    return Pending(version=version, registry="", tally=tally, unread=error.message)


def standing(reads: Reads, version: str, to: str, cancel: Cancel) -> Iterator[Pending]:
    """How one version stands, for each environment that wants approvals."""
    keys = ring(reads)
    for name, _ in wanting(reads.config, to):
        if (it := _pending(reads, name, version, keys, cancel)) is not None:
            yield it


def _waiting(reads: Reads, environment: str, cancel: Cancel) -> Iterator[str]:
    goal, *earlier = before(reads.config, find_goal(reads.config, environment))
    there = _versions(reads, goal)
    if not earlier:
        yield from map(str, islice(sorted((it for it in there if it.is_release), reverse=True), _MOST))
        return
    highest = max(there, default=None)
    found: set[Version] = set()
    for it in earlier:
        cancel.check()
        found |= _versions(reads, it) - there
    yield from map(str, islice((it for it in sorted(found, reverse=True) if highest is None or it > highest), _MOST))


def _pending(reads: Reads, environment: str, version: str, keys: Ring, cancel: Cancel) -> Pending | None:
    """None: it is a snapshot, or rejected, or gone."""
    config = reads.config
    rules = config.environments[environment].approvals
    places = stands(reads, version, environment, cancel)
    at = next(places, None)
    if rules is None or at is None or at.release.snapshot:
        return None
    repository = at.registry.repository
    said = statements(reads.registry(repository.host), repository, at.record.digest)
    if rejection(said):
        return None
    ends = [(reads.registry(repository.host), repository)]
    counted = tally(rules, environment, heard(reads, ends, at.record.digest, at.release.author, keys))
    if not counted.is_met:  # one that was given farther back counts as well
        more = [(reads.registry(it.registry.repository.host), it.registry.repository) for it in places]
        listened = heard(reads, (*ends, *more), at.record.digest, at.release.author, keys)
        counted = tally(rules, environment, listened)
    return Pending(version=version, registry=at.registry.name, tally=counted)


def _versions(reads: Reads, registry: Registry) -> frozenset[Version]:
    tags = reads.registry(registry.repository.host).tags(registry.repository)
    return frozenset(Version.parse(it) for it in tags if Version.is_spelled(it))
