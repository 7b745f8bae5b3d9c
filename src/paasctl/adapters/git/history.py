"""A walk of the history, as `git log` printed it: distances of all tags, and what came since the nearest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from paasctl.model.version import Version
from paasctl.values import dataclass

LOG = ("log", "--topo-order", "--no-color", "--no-show-signature", "--no-decorate", "--format=%H%x1f%P%x1f%ct%x1f%s")
"""The question whose answer `walk` reads: children before their parents, one line per commit."""
_SUBJECTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """HEAD's commit time, how many commits there are, reachable tags by distance, subjects since the nearest below."""

    committed: int
    commits: int
    tags: tuple[tuple[str, int], ...]
    subjects: tuple[str, ...]


def walk(log: bytes, tags: Mapping[str, Version], commits: Mapping[str, str]) -> History:
    """Read the answer to `LOG`. `tags`: version tags; `commits`: the commit each of them names.

    A tag's distance is the number of commits that HEAD has and the tag has not, as `git rev-list --count TAG..HEAD`
    counts them. Each commit gets the set of tags it belongs to (one bit per tag), handed down from child to parent, so
    that all distances come from one walk.
    """
    names = sorted(tags)
    bits: dict[str, int] = {}
    for place, name in enumerate(names):
        bits[commits[name]] = bits.get(commits[name], 0) | 1 << place
    at_start = dict(bits)
    seen: list[tuple[int, bytes]] = []
    committed = 0
    reached = 0
    for line in log.split(b"\n"):
        if not line:
            continue
        commit, parents, when, subject = line.decode("ascii", "surrogateescape").split("\x1f", 3)
        committed = committed if seen else int(when)
        reached |= at_start.get(commit, 0)
        mine = bits.pop(commit, 0)
        seen.append((mine, subject.encode("ascii", "surrogateescape")))
        for parent in parents.split():
            had = bits.get(parent)
            bits[parent] = had | mine if had else mine  # the same number again costs no memory
    distances = _distances([mine for mine, _ in seen], names, reached)
    found = sorted(distances.items(), key=lambda it: tags[it[0]], reverse=True)
    nearest = sorted(found, key=lambda it: it[1])
    below = next((names.index(name) for name, distance in nearest if distance), None)
    return History(committed=committed, commits=len(seen), tags=tuple(nearest), subjects=tuple(_since(seen, below)))


def _distances(seen: list[int], names: list[str], reached: int) -> dict[str, int]:
    """Commits outside each tag that was met on the way."""
    inside = _columns(Counter(seen), len(names))  # few distinct sets, however long the history
    return {name: len(seen) - inside[place] for place, name in enumerate(names) if reached >> place & 1}


def _columns(sets: Mapping[int, int], width: int) -> list[int]:
    """How many of the sets (each as often as it says) hold each place.

    All places are counted at once: plane k holds bit k of every place's count, and adding a set is adding one binary
    digit to every place. Thousands of tags would otherwise ask about millions of pairs.
    """
    planes: list[int] = []
    for held, times in sets.items():
        for digit in range(times.bit_length()):
            if times >> digit & 1:
                _add(planes, held, digit)
    digits = [f"{it:0{width}b}"[::-1] for it in planes]
    return [sum(1 << k for k, plane in enumerate(digits) if plane[place] == "1") for place in range(width)]


def _add(planes: list[int], held: int, plane: int) -> None:
    while held:
        planes.extend([0] * (plane + 1 - len(planes)))
        planes[plane], held, plane = planes[plane] ^ held, planes[plane] & held, plane + 1


def _since(seen: Iterable[tuple[int, bytes]], nearest: int | None) -> Iterable[str]:
    fresh = (subject for mine, subject in seen if nearest is None or not mine >> nearest & 1)
    for _, subject in zip(range(_SUBJECTS), fresh, strict=False):
        yield subject.decode("utf-8", "replace")
