"""What a release brings, beside the one before it: commits, images, and what differs in the project's files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from paasctl.model.promoting import Brings, FileDiffers, How
from paasctl.model.release import Release
from paasctl.model.version import Version
from paasctl.planning.release.changelog import grouped

_MASK = "***"
_LINES = 1000
"""Lines of the longest text of which it is told what differs: of longer ones only that they do."""


def since(version: str, there: Iterable[str]) -> str:
    """The highest of these versions that is lower; empty: there is none, this is the first."""
    if not Version.is_spelled(version):
        return ""
    wanted = Version.parse(version)
    lower = (it for it in map(Version.parse, filter(Version.is_spelled, there)) if it < wanted)
    return str(max(lower, default=""))


def between(version: str, before: str, known: Iterable[str]) -> tuple[str, ...]:
    """Versions above `before` and below this one, highest first. All below, where nothing is before."""
    if not Version.is_spelled(version):
        return ()
    upper, lower = Version.parse(version), Version.parse(before) if before else None
    found = {it for it in map(Version.parse, filter(Version.is_spelled, known)) if it < upper}
    return tuple(str(it) for it in sorted(found, reverse=True) if lower is None or it > lower)


def what_it_brings(
    release: Release, before: Release | None, skipped: Iterable[Release], *, is_secret: Callable[[str], bool]
) -> Brings:
    """`skipped` are the releases between the two, highest first: each recorded the commits since the one before it.

    `is_secret` says of a name whether its value should not be seen.
    """
    fresh = (release, *skipped)
    commits = tuple(dict.fromkeys(subject for it in fresh for subject in it.subjects))
    changes = grouped(it.changelog for it in fresh)
    if before is None:
        return Brings(since="", commits=commits, changelog=changes)
    images = sorted({*release.images, *before.images})
    outside = sorted({*release.outside, *before.outside})
    return Brings(
        since=before.version,
        commits=commits,
        changelog=changes,
        images=tuple(it for it in (*images, *outside) if _digest(release, it) != _digest(before, it)),
        files=tuple(_differing(before.files, release.files, is_secret)),
    )


def _digest(release: Release, name: str) -> str:
    found = release.images.get(name) or release.outside.get(name)
    return found.digest if found else ""


def _differing(
    old: Mapping[str, bytes], new: Mapping[str, bytes], is_secret: Callable[[str], bool]
) -> Iterator[FileDiffers]:
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before != after:
            how: How = "added" if before is None else "removed" if after is None else "changed"
            lines = (f"{sign} {_masked(it, is_secret)}" for sign, it in _lines(before or b"", after or b""))
            yield FileDiffers(path=path, how=how, lines=tuple(lines))


def _lines(before: bytes, after: bytes) -> Iterator[tuple[str, str]]:
    """Lines that went and came, each with its sign. What is no text, or very long, has none."""
    try:
        old, new = before.decode().splitlines(), after.decode().splitlines()
    except UnicodeDecodeError:
        return
    if max(len(old), len(new)) > _LINES:
        return
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (("-", it) for it in old[a:b])
            yield from (("+", it) for it in new[c:d])


def _masked(line: str, is_secret: Callable[[str], bool]) -> str:
    """A line whose key says that its value should not be seen shows the key only."""
    head, colon, _ = line.partition(":")
    if colon and is_secret(head):
        return f"{head}: {_MASK}"
    return _MASK if is_secret(line) else line
