"""`releases`: which release records lie in which registry of the path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from paasctl.config.find import find_registry
from paasctl.errors import Exit
from paasctl.model.answer import ReleaseRow, ReleasesAnswer
from paasctl.model.config import Registry
from paasctl.model.event import Emit
from paasctl.model.version import Version
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReleases:
    """The newest `limit` releases of each registry, or of the one that is named."""

    registry: str = ""
    limit: int = 20

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[ReleasesAnswer, Exit]:
        """One row per record. Tags of the repository that are no versions are none of ours."""
        del emit
        registries: Mapping[str, Registry] = reads.config.registries
        if self.registry:
            registries = {self.registry: find_registry(reads.config, self.registry)}
        rows: list[tuple[Version, ReleaseRow]] = []
        for registry in registries.values():
            rows += _rows(reads, registry, self.limit, cancel)
        rows.sort(key=lambda it: it[0], reverse=True)
        return ReleasesAnswer(rows=tuple(row for _, row in rows)), Exit.OK


def _rows(reads: Reads, registry: Registry, limit: int, cancel: Cancel) -> list[tuple[Version, ReleaseRow]]:
    repository = registry.repository
    versions = sorted(filter(None, map(_version, reads.registry(repository.host).tags(repository))), reverse=True)
    rows: list[tuple[Version, ReleaseRow]] = []
    for version in versions[:limit]:
        cancel.check()
        release = recorded(reads, repository, str(version))
        if release is not None:
            created = datetime.fromtimestamp(release.created, UTC).strftime("%Y-%m-%d %H:%M")
            record = f"{repository}:{version}"
            row = ReleaseRow(
                version=release.version, registry=registry.name, record=record, commit=release.commit, created=created
            )
            rows.append((version, row))
    return rows


def _version(tag: str) -> Version | None:
    try:
        return Version.parse(tag)
    except ValueError:
        return None
