"""What was said of a release, read from beside its record. What can not be read raises: it is no silence."""

from __future__ import annotations

from paasctl.model.image import Descriptor, Repository
from paasctl.model.promoting import Attest, Statement
from paasctl.oci.documents.manifest import parse_document
from paasctl.oci.documents.statement import may_be_statement, statement_of
from paasctl.planning.promotion.standing import check_not_rejected
from paasctl.planning.versions.spelling import image_tag
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


def check_standing(reads: Reads, repository: Repository, version: str, environment: str) -> Attest | None:
    """`Refused` where this version was rejected, as that registry has it.

    Else what is to be said of it once it runs well in this environment, where others come after it and nobody said so.
    """
    registry, tag = reads.registry(repository.host), image_tag(version)
    found = registry.resolve(repository.tagged(tag))
    if found is None:
        return None
    said = statements(registry, repository, found.digest)
    check_not_rejected(said, version, f"deploying {environment}")
    awaited = any(environment in it.after for it in reads.config.environments.values())
    if not awaited or any(it.word == "healthy" and it.environment == environment for it in said):
        return None
    record = Descriptor(found.media_type, found.digest, found.size)
    return Attest(
        version=version, word="healthy", repository=repository, tag=tag, record=record, environment=environment
    )
