"""What a release brings, beside another: commits, images, and what differs in the project's files. Pure.

The other is what runs where it goes, as the clusters say; where no environment is, the one before it in the registry.
What runs and what cannot be read are told apart: not knowing is neither "nothing runs" nor "the one before it".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from paasctl.model.promoting import Brings, FileDiffers, How, Spot
from paasctl.model.release import Release
from paasctl.model.version import Version
from paasctl.planning.release.changelog import grouped
from paasctl.planning.release.whereabouts import Seen
from paasctl.values import dataclass

_MASK = "***"
_LINES = 1000
"""Lines of the longest text of which it is told what differs: of longer ones only that they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a release is held against."""

    version: str
    """Empty: nothing is there."""
    at: tuple[Spot, ...] = ()
    """Where it runs; none: it is the highest lower version in the registry."""
    unknown: str = ""
    """Why it could not be found out what runs there."""


def running(live: Sequence[Seen]) -> tuple[Base, ...]:
    """Each version that runs, once; then where nothing does; then what could not be read, by why."""
    found: dict[tuple[bool, bool, str], list[Spot]] = {}
    for it in live:
        spot = Spot(environment=it.environment, cluster=it.target.cluster)
        for said in (it.error,) if it.error else it.versions or ("",):
            found.setdefault((bool(it.error), not said, said), []).append(spot)
    order = sorted(found, key=lambda it: it[:2])  # stable: else as they were met
    return tuple(
        Base(version="" if failed else said, at=tuple(found[failed, empty, said]), unknown=said if failed else "")
        for failed, empty, said in order
    )


def is_dark(bases: Sequence[Base]) -> bool:
    """Whether nothing at all is known of what runs: the registry tells something at least."""
    return all(it.unknown for it in bases)


def since(version: str, there: Iterable[str]) -> str:
    """The highest of these versions that is lower; empty: there is none, this is the first."""
    if not Version.is_spelled(version):
        return ""
    wanted = Version.parse(version)
    lower = (it for it in map(Version.parse, filter(Version.is_spelled, there)) if it < wanted)
    return str(max(lower, default=""))


def between(one: str, other: str, known: Iterable[str]) -> tuple[str, ...]:
    """Versions between the two, whichever is higher, highest first. Nothing is between what has no order."""
    if not _has_order(one, other):
        return ()
    lower, upper = sorted((Version.parse(one), Version.parse(other)))
    found = {it for it in map(Version.parse, filter(Version.is_spelled, known)) if lower < it < upper}
    return tuple(str(it) for it in sorted(found, reverse=True))


def is_back(version: str, base: str) -> bool:
    """Whether that one is later than this."""
    return _has_order(version, base) and Version.parse(version) < Version.parse(base)


def what_it_brings(
    release: Release, base: Base, old: Release | None, skipped: Iterable[Release], *, is_secret: Callable[[str], bool]
) -> Brings:
    """Beside `base`, of which `old` is the record; None: nobody has that any more.

    `skipped` are the releases between the two, highest first: each recorded the commits since the one before it.
    `is_secret` says of a name whether its value should not be seen.
    """
    if base.unknown or base.version == release.version:
        return Brings(since=base.version, at=base.at, unknown=base.unknown)
    back = is_back(release.version, base.version)
    if base.version and old is None:
        return Brings(
            since=base.version, at=base.at, back=back, unknown=f"no registry has the record of {base.version}"
        )
    fresh = (old, *skipped) if old and back else (release, *skipped)
    made = Brings(
        since=base.version,
        at=base.at,
        back=back,
        commits=tuple(dict.fromkeys(subject for it in fresh for subject in it.subjects)),
        changelog=grouped(it.changelog for it in fresh),
        alone=bool(base.version) and not _has_order(release.version, base.version),
    )
    if old is None:
        return made
    images = sorted({*release.images, *old.images})
    outside = sorted({*release.outside, *old.outside})
    return replace(
        made,
        images=tuple(it for it in (*images, *outside) if _digest(release, it) != _digest(old, it)),
        files=tuple(_differing(old.files, release.files, is_secret)),
    )


def _has_order(*versions: str) -> bool:
    return all(map(Version.is_spelled, versions))


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
    return f"{_MASK} (it may hold a secret)" if is_secret(line) else line
