"""A walk of the history, as `git log` prints it: distances of tags, and what came since. Pure.

It ends early: where the tags that were met can't be beaten by those that were not, the rest is not read. Both git and
this walk go by commit times; where a clock was wrong, so that a commit came before its child, all is read and sorted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import and_

from paasctl import values
from paasctl.adapters.git.distances import columns
from paasctl.adapters.git.order import in_order
from paasctl.planning.versions.tags import TagRule, VersionTag, alive, counted_from, rank, read_tag

LOG = ("log", "--no-color", "--no-show-signature", "--no-decorate", "--format=%H%x1f%P%x1f%ct%x1f%s")
"""The question whose answer `walk` reads: a line per commit, then one per path that it changed; they have no \\x1f."""
NARROWED = ("--full-history", "--sparse", "-c", "--no-renames", "--name-only")
"""With it, and paths, all commits are still there, and what each changed of those paths: of a merge what is its own."""
_SUBJECTS = 1000
_LOOK = 512


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Names of version tags, those on a commit, and what decides between them."""

    names: Sequence[str]
    on: Mapping[bytes, Sequence[str]]
    rule: TagRule


@values.dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """As in `Checkout`. `changes` is 0 unless paths were asked for."""

    committed: int
    commits: int
    tags: tuple[tuple[str, int], ...]
    changes: int
    subjects: tuple[str, ...]


def walk(lines: Iterable[bytes], tags: Tags, *, narrowed: bool = False) -> History:
    """Read the answer to `LOG`, no more of it than is needed.

    A tag's distance is the number of commits that HEAD has and the tag has not, as `git rev-list --count TAG..HEAD`
    counts them. `narrowed`: only commits that changed a path have a subject.
    """
    rest = iter(lines)
    read: list[bytes] = []
    walked = _Walk(tags)
    if not walked.follow(rest, read):
        walked = _Walk(tags)
        walked.follow(in_order([*read, *rest]), [])
    return walked.told(narrowed=narrowed)


@dataclass
class _Walk:
    """Each commit gets the set of tags it belongs to, one bit per tag that was met, handed down to its parents."""

    tags: Tags
    seen: dict[bytes, int] = field(default_factory=dict)
    """Commit -> its set of tags."""
    said: list[bytes] = field(default_factory=list)
    """Time and subject of each."""
    ahead: dict[bytes, int] = field(default_factory=dict)
    """Parents that are still to come -> the tags they belong to so far."""
    touched: set[int] = field(default_factory=set)
    """Places in `seen` of commits that changed a path."""
    met: dict[str, int] = field(default_factory=dict)
    """Tag -> its bit."""
    sizes: Counter[int] = field(default_factory=Counter)
    """Set of tags -> how many commits have just that one; counted when it is asked for."""

    def follow(self, lines: Iterable[bytes], read: list[bytes]) -> bool:
        """As far as is needed. False: a commit came before its child. What was read is kept in `read`.

        One loop without calls: a history has a hundred thousand lines.
        """
        seen, ahead, on = self.seen, self.ahead, self.tags.on
        look, was_sure = _LOOK, False
        for line in lines:
            read.append(line)
            commit, *more = line.split(b"\x1f", 2)
            if not more:
                self.touched |= {len(seen) - 1} if line.strip() else set()
                continue
            mine = ahead.pop(commit, 0)
            if commit in on:
                mine |= self._bits(commit)
            seen[commit] = mine
            self.said.append(more[1])
            for parent in more[0].split():
                if parent in seen:
                    return False
                had = ahead.get(parent)
                ahead[parent] = had | mine if had else mine  # the same number again costs no memory
            if len(seen) == look:
                sure = self._is_sure()
                if sure and was_sure:  # twice: dates are no proof that no child of what was seen is still to come
                    break
                look, was_sure = look + self._step, sure
        return True

    def _bits(self, commit: bytes) -> int:
        return sum(1 << self.met.setdefault(name, len(self.met)) for name in self.tags.on[commit])

    @property
    def _step(self) -> int:
        """Commits until it is worth to ask again whether it is sure: that takes longer, the more tags there are."""
        return _LOOK + 2 * len(self.tags.names if self.tags.rule.is_highest else self.met)

    def _is_sure(self) -> bool:
        """Whether what is still to come changes neither the tag that counts nor the release below HEAD."""
        if not self.met:
            return False
        final, open_ = self._distances()
        below = [it for it in final if _is_below(it)], [it for it in open_ if _is_below(it)]
        return self._decides(final, open_) and self._decides(*below)

    def told(self, *, narrowed: bool) -> History:
        """What was found."""
        final = sorted(self._distances()[0], key=lambda it: it[0].version.precedence, reverse=True)
        nearest = sorted(final, key=lambda it: it[1])
        counted = counted_from(final, self.tags.rule)
        below = counted_from(filter(_is_below, final), self.tags.rule)
        return History(
            committed=int(self.said[0].partition(b"\x1f")[0]),
            commits=len(self.seen),
            tags=tuple((tag.name, distance) for tag, distance in nearest),
            changes=sum(place in self.touched for place in self._since(counted)),
            subjects=tuple(self._subjects(below, narrowed=narrowed)),
        )

    def _distances(self) -> tuple[list[tuple[VersionTag, int]], list[tuple[VersionTag, int]]]:
        """Tags that were met, less what is spent: those whose distance won't grow any more, and those that are open."""
        held = reduce(and_, self.ahead.values(), (1 << len(self.met)) - 1)
        self.sizes.update(islice(self.seen.values(), self.sizes.total(), None))
        inside = columns(self.sizes, len(self.met))
        found = {name: len(self.seen) - inside[bit] for name, bit in self.met.items()}
        usable = alive((read_tag(name, self.tags.rule), distance) for name, distance in found.items())
        sides: tuple[list[tuple[VersionTag, int]], list[tuple[VersionTag, int]]] = ([], [])
        for it in usable:
            sides[not held >> self.met[it[0].name] & 1].append(it)
        return sides

    def _decides(self, final: list[tuple[VersionTag, int]], open_: list[tuple[VersionTag, int]]) -> bool:
        rule, unmet = self.tags.rule, [it for it in self.tags.names if it not in self.met]
        if (best := counted_from(final, rule)) is None:
            return not (open_ or unmet)
        # An open tag gets farther, if anything. One that was not met is farther than all that was seen; only by its
        # height it may count, or by having released what the best only announces.
        others = list(open_)
        if rule.is_highest or best[0].is_marker:
            still = [read_tag(it, rule) for it in unmet]
            if best[0].is_marker and any(it.version == best[0].version for it in still):
                return False
            others += [(it, len(self.seen)) for it in still]
        return all(rank(*it, rule) <= rank(*best, rule) for it in others)

    def _since(self, tag: tuple[VersionTag, int] | None) -> Iterator[int]:
        """Places of commits that the tag has not."""
        bit = None if tag is None else self.met[tag[0].name]
        return (at for at, mine in enumerate(self.seen.values()) if bit is None or not mine >> bit & 1)

    def _subjects(self, below: tuple[VersionTag, int] | None, *, narrowed: bool) -> Iterator[str]:
        fresh = (at for at in self._since(below) if at in self.touched or not narrowed)
        for at in islice(fresh, _SUBJECTS):
            yield self.said[at].partition(b"\x1f")[2].rstrip(b"\n").decode("utf-8", "replace")


def _is_below(tag: tuple[VersionTag, int]) -> bool:
    return tag[1] > 0 and not tag[0].is_marker
