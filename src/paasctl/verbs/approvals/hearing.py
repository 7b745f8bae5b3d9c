"""Approvals beside a release record, each one checked. What can not be read raises: it is no silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from paasctl.errors import ConfigError
from paasctl.model.approving import Approval, Approver, PublicKey
from paasctl.model.image import Repository
from paasctl.oci.documents.approval import may_be_approval, read_statement, signed_parts, signer_of
from paasctl.planning.promotion.approvals import Heard
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import blob


@dataclass(frozen=True, slots=True)
class Ring:
    """Everybody's public keys."""

    keys: tuple[tuple[str, PublicKey], ...]

    def owner(self, fingerprint: str) -> str:
        """Whose key it is; empty: nobody's."""
        return next((name for name, key in self.keys if key.fingerprint == fingerprint), "")

    def of(self, person: str) -> tuple[PublicKey, ...]:
        """All of one person's."""
        return tuple(key for name, key in self.keys if name == person)


def ring(reads: Reads) -> Ring:
    """The keys of `approvers`, read from their files. `ConfigError` where one is missing, or is two people's."""
    config = reads.config
    found: dict[PublicKey, str] = {}
    for name, it in config.approvers.items():
        where = config.where("approvers", name)
        for key in _keys(reads, it, where):
            if found.setdefault(key, name) != name:
                raise ConfigError(
                    f"approvers.{name} has the key {key.fingerprint} of {found[key]}, and a key is one person's",
                    hint="remove it from one of them",
                    where=where,
                )
    return Ring(tuple((name, key) for key, name in found.items()))


def heard(
    reads: Reads, places: Iterable[tuple[RegistryReads, Repository]], record: str, author: str, keys: Ring
) -> Heard:
    """Every approval beside this record in any of these repositories, each once."""
    approvals: dict[str, Approval] = {}
    for registry, repository in places:
        for it in registry.referrers(repository, record):
            is_new = may_be_approval(it) and it.digest not in approvals
            held = registry.manifest(repository.pinned(it.digest)) if is_new else None
            if held and (found := _approval(reads, (registry, repository), it.digest, held[1], keys)):
                approvals[it.digest] = found
    return Heard(
        record=record,
        author=author,
        approvals=tuple(sorted(approvals.values(), key=lambda it: (it.at, it.id))),
        approvers=reads.config.approvers,
        now=reads.clock.utc(),
    )


def _approval(
    reads: Reads, place: tuple[RegistryReads, Repository], identity: str, manifest: bytes, keys: Ring
) -> Approval | None:
    parts = signed_parts(manifest, identity)
    if parts is None or isinstance(parts, str):
        return Approval(id=identity, fault=parts) if parts else None
    statement, signature = blob(*place, parts.statement), blob(*place, parts.signature)
    said = read_statement(statement, identity)
    try:
        signer = signer_of(signature)
    except ValueError as error:
        return replace(said, fault=str(error))
    owner = keys.owner(signer.fingerprint)
    if not owner:
        return replace(said, fault=f"signed with {signer.fingerprint}, which is nobody's of approvers")
    if why := reads.ssh.why_unsound(statement, signature, keys.of(owner)):
        return replace(said, fault=f"not signed by {owner}, though it says so: {why}")
    return replace(said, by=owner)


def _keys(reads: Reads, approver: Approver, where: str) -> Iterator[PublicKey]:
    for it in approver.keys:
        try:
            yield PublicKey.parse(it)
        except ValueError:
            yield from _in_file(reads, it, where)


def _in_file(reads: Reads, path: str, where: str) -> Iterator[PublicKey]:
    content = reads.files.read(path)
    if content is None:
        raise ConfigError(f"there is no {path}, where a public key should be", where=where, code="file-missing")
    lines = [it.strip() for it in content.decode("utf-8", "replace").splitlines()]
    lines = [it for it in lines if it and not it.startswith("#")]
    if not lines:
        raise ConfigError(f"there is no public key in {path}", where=where, code="key-unreadable")
    for line in lines:
        try:
            yield PublicKey.parse(line)
        except ValueError as error:
            raise ConfigError(
                f"reading the public keys in {path}: {error}", where=where, code="key-unreadable"
            ) from error
