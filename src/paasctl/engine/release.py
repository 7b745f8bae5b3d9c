"""Executors of the release steps: the git tag, the record, the image tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NoReturn

from paasctl.engine.needs import Needs
from paasctl.errors import Overtaken, Unavailable, WouldClobber
from paasctl.model.event import Noted
from paasctl.model.image import Descriptor, Pinned, Repository, Tagged, parse_reference
from paasctl.model.plan import Record, TagCommit, TagImage
from paasctl.model.release import Release
from paasctl.oci.building.attest import PREDICATE_TYPE, attach
from paasctl.oci.building.provenance import IN_TOTO, PREDICATE
from paasctl.oci.building.released import record_provenance, record_sbom
from paasctl.oci.building.spdx import SPDX
from paasctl.oci.documents.record import MANIFEST_TYPE, record_artifact
from paasctl.ports.git import Git
from paasctl.ports.images import Layout, Registry
from paasctl.ports.world import World
from paasctl.values import dataclass

PUSHED = "image.{}"
"""Name of the fact that a push leaves: which digest it was. The place may hold another run's image by now."""
PATIENCE: Final = 60.0
"""Seconds that a run which lost the race waits for the record of the one that won it. Going on is safe, too: whoever
records first is adopted by the others."""
_POLL = 1.0
_BASE = "org.opencontainers.image.base.digest"


def tag_commit(step: TagCommit, run: Needs) -> None:
    """Tag, then push the tag. The push is the claim in a race (V6).

    Who loses it to a run on the same commit waits for that one's record, and raises `Overtaken`: there is a record by
    then, or whoever claimed it is taken to be dead. Lost to another commit it is `WouldClobber`. Either way the tag
    here is the remote's in the end.
    """
    git = run.world.git
    had = git.tag_commit(step.tag) is not None
    git.tag(step.tag, step.commit, step.message)
    if not step.remote:
        return
    try:
        is_ours = git.push_tag(step.remote, step.tag)
    except WouldClobber as lost:
        if had:
            raise
        git.adopt_tag(step.remote, step.tag)
        raise WouldClobber(
            lost.message,
            hint=f"git pull --ff-only {step.remote}, then run again: the next version is counted from there",
            evidence=lost.evidence,
        ) from lost
    if is_ours:
        return
    if not had:
        git.adopt_tag(step.remote, step.tag)
    if step.record:
        _await(step.tag, step.record, run)


def _await(tag: str, record: Tagged, run: Needs) -> NoReturn:
    run.emit(Noted(f"another run was first to push tag {tag} on this commit: waiting for its record"))
    clock, registry = run.world.clock, run.world.registry(record.repository.host)
    late = clock.now() + PATIENCE
    while registry.resolve(record) is None:
        if clock.now() > late:
            raise Overtaken(f"there is no record {record} after {PATIENCE:.0f} s: going on in its stead")
        clock.pause(_POLL)
    raise Overtaken(f"another run has recorded {record}: it is this release")


def record(step: Record, world: World, facts: Mapping[str, str]) -> Pinned:
    """Write the record and its blobs, then its tag; already there with the same bytes is success.

    Another record under that name is `Overtaken`: the next look says whose it is. It names what this run pushed, by the
    run's `facts`.
    """
    pushed = {name: _pushed(name, facts) for name, _ in step.images}
    release = Release(
        app=step.app,
        version=step.version,
        commit=step.commit,
        created=step.created,
        author=_author(step, world.git),
        images={**dict(step.pinned), **pushed},
        bases=_bases(pushed, world.layout),
        subjects=step.subjects,
        changelog=step.changelog,
        outside=dict(step.outside),
        files=dict(step.files),
        snapshot=step.snapshot,
    )
    artifact = record_artifact(release, step.repository)
    registry = world.registry(step.repository.host)
    into = _Into(world.layout, registry, step.repository)
    for descriptor, content in artifact.blobs:
        into.put(descriptor.media_type, content)
    found = into.put(MANIFEST_TYPE, artifact.manifest)
    if not step.snapshot:
        attach(found, IN_TOTO, record_provenance(release, found.digest), {PREDICATE_TYPE: PREDICATE}, into.put)
        attach(found, SPDX, record_sbom(release), {}, into.put)
    # By its digest with all that vouches for it first, by its tag last: who finds it finds it whole.
    try:
        registry.put_manifest(step.repository, MANIFEST_TYPE, artifact.manifest, tag=step.version)
    except WouldClobber as error:
        raise Overtaken(f"another run has recorded {step.repository}:{step.version} meanwhile") from error
    return step.repository.pinned(found.digest)


def _author(step: Record, git: Git) -> str:
    """Whom the tag names: the same wherever the release is finished, so the record has the same bytes."""
    if not step.git_tag:
        return ""
    if step.remote and git.tag_commit(step.git_tag) is None:
        git.adopt_tag(step.remote, step.git_tag)
    return git.tagger(step.git_tag)


@dataclass(frozen=True, slots=True)
class _Into:
    """Writes small blobs and manifests into a repository, by digest."""

    layout: Layout
    registry: Registry
    repository: Repository

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """One of them. What it names is there already."""
        if media_type == MANIFEST_TYPE:
            return self.registry.put_manifest(self.repository, media_type, content)
        descriptor = self.layout.put(media_type, content)
        self.registry.push_blob(self.repository, descriptor, self.layout)
        return descriptor


def tag_image(step: TagImage, world: World, facts: Mapping[str, str]) -> None:
    """Give the image its tag: a PUT of the same manifest bytes, no blob moves."""
    registry = world.registry(step.repository.host)
    pinned = step.pinned or _pushed(step.name, facts)
    found = registry.manifest(pinned)
    if found is None:
        raise Unavailable(
            f"tagging {step.repository}:{step.tag}: {pinned} is not there any more",
            hint="run the same command again: it pushes what is missing",
            code="image-not-found",
        )
    descriptor, content = found
    registry.put_manifest(step.repository, descriptor.media_type, content, tag=step.tag)


def _pushed(name: str, facts: Mapping[str, str]) -> Pinned:
    found = parse_reference(facts[PUSHED.format(name)])  # a plan records and tags only after it pushed
    assert isinstance(found, Pinned)  # noqa: S101 - a push is told by digest
    return found


def _bases(pushed: Mapping[str, Pinned], layout: Layout) -> dict[str, str]:
    bases: dict[str, str] = {}
    for name, pinned in pushed.items():
        found = layout.place(name)
        if found is not None and found.digest == pinned.digest:
            annotations = json.loads(layout.read(found)).get("annotations") or {}
            bases |= {name: annotations[_BASE]} if _BASE in annotations else {}
    return bases
