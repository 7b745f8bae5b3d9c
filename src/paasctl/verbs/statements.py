"""What was said of a release, read from beside its record. What can not be read raises: it is no silence."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.promoting import Attest, LetIn, Statement
from paasctl.oci.documents.manifest import Json, parse_document
from paasctl.oci.documents.promotion import let_in, may_be_promotion
from paasctl.oci.documents.statement import may_be_statement, statement_of
from paasctl.planning.promotion.standing import check_not_rejected
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A release in one registry, and what was said of it there."""

    version: str
    repository: Repository
    tag: str
    record: Descriptor
    said: tuple[Statement, ...]
    """Oldest first."""
    let_in: tuple[LetIn, ...] = ()
    """Its promotions into another repository, or into this one; read only where somebody asked."""


def statements(registry: RegistryReads, repository: Repository, record: str) -> tuple[Statement, ...]:
    """All of them, oldest first, by the digest of the record."""
    return _sorted(_beside(registry, repository, record, promotions=False))


def referring(registry: RegistryReads, repository: Repository, record: str) -> tuple[Json, ...]:
    """Statements and promotion records beside a record, as documents: each is read once, whatever is asked of it."""
    return tuple(_beside(registry, repository, record, promotions=True))


def statements_of(documents: tuple[Json, ...]) -> tuple[Statement, ...]:
    """Those among them, oldest first."""
    return _sorted(documents)


def standing(reads: Reads, version: str, record: Pinned, *, into: Repository | None = None) -> Standing | None:
    """How a version stands in a registry; None: proved absent. `into`: where promotions to are read, too.

    By its record's digest: its name may have been moved since that was read, and another's word is not about it.
    """
    repository = record.repository
    registry = reads.registry(repository.host)
    found = registry.resolve(record)
    if found is None:
        return None
    beside = tuple(_beside(registry, repository, found.digest, promotions=into is not None))
    return Standing(
        version=version,
        repository=repository,
        tag=image_tag(version),
        record=Descriptor(found.media_type, found.digest, found.size),
        said=_sorted(beside),
        let_in=tuple(it for one in beside if into and (it := let_in(one, into))),
    )


def check_standing(it: Standing | None, environment: str) -> None:
    """`Refused` where this version was rejected, as that registry has it."""
    if it:
        check_not_rejected(it.said, it.version, f"deploying {environment}")


def unsaid(reads: Reads, it: Standing | None, environment: str) -> Attest | None:
    """What is to be said of it once it runs well in this environment, where others come after it and nobody said so."""
    awaited = any(environment in one.after for one in reads.config.environments.values())
    if it is None or not awaited or any(said.word == "healthy" and said.environment == environment for said in it.said):
        return None
    return Attest(
        version=it.version,
        word="healthy",
        repository=it.repository,
        tag=it.tag,
        record=it.record,
        environment=environment,
    )


def _beside(registry: RegistryReads, repository: Repository, record: str, *, promotions: bool) -> Iterator[Json]:
    for it in registry.referrers(repository, record):
        is_wanted = may_be_statement(it) or (promotions and may_be_promotion(it))
        held = registry.manifest(repository.pinned(it.digest)) if is_wanted else None
        if held:
            yield parse_document(held[1], it.digest)


def _sorted(beside: Iterator[Json] | tuple[Json, ...]) -> tuple[Statement, ...]:
    return tuple(sorted(filter(None, map(statement_of, beside)), key=lambda it: it.at))
