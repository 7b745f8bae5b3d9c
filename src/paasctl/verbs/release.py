"""`release` and `build`: from a clean commit to a recorded release; from whatever lies here to images in the layout."""

from __future__ import annotations

import json
from dataclasses import field
from pathlib import PurePath
from typing import Literal

from paasctl.config.find import find_image
from paasctl.errors import Cancelled, ConfigError, Exit, PaasError, Refused
from paasctl.model.config import Config
from paasctl.model.event import Emit, Outcome, Problem
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.plan import NOTHING, Build, Plan, SquashImage
from paasctl.model.rounds import Rounds
from paasctl.model.version import Checkout, Named
from paasctl.planning.release import ImageFacts, ReleaseFacts, plan_release
from paasctl.planning.spelling import image_tag
from paasctl.planning.version import ReleasePosition, release_version, wanted_release
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import blob, named, recorded
from paasctl.verbs.rendering import FILE, gathered

_REVISION = "org.opencontainers.image.revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Make the release of this commit: the next version, or `version` where one is asked for."""

    version: str = ""
    _told: dict[str, ReleaseFacts] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> ReleaseFacts:
        """Git, the remote, the registry: everything that says how much of the release is there."""
        del emit
        config = reads.config
        repository = first_repository(config)
        rules = config.version
        checkout = reads.git.checkout(rules, reads.secrets.environ())
        tag = wanted_release(checkout, rules, explicit=self.version).tag
        position = _position(reads, checkout, tag)
        cancel.check()
        version = release_version(position, rules, explicit=self.version)
        facts = release_facts(
            reads, repository, checkout, version, snapshot=False, remote_tag=position.remote_tag_commit
        )
        self._told["last"] = facts
        return facts

    def next(self, facts: ReleaseFacts, rounds: Rounds) -> Plan:
        """What is missing of it; after a failure nothing: running again is how to go on."""
        return NOTHING if rounds and rounds[-1].error else plan_release(facts)

    def end(self, rounds: Rounds) -> Outcome:
        """The version and every digest."""
        return release_outcome(self._told["last"], rounds)


def release_outcome(facts: ReleaseFacts, rounds: Rounds) -> Outcome:
    """How a release ended, with its named results: `version`, `tag`, `record`, `image.NAME`."""
    known: dict[str, str] = {"version": facts.named.text, "record": f"{facts.repository}:{facts.named.text}"}
    if not facts.snapshot:
        known["tag"] = facts.named.tag
    if facts.recorded:
        known |= {f"image.{name}": str(image) for name, image in facts.recorded.images.items()}
    error = rounds[-1].error if rounds else None
    return Outcome(
        status=_status(error) if error else "done" if rounds else "nothing-to-do",
        exit=error.exit if error else Exit.OK,
        verb="release",
        subject=facts.named.text,
        done=tuple(step for it in rounds for step in it.done),
        left=rounds[-1].left if rounds else (),
        problems=(Problem.of(error),) if error else (),
        facts=tuple((known | dict(rounds[-1].facts if rounds else ())).items()),
    )


def _status(error: PaasError) -> Literal["failed", "cancelled", "refused"]:
    return "cancelled" if isinstance(error, Cancelled) else "failed"


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
    reads: Reads, repository: Repository, checkout: Checkout, version: Named, *, snapshot: bool, remote_tag: str | None
) -> ReleaseFacts:
    """How much of a version is there: record, image tags, git tags."""
    config = reads.config
    release = recorded(reads, repository, version.text)
    images = tuple(
        _image(reads, name, it.repository or repository.child(name), version.text, config)
        for name, it in config.images.items()
    )
    return ReleaseFacts(
        app=config.app,
        named=version,
        commit=checkout.commit,
        committed=checkout.committed,
        repository=repository,
        images=images,
        subjects=checkout.head_subjects,
        files=tuple(sorted(project_files(reads).items())),
        remote=None if snapshot else checkout.remote,
        local_tag=None if snapshot else reads.git.tag_commit(version.tag),
        remote_tag=remote_tag,
        recorded=release,
        snapshot=snapshot,
    )


def project_files(reads: Reads) -> dict[str, bytes]:
    """What a record keeps of the project: `paas.yaml` (under that name) and everything rendering needs."""
    whole = reads.files.read(PurePath(reads.config.file).name)
    return {**gathered(reads.config, reads.files), FILE: whole or b""}


def _position(reads: Reads, checkout: Checkout, tag: str) -> ReleasePosition:
    remote, branch = checkout.remote, checkout.branch
    if not remote:
        return ReleasePosition(checkout=checkout, ahead_behind=None, remote_tag_commit=None)
    return ReleasePosition(
        checkout=checkout,
        ahead_behind=reads.git.position(remote, branch) if branch else None,
        remote_tag_commit=reads.git.remote_tag_commit(remote, tag),
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """What is to be built."""

    config: Config
    checkout: Checkout
    version: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildImages:
    """Build images (none named: all) into the project's layout, as the checkout lies there; nothing is pushed."""

    images: tuple[str, ...] = ()
    _told: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> BuildFacts:
        """The file and the version."""
        del emit, cancel
        checkout, version = named(reads)
        for name in self.images:
            find_image(reads.config, name)
        self._told["version"] = version.text
        return BuildFacts(config=reads.config, checkout=checkout, version=version)

    def next(self, facts: BuildFacts, rounds: Rounds) -> Plan:
        """One round: a build is asked for, so it is done; what the builder has cached is the builder's business."""
        if rounds:
            return NOTHING
        chosen = [it for name, it in facts.config.images.items() if not self.images or name in self.images]
        if not chosen:
            raise Refused("building: paas.yaml has no images", code="no-images")
        builds = tuple(
            Build(
                image=it,
                version=facts.version.text,
                revision=facts.checkout.commit,
                epoch=facts.checkout.committed,
            )
            for it in chosen
        )
        squashes = tuple(SquashImage(image=it) for it in chosen if it.squashes)
        return Plan(verb="build", subject=facts.version.text, stages=(builds, squashes) if squashes else (builds,))

    def end(self, rounds: Rounds) -> Outcome:
        """What was built."""
        last = rounds[-1]
        return Outcome(
            status=_status(last.error) if last.error else "done",
            exit=last.error.exit if last.error else Exit.OK,
            verb="build",
            subject=self._told["version"],
            done=last.done,
            left=last.left,
            problems=(Problem.of(last.error),) if last.error else (),
            facts=(("version", self._told["version"]), *last.facts),
        )
