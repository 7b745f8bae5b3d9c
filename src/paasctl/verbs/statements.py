"""What was said of a release, read from beside its record. What can not be read raises: it is no silence."""

from __future__ import annotations

from paasctl.model.image import Repository
from paasctl.model.promoting import Statement
from paasctl.oci.documents.manifest import parse_document
from paasctl.oci.documents.statement import may_be_statement, statement_of
from paasctl.planning.spelling import image_tag
from paasctl.planning.standing import check_not_rejected
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads


def statements(registry: RegistryReads, repository: Repository, record: str) -> tuple[Statement, ...]:
    """All of them, oldest first, by the digest of the record."""
    found: list[Statement] = []
    for it in registry.referrers(repository, record):
        held = registry.manifest(repository.pinned(it.digest)) if may_be_statement(it) else None
        said = statement_of(parse_document(held[1], it.digest)) if held else None
        found += [said] if said else []
    return tuple(sorted(found, key=lambda it: it.at))


def check_standing(reads: Reads, repository: Repository, version: str, head: str) -> None:
    """`Refused` where this version was rejected, as that registry has it."""
    registry = reads.registry(repository.host)
    record = registry.resolve(repository.tagged(image_tag(version)))
    if record:
        check_not_rejected(statements(registry, repository, record.digest), version, head)
