"""What several verbs read: the environment that was named, its targets, the checkout's version, a release record."""

from __future__ import annotations

from paasctl.config.find import find_environment
from paasctl.errors import Refused, UsageError
from paasctl.model.config import Cluster, Config, Environment
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.kube import Target
from paasctl.model.release import Release
from paasctl.model.version import Checkout, Named, Version
from paasctl.oci.documents.record import read_record, record_layers
from paasctl.planning.promotion.standing import check_is_called
from paasctl.planning.versions.spelling import image_tag
from paasctl.planning.versions.version import name_version
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a release goes: the environment and its clusters, narrowed by `--cluster`."""

    environment: Environment
    clusters: tuple[Cluster, ...]
    repository: Repository
    app: str

    @property
    def targets(self) -> tuple[Target, ...]:
        """One target per cluster, in the file's order."""
        return tuple(Target(it.name, self.environment.namespace, self.app) for it in self.clusters)


def place(config: Config, name: str, only: tuple[str, ...] = ()) -> Place:
    """The environment called `name`. `UsageError` with a guess where there is none."""
    environment = find_environment(config, name)
    wrong = [it for it in only if it not in environment.clusters]
    if wrong:
        raise UsageError(
            f"--cluster {wrong[0]}: environment {name} runs on {', '.join(environment.clusters)}",
            hint=f"--cluster {environment.clusters[0]}",
        )
    return Place(
        environment=environment,
        clusters=tuple(config.clusters[it] for it in environment.clusters if not only or it in only),
        repository=config.registries[environment.registry].repository,
        app=config.app,
    )


def check_version(version: str, doing: str) -> None:
    """`UsageError` where a version was given that is blank. `doing`: what was about to be done, `promoting`."""
    if not version.strip():
        raise UsageError(
            f"{doing}: the version that was given is empty",
            hint="a variable of the script may be unset; paasctl releases   shows what is there",
        )


def named(reads: Reads) -> tuple[Checkout, Named]:
    """The checkout and the version of what lies in it."""
    rules = reads.config.version
    checkout = reads.git.checkout(rules, reads.secrets.environ())
    return checkout, name_version(checkout, rules)


def recorded(reads: Reads, repository: Repository, version: str) -> Release | None:
    """The release record of a version; None: proved absent."""
    found = record_of(reads, repository, version)
    return found[1] if found else None


def record_of(
    reads: Reads, repository: Repository, version: str, at: Repository | None = None
) -> tuple[Pinned, Release] | None:
    """The same, with the digest of the record itself. `at`: as it reads from there, where it will lie."""
    registry = reads.registry(repository.host)
    reference = repository.tagged(image_tag(version))
    found = registry.manifest(reference)
    if found is None:
        return None
    document, files = record_layers(found[1], str(reference))
    release = read_record(blob(registry, repository, document), blob(registry, repository, files), at or repository)
    return repository.pinned(found[0].digest), release


def needed(reads: Reads, where: Place, version: str | None, ahead: Repository | None = None) -> tuple[Pinned, Release]:
    """The release to deploy, and its record: the version that was asked for, `latest`, or HEAD's; refused if absent.

    `ahead`: where it is taken from first. The record is the same one, so all is known of it but whether it arrives.
    """
    if version == "latest":
        return _latest(reads, where)
    if version is not None:
        check_version(version, f"deploying {where.environment.name}")
    wanted = version or named(reads)[1].text
    found = record_of(reads, ahead or where.repository, wanted, where.repository)
    if found is not None:
        check_is_called(found[1], where.app, wanted, f"deploying {where.environment.name}")
        return found
    asked = "" if version else ", the version of this checkout,"
    raise Refused(
        f"deploying {where.environment.name}: there is no release {wanted}{asked} in {where.repository}",
        hint=_how_to_make(reads.config, where, version=wanted, given=version is not None),
        code="release-not-found",
    )


def _how_to_make(config: Config, where: Place, *, version: str, given: bool) -> str:
    name = where.environment.name
    if given:
        brought = (
            f"paasctl promote {version} --to {name}, from the registry before; " if _elsewhere(config, where) else ""
        )
        return f"{brought}paasctl releases   shows what is there"
    if where.environment.snapshots and "-" in version:
        return f"paasctl release   or   paasctl deploy {name} --build"
    return _elsewhere(config, where) or ("commit, then paasctl release" if ".dirty." in version else "paasctl release")


def _elsewhere(config: Config, where: Place) -> str:
    """Releases go to the first registry: for an environment of another one, making one again does not help."""
    first, environment = next(iter(config.registries.values())), where.environment.name
    if first.repository == where.repository:
        return ""
    bring = f"paasctl promote VERSION --to {environment} brings a release on"
    return f"paasctl release pushes to registry {first.name}, the first; {bring}"


def _latest(reads: Reads, where: Place) -> tuple[Pinned, Release]:
    """The highest of this project: others may have releases in the same repository."""
    versions = []
    for tag in reads.registry(where.repository.host).tags(where.repository):
        try:
            versions.append(Version.parse(tag))
        except ValueError:
            continue
    for version in sorted((it for it in versions if it.is_release), reverse=True):
        found = record_of(reads, where.repository, str(version))
        if found and found[1].app == where.app:
            check_is_called(found[1], where.app, str(version), f"deploying {where.environment.name}")
            return found
    raise Refused(
        f"deploying {where.environment.name}: there is no release of {where.app} in {where.repository} yet",
        hint=_elsewhere(reads.config, where) or "paasctl release",
        code="release-not-found",
    )


def blob(registry: RegistryReads, repository: Repository, descriptor: Descriptor) -> bytes:
    """A small blob, whole and verified."""
    with registry.open_blob(repository, descriptor) as chunks:
        return b"".join(chunks)
