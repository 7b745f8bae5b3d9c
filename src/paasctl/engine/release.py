"""Executors of the release steps: the git tag, the record, the image tags."""

from __future__ import annotations

import json
from collections.abc import Mapping

from paasctl.errors import Unavailable
from paasctl.model.image import Pinned, parse_reference
from paasctl.model.plan import Record, TagCommit, TagImage
from paasctl.model.release import Release
from paasctl.oci.documents.record import MANIFEST_TYPE, record_artifact
from paasctl.ports.git import Git
from paasctl.ports.images import Layout
from paasctl.ports.world import World

PUSHED = "image.{}"
"""Name of the fact that a push leaves: which digest it was. The place may hold another run's image by now."""
_BASE = "org.opencontainers.image.base.digest"


def tag_commit(step: TagCommit, git: Git) -> None:
    """Tag, then push the tag. The push is the claim in a race: whoever loses it learns so here."""
    git.tag(step.tag, step.commit, step.message)
    if step.remote:
        git.push_tag(step.remote, step.tag)


def record(step: Record, world: World, facts: Mapping[str, str]) -> Pinned:
    """Write the record and its blobs, then its tag; already there with the same bytes is success.

    It names what this run pushed, by the run's `facts`.
    """
    pushed = {name: _pushed(name, facts) for name, _ in step.images}
    release = Release(
        app=step.app,
        version=step.version,
        commit=step.commit,
        created=step.created,
        images={**dict(step.pinned), **pushed},
        bases=_bases(pushed, world.layout),
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
