"""`releases`: which release records lie in which registry of the path, and what runs where."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from paasctl.config.find import find_registry
from paasctl.errors import Cancelled, Exit, PaasError, TimedOut
from paasctl.model.answer import ReleaseRow, ReleasesAnswer
from paasctl.model.config import Registry
from paasctl.model.event import Emit
from paasctl.model.image import Pinned
from paasctl.model.kube import Target
from paasctl.model.promoting import Statement
from paasctl.model.version import Version
from paasctl.planning.promotion.standing import rejection
from paasctl.planning.release.whereabouts import Seen, whereabouts
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.stands import pending_or_why
from paasctl.verbs.reading import Place, place, record_of
from paasctl.verbs.running import running_versions
from paasctl.verbs.statements import statements

_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReleases:
    """The newest `limit` releases of each registry, or of the one that is named; with the environments it is for."""

    registry: str = ""
    limit: int = 20

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[ReleasesAnswer, Exit]:
        """One row per record. Tags of the repository that are no versions are none of ours.

        What can't be read hides no release: what runs in a cluster, whether a version is rejected, what approvals it
        has is unknown then, and said to be, by exit 75, too.
        """
        del emit
        config = reads.config
        registries: Mapping[str, Registry] = config.registries
        if self.registry:
            registries = {self.registry: find_registry(config, self.registry)}
        rows: list[tuple[Version, ReleaseRow]] = []
        for registry in registries.values():
            rows += _rows(reads, registry, self.limit, cancel)
        rows.sort(key=lambda it: it[0], reverse=True)
        found = tuple(row for _, row in rows)
        live = _live(
            reads, [place(config, it.name) for it in config.environments.values() if it.registry in registries]
        )
        cancel.check()
        unknown = _unknown(live)
        asking = (it.name for it in config.environments.values() if it.approvals and it.registry in registries)
        waiting = tuple(pending_or_why(reads, tuple(asking), cancel))
        answer = ReleasesAnswer(rows=found, matrix=whereabouts(found, live), unknown=unknown, pending=waiting)
        unread = unknown or any(it.unread for it in found) or any(it.unread for it in waiting)
        return answer, Exit.UNAVAILABLE if unread else Exit.OK


def _live(reads: Reads, places: list[Place]) -> list[Seen]:
    """What runs in each target of each environment."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="releases") as pool:
        asked = [(it, target, pool.submit(_seen, reads, target)) for it in places for target in it.targets]
        return [
            Seen(it.environment.name, it.environment.registry, target, *found.result()) for it, target, found in asked
        ]


def _seen(reads: Reads, target: Target) -> tuple[tuple[str, ...], str]:
    try:
        return running_versions(reads.cluster(target.cluster), target), ""
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return (), error.message


def _unknown(live: list[Seen]) -> tuple[tuple[str, str], ...]:
    return tuple((str(it.target), it.error) for it in live if it.error)


def _rows(reads: Reads, registry: Registry, limit: int, cancel: Cancel) -> list[tuple[Version, ReleaseRow]]:
    repository = registry.repository
    versions = sorted(filter(None, map(_version, reads.registry(repository.host).tags(repository))), reverse=True)

    def row(version: Version) -> ReleaseRow | None:
        cancel.check()
        return _row(reads, registry, str(version))

    with ThreadPoolExecutor(_READERS, thread_name_prefix="records") as pool:
        found = pool.map(row, versions[:limit])
        return [(version, it) for version, it in zip(versions, found, strict=False) if it]


def _row(reads: Reads, registry: Registry, version: str) -> ReleaseRow | None:
    """None: what has that name is gone."""
    repository = registry.repository
    found = record_of(reads, repository, version)
    if found is None:
        return None
    pinned, release = found
    rejected, unread = _rejected(reads, pinned)
    return ReleaseRow(
        version=release.version,
        registry=registry.name,
        record=f"{repository}:{version}",
        commit=release.commit,
        created=datetime.fromtimestamp(release.created, UTC).strftime("%Y-%m-%d %H:%M"),
        rejected=rejected,
        unread=unread,
    )


def _rejected(reads: Reads, record: Pinned) -> tuple[Statement | None, str]:
    """The rejection in force, or why that could not be found out."""
    try:
        return rejection(statements(reads.registry(record.repository.host), record.repository, record.digest)), ""
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        return None, error.message


def _version(tag: str) -> Version | None:
    try:
        return Version.parse(tag)
    except ValueError:
        return None
