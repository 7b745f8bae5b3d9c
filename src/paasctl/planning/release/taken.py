"""Names of a release that belong to something else already: a tag, a record, an image's tag (V6)."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Refused, WouldClobber
from paasctl.planning.release.facts import ImageFacts, ReleaseFacts


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
