"""Executors of the release steps: the git tag, the record, the image tags."""

from __future__ import annotations

import json

from paasctl.errors import Unavailable
from paasctl.model.image import Pinned, Repository
from paasctl.model.plan import Record, TagCommit, TagImage
from paasctl.model.release import Release
from paasctl.oci.record import MANIFEST_TYPE, record_artifact
from paasctl.ports.git import Git
from paasctl.ports.images import Layout
from paasctl.ports.world import World

_BASE = "org.opencontainers.image.base.digest"


def tag_commit(step: TagCommit, git: Git) -> None:
    """Tag, then push the tag. The push is the claim in a race: whoever loses it learns so here."""
    git.tag(step.tag, step.commit, step.message)
    if step.remote:
        git.push_tag(step.remote, step.tag)


def record(step: Record, world: World) -> Pinned:
    """Write the record and its blobs, then its tag; already there with the same bytes is success."""
    release = Release(
        app=step.app,
        version=step.version,
        commit=step.commit,
        created=step.created,
        images={**dict(step.pinned), **{name: _laid(name, where, world.layout) for name, where in step.images}},
        bases=_bases(step, world.layout),
        subjects=step.subjects,
        files=dict(step.files),
        snapshot=step.snapshot,
    )
    artifact = record_artifact(release, step.repository)
    registry = world.registry(step.repository.host)
    for descriptor, content in artifact.blobs:
        world.layout.put(descriptor.media_type, content)
        registry.push_blob(step.repository, descriptor, world.layout)
    found = registry.put_manifest(step.repository, MANIFEST_TYPE, artifact.manifest, tag=step.version)
    return step.repository.pinned(found.digest)


def tag_image(step: TagImage, world: World) -> None:
    """Give the image its tag: a PUT of the same manifest bytes, no blob moves."""
    registry = world.registry(step.repository.host)
    pinned = step.pinned or _laid(step.name, step.repository, world.layout)
    found = registry.manifest(pinned)
    if found is None:
        raise Unavailable(
            f"tagging {step.repository}:{step.tag}: {pinned} is not there any more",
            hint="run `paasctl release` again: it pushes what is missing",
            code="image-not-found",
        )
    descriptor, content = found
    registry.put_manifest(step.repository, descriptor.media_type, content, tag=step.tag)


def _laid(name: str, repository: Repository, layout: Layout) -> Pinned:
    found = layout.place(name)
    if found is None:
        raise Unavailable(f"looking up {name}: nothing was built in this run", hint="run `paasctl release` again")
    return repository.pinned(found.digest)


def _bases(step: Record, layout: Layout) -> dict[str, str]:
    bases: dict[str, str] = {}
    for name, _ in step.images:
        if (found := layout.place(name)) is not None:
            annotations = json.loads(layout.read(found)).get("annotations") or {}
            bases |= {name: annotations[_BASE]} if _BASE in annotations else {}
    return bases
