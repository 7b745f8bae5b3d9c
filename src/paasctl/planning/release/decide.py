"""Decide what a release still needs. Order (decision 2): build, git tag, push, record, image tags last.

A broken build burns no version, the git tag is the claim in a race, and a tag on an image is the sign that all else is
there. Whatever an earlier run has done already is a fact, so running again is finishing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from paasctl.errors import together
from paasctl.model.image import Pinned
from paasctl.model.plan import (
    Build,
    Plan,
    Push,
    Record,
    RunHook,
    Sign,
    SquashImage,
    Stage,
    TagCommit,
    TagImage,
    WriteFile,
)
from paasctl.model.release import Release
from paasctl.planning.release.changelog import section, with_section
from paasctl.planning.release.facts import ImageFacts, ReleaseFacts
from paasctl.planning.release.taken import release_problems

__all__ = ["ImageFacts", "ReleaseFacts", "is_complete", "pinned_already", "plan_release", "release_problems"]


def plan_release(facts: ReleaseFacts, built: Collection[str] = ()) -> Plan:
    """The steps that are missing; empty where the version is recorded and every image has its tag.

    `built`: images that lie in the layout already, by this very run.

    Raises `Refused` where the version's tag, record or image tags belong to another commit or image (V6).
    """
    if problems := tuple(release_problems(facts)):
        raise together(problems)
    stages = _finish(facts.recorded, facts) if facts.recorded else _make(facts, built)
    return Plan(verb="release", subject=facts.named.text, stages=tuple(stage for stage in stages if stage))


def is_complete(facts: ReleaseFacts) -> bool:
    """Whether nothing of it is missing."""
    return facts.recorded is not None and not any(_finish(facts.recorded, facts))


def pinned_already(facts: ReleaseFacts) -> dict[str, Pinned]:
    """The images that need no build: given by digest, or pushed and tagged from this very commit by an earlier run."""
    found = {it.image.name: it.given or it.tagged for it in facts.images}
    return {name: pinned for name, pinned in found.items() if pinned}


# --- stages ---------------------------------------------------------------------------------------------------------


def _make(facts: ReleaseFacts, built: Collection[str]) -> Iterator[Stage]:
    there = pinned_already(facts)
    missing = [it for it in facts.images if it.image.name not in there]
    fresh = [it.image for it in missing if it.image.name not in built]
    version = facts.named.text
    yield tuple(Build(image=it, version=version, revision=facts.commit, epoch=facts.committed) for it in fresh)
    yield tuple(SquashImage(image=it) for it in fresh if it.squashes)
    yield from () if built else _hooks(facts, missing, there)
    yield tuple(_git_tag(facts))
    yield tuple(Push(name=it.image.name, repository=it.repository) for it in missing)
    yield (_record(facts, missing, there),)
    if facts.key:
        yield tuple(_signatures(facts, there))
    made = tuple(TagImage(name=it.image.name, repository=it.repository, tag=version) for it in missing)
    yield (*made, *_tag_given(facts))
    yield tuple(_written(facts))


def _finish(recorded: Release, facts: ReleaseFacts) -> Iterator[Stage]:
    """The record is there: only the tags of its images may be missing."""
    version = facts.named.text
    yield tuple(_git_tag(facts))
    known = {"": facts.record, **recorded.images} if facts.key else {}
    yield tuple(
        Sign(name=it, repository=pinned.repository, key=facts.key, pinned=pinned)
        for it in facts.unsigned
        if (pinned := known.get(it))
    )
    yield tuple(
        TagImage(name=it.image.name, repository=it.repository, tag=version, pinned=pinned)
        for it in facts.images
        if (pinned := recorded.images.get(it.image.name)) and not it.tagged and pinned.repository == it.repository
    )
    yield tuple(_written(facts))


def _signatures(facts: ReleaseFacts, there: dict[str, Pinned]) -> Iterator[Sign]:
    """Of the record and of the images that lie with us."""
    yield Sign(name="", repository=facts.repository, key=facts.key)
    for it in facts.images:
        pinned = there.get(it.image.name)
        if pinned is None or pinned.repository == it.repository:
            yield Sign(name=it.image.name, repository=it.repository, key=facts.key, pinned=pinned)


def _hooks(facts: ReleaseFacts, missing: list[ImageFacts], there: dict[str, Pinned]) -> Iterator[Stage]:
    """One after the other, on what is to be released; of a run that was overtaken they ran before."""
    for name, command, where in facts.hooks:
        yield (
            RunHook(
                name=name,
                command=command,
                version=facts.named.text,
                commit=facts.commit,
                images=tuple(it.image.name for it in missing),
                pinned=tuple(sorted(there.items())),
                where=where,
            ),
        )


def _git_tag(facts: ReleaseFacts) -> Iterator[TagCommit]:
    if facts.snapshot:
        return
    claimed = facts.remote_tag if facts.remote else facts.local_tag
    if claimed is None:
        message = f"{facts.app} {facts.named.text}\n\n{facts.changes.plain}".strip()
        yield TagCommit(
            tag=facts.named.tag,
            commit=facts.commit,
            message=message,
            remote=facts.remote,
            record=facts.repository.tagged(facts.named.text),
        )


def _record(facts: ReleaseFacts, missing: list[ImageFacts], there: dict[str, Pinned]) -> Record:
    return Record(
        repository=facts.repository,
        app=facts.app,
        version=facts.named.text,
        commit=facts.commit,
        created=facts.committed,
        git_tag="" if facts.snapshot else facts.named.tag,
        remote=facts.remote,
        images=tuple((it.image.name, it.repository) for it in missing),
        pinned=tuple(sorted(there.items())),
        subjects=facts.subjects,
        changelog=facts.changes.markdown,
        outside=facts.outside,
        files=tuple(sorted(facts.files)),
        snapshot=facts.snapshot,
    )


def _written(facts: ReleaseFacts) -> Iterator[WriteFile]:
    """The changelog's file, last of all: whatever it tells of is there."""
    if facts.changelog is None:
        return
    path, before = facts.changelog
    text = (before or b"").decode("utf-8", "replace")
    day = datetime.fromtimestamp(facts.committed, UTC).strftime("%Y-%m-%d")
    after = with_section(text, facts.named.text, section(facts.named.text, day, facts.changes))
    if after != text:
        yield WriteFile(path=path, content=after.encode(), before=before)


def _tag_given(facts: ReleaseFacts) -> Iterator[TagImage]:
    """A given image gets our tag where it lies in the repository that is ours to tag."""
    for it in facts.images:
        if it.given and not it.tagged and it.given.repository == it.repository:
            yield TagImage(name=it.image.name, repository=it.repository, tag=facts.named.text, pinned=it.given)
