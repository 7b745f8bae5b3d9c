"""Decide what a release still needs. Order (decision 2): build, git tag, push, record, image tags last.

A broken build burns no version, the git tag is the claim in a race, and a tag on an image is the sign that all else is
there. Whatever an earlier run has done already is a fact, so running again is finishing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Literal

from paasctl.errors import Refused, WouldClobber, together
from paasctl.model.config import Image
from paasctl.model.image import Pinned, Repository
from paasctl.model.plan import Build, Plan, Push, Record, RunHook, SquashImage, Stage, TagCommit, TagImage, WriteFile
from paasctl.model.release import Release
from paasctl.model.version import Named
from paasctl.planning.changelog import Changelog, section, with_section
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """One image of the release, and what its repository says of the version's tag."""

    image: Image
    repository: Repository
    """Where it is pushed."""
    tagged: Pinned | None = None
    """What `repository:version` is now; None: proved absent."""
    tagged_revision: str = ""
    """The commit that this image says it was built from; "" where it does not say."""
    given: Pinned | None = None
    """`--image NAME=REF@sha256:…`: built elsewhere, recorded as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """What is to be released, and how much of it is there."""

    app: str
    named: Named
    commit: str
    committed: int
    """Commit time, seconds since the epoch."""
    repository: Repository
    """Where the record goes."""
    images: tuple[ImageFacts, ...]
    subjects: tuple[str, ...] = ()
    outside: tuple[Pinned, ...] = ()
    """Images that it runs and does not make."""
    hooks: tuple[tuple[Literal["test", "scan"], str, str], ...] = ()
    """What runs between build and tag: which it is, the command line, its place in `paas.yaml`."""
    changes: Changelog = Changelog()
    """What it brings."""
    changelog: tuple[str, bytes | None] | None = None
    """File that it is written into, too, and what is in there now; None: it is not there."""
    files: tuple[tuple[str, bytes], ...] = ()
    remote: str | None = None
    local_tag: str | None = None
    """The commit that the tag points to here; None: proved absent."""
    remote_tag: str | None = None
    """The same at the remote."""
    record: Pinned | None = None
    """Digest of the record, where it is there."""
    recorded: Release | None = None
    """The release record of this version; None: proved absent."""
    snapshot: bool = False
    """For `deploy --build`: no git tag, never promotable."""


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
    made = tuple(TagImage(name=it.image.name, repository=it.repository, tag=version) for it in missing)
    yield (*made, *_tag_given(facts))
    yield tuple(_written(facts))


def _finish(recorded: Release, facts: ReleaseFacts) -> Iterator[Stage]:
    """The record is there: only the tags of its images may be missing."""
    version = facts.named.text
    yield tuple(_git_tag(facts))
    yield tuple(
        TagImage(name=it.image.name, repository=it.repository, tag=version, pinned=pinned)
        for it in facts.images
        if (pinned := recorded.images.get(it.image.name)) and not it.tagged and pinned.repository == it.repository
    )
    yield tuple(_written(facts))


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


# --- refusals -------------------------------------------------------------------------------------------------------


def release_problems(facts: ReleaseFacts) -> Iterator[Refused]:
    """Every name of the release that is taken by something else already (V6)."""
    if facts.recorded and facts.recorded.commit != facts.commit:
        yield _taken(f"record {facts.repository}:{facts.named.text}", facts.recorded.commit, facts)
    if not facts.snapshot:
        yield from _tags(facts)
    for it in facts.images:
        yield from _image(it, facts)


def _tags(facts: ReleaseFacts) -> Iterator[Refused]:
    tag = facts.named.tag
    if facts.remote_tag not in (None, facts.commit):
        yield _taken(f"tag {tag} at {facts.remote}", facts.remote_tag, facts)
    if facts.local_tag not in (None, facts.commit):
        yield WouldClobber(
            f"releasing {facts.named.text}: the local tag {tag} is on {_short(facts.local_tag)}, not on "
            f"{_short(facts.commit)}",
            hint=f"git tag -d {tag}   (if it was never pushed)",
            code="tag-taken",
        )


def _taken(what: str, commit: str | None, facts: ReleaseFacts) -> WouldClobber:
    return WouldClobber(
        f"releasing {facts.named.text} from {_short(facts.commit)}: {what} is of commit {_short(commit)} already",
        hint="git fetch --tags, then run it again: the next version is counted from there",
        code="tag-taken",
    )


def _image(it: ImageFacts, facts: ReleaseFacts) -> Iterator[Refused]:
    recorded = facts.recorded.images.get(it.image.name) if facts.recorded else None
    if recorded and it.given and recorded != it.given:
        yield _moved(f"{facts.repository}:{facts.named.text}", f"recorded with {recorded} already, not {it.given}")
    if it.tagged is None:
        return
    name = f"{it.repository}:{facts.named.text}"
    wanted = recorded if facts.recorded else it.given
    if wanted:
        if wanted.digest != it.tagged.digest and wanted.repository == it.repository:
            yield _moved(name, f"{it.tagged.digest}, not {wanted.digest}")
    elif it.tagged_revision != facts.commit:
        yield _moved(name, f"there already, of {_of(it.tagged_revision)}")


def _moved(name: str, what: str) -> Refused:
    return WouldClobber(
        f"releasing {name}: the tag is {what}",
        hint="release another version; a tag that somebody may have pulled is never moved",
        code="tag-taken",
    )


def _of(revision: str) -> str:
    return f"commit {_short(revision)}" if revision else "an unknown commit"


def _short(commit: str | None) -> str:
    return (commit or "")[:12]
