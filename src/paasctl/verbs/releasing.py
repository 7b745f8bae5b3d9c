"""What is known of a release before it is made: how much of it is there, in git and in the registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePath
from typing import Literal

from paasctl.errors import Cancelled, ConfigError, PaasError, Refused, together
from paasctl.model.config import NOTHING, Config
from paasctl.model.image import Descriptor, Pinned, Reference, Repository
from paasctl.model.version import Checkout, Named
from paasctl.oci.documents.signature import is_signed
from paasctl.planning.release.changelog import changelog, last_release
from paasctl.planning.release.decide import ImageFacts, ReleaseFacts
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.verbs.reading import blob, record_of
from paasctl.verbs.rendering import FILE, gathered, outside_of

_TOGETHER = 4
_REVISION = "org.opencontainers.image.revision"


def first_repository(config: Config) -> Repository:
    """Where releases begin: the first registry of the path. None configured: 78 before anything."""
    if not config.registries:
        raise ConfigError(
            "releasing: no registry is configured",
            hint="registries: {dev: {repository: registry.example/shop}}",
            where=config.file,
            code="no-registry",
        )
    return next(iter(config.registries.values())).repository


def release_facts(  # noqa: PLR0913 - the release, and what was already found out about it
    reads: Reads,
    repository: Repository,
    checkout: Checkout,
    version: Named,
    *,
    snapshot: bool,
    remote_tag: str | None,
    given: Mapping[str, Pinned] = NOTHING,
) -> ReleaseFacts:
    """How much of a version is there: record, image tags, git tags. `given`: images that were built elsewhere."""
    config = reads.config
    found = record_of(reads, repository, version.text)
    images = tuple(
        replace(
            _image(reads, name, it.repository or repository.child(name), version.text, config), given=given.get(name)
        )
        for name, it in config.images.items()
    )
    files = project_files(reads)
    return ReleaseFacts(
        app=config.app,
        named=version,
        commit=checkout.commit,
        committed=checkout.committed,
        repository=repository,
        images=images,
        subjects=checkout.head_subjects,
        changes=changelog(reads.git.changes(last_release(checkout, config.version), config.version)),
        files=tuple(sorted(files.items())),
        hooks=() if snapshot else _hooks(config),
        remote=None if snapshot else checkout.remote,
        local_tag=None if snapshot else reads.git.tag_commit(version.tag),
        remote_tag=remote_tag,
        record=found[0] if found else None,
        recorded=found[1] if found else None,
        snapshot=snapshot,
    )


def unsigned(reads: Reads, facts: ReleaseFacts, path: str) -> tuple[str, ...]:
    """Of what is recorded, what this key has not signed: names of our own images, "" for the record."""
    if facts.recorded is None or facts.record is None:
        return ()
    key = reads.key(path)
    ours = {it.image.name: it.repository for it in facts.images}
    known = {"": facts.record} | {
        name: it for name, it in facts.recorded.images.items() if it.repository == ours.get(name)
    }

    def signed(pinned: Pinned) -> bool:
        registry = reads.registry(pinned.repository.host)
        return is_signed(pinned, registry.manifest, lambda at, it: blob(registry, at, it), key.verifies)

    return tuple(name for name, it in known.items() if not signed(it))


def check_given(reads: Reads, given: Mapping[str, Pinned]) -> Iterator[PaasError]:
    """What is wrong with images that were built elsewhere: each must be there."""
    for name, pinned in given.items():
        if reads.registry(pinned.repository.host).resolve(pinned) is None:
            yield Refused(
                f"releasing {name} as {pinned}: there is no such image",
                hint=f"paasctl image inspect {pinned.repository}@DIGEST shows one that is there",
                code="image-not-found",
            )


def with_outside(reads: Reads, facts: ReleaseFacts) -> ReleaseFacts:
    """The same, with images that it does not make, pinned at what they are now; a record that is there has said it.

    `Refused` where one is not there, with all of them; what can't be found out raises.
    """
    if facts.recorded:
        return facts
    names = outside_of(reads.config, dict(facts.files))
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="outside") as pool:
        found = list(pool.map(lambda it: _digest(reads, it, looks=not facts.snapshot), names.values()))
    absent = [
        Refused(
            f"releasing {facts.named.text}: {name}, which it runs, is not there",
            hint="look for a slip in the name or the tag; the pod or manifest that names it says `image:`",
            code="image-not-found",
        )
        for name, it in zip(names, found, strict=True)
        if it is None
    ]
    if absent:
        raise together(absent)
    pins = ((name, names[name].repository.pinned(it)) for name, it in zip(names, found, strict=True) if it)
    return replace(facts, outside=tuple(pins))


def _digest(reads: Reads, reference: Reference, *, looks: bool) -> str | None:
    """What it is now; None: it is not there. A digest is looked for only where it has to travel one day."""
    if isinstance(reference, Pinned) and not looks:
        return reference.digest
    found = reads.registry(reference.repository.host).resolve(reference)
    return found.digest if found else None


def _hooks(config: Config) -> tuple[tuple[Literal["test", "scan"], str, str], ...]:
    said: tuple[tuple[Literal["test", "scan"], str], ...] = (("test", config.hooks.test), ("scan", config.hooks.scan))
    return tuple((name, command, config.where("hooks", name)) for name, command in said if command)


def project_files(reads: Reads) -> dict[str, bytes]:
    """What a record keeps of the project: `paas.yaml` (under that name) and everything rendering needs."""
    whole = reads.files.read(PurePath(reads.config.file).name)
    return {**gathered(reads.config, reads.files), FILE: whole or b""}


def _image(reads: Reads, name: str, repository: Repository, version: str, config: Config) -> ImageFacts:
    registry = reads.registry(repository.host)
    found = registry.manifest(repository.tagged(image_tag(version)))
    if found is None:
        return ImageFacts(image=config.images[name], repository=repository)
    descriptor, content = found
    return ImageFacts(
        image=config.images[name],
        repository=repository,
        tagged=Pinned(repository, descriptor.digest),
        tagged_revision=_revision(registry, repository, content),
    )


def _revision(registry: RegistryReads, repository: Repository, content: bytes) -> str:
    """The commit an image says it was built from: its annotation, or the label of its configuration."""
    manifest = json.loads(content)
    said = (manifest.get("annotations") or {}).get(_REVISION)
    if said or "config" not in manifest:
        return str(said or "")
    config = manifest["config"]
    document = json.loads(blob(registry, repository, Descriptor(config["mediaType"], config["digest"], config["size"])))
    return str(((document.get("config") or {}).get("Labels") or {}).get(_REVISION, ""))


def status(error: PaasError) -> Literal["failed", "cancelled", "refused"]:
    """How a run ended that broke."""
    return "cancelled" if isinstance(error, Cancelled) else "failed"
