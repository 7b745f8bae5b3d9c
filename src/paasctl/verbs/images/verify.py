"""`image verify --same-tree`: the proof that a container sees the same files in two images, platform by platform."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Exit, UsageError
from paasctl.model.event import Emit, Noted
from paasctl.model.image import Platform
from paasctl.model.imageanswer import PlatformVerified, VerifyAnswer
from paasctl.oci.documents.manifest import same_platform
from paasctl.oci.report.treediff import tree_changes
from paasctl.oci.tree.proof import differences, listing
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.indexing import Indexing
from paasctl.verbs.images.reading import Found, OneImage, find, located, wanted_platform, warn_of_twins


@dataclass(frozen=True, slots=True, kw_only=True)
class AskVerify:
    """Whether `after` is the same as `before` in what was asked for."""

    before: str
    after: str
    same_tree: bool = False
    platform: str = ""
    limit: int = 20

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[VerifyAnswer, Exit]:
        """Every byte is read and checked: nothing that an earlier run remembers counts. Exit 1 where they differ."""
        if not self.same_tree:
            raise UsageError(
                "image verify: nothing was named that should be verified",
                hint=f"paasctl image verify --same-tree {self.before} {self.after}",
            )
        platform = wanted_platform(self.platform)
        old = find(reads.source(located(self.before, "A")), platform)
        new = find(reads.source(located(self.after, "B")), platform)
        for it in (old, new):
            warn_of_twins(emit, it.source.name, it.twins)
        emit(Noted(f"reading every layer of {old.source.name} and {new.source.name}"))
        work = _Work(Indexing(reads, cancel), old, new, self.limit)
        platforms = tuple(work.compared(platform is None))
        same = not any(it.different for it in platforms)
        answer = VerifyAnswer(before=old.source.name, after=new.source.name, same=same, platforms=platforms)
        return answer, Exit.OK if same else Exit.FAILED


@dataclass(frozen=True, slots=True)
class _Work:
    indexing: Indexing
    old: Found
    new: Found
    limit: int

    def compared(self, pairwise: bool) -> Iterator[PlatformVerified]:
        """One for each platform of either. Two single images are compared, whatever they say they run on."""
        if pairwise and not (self.old.index or self.new.index):
            yield self._one(self.old.images[0], self.new.images[0])
            return
        for one in self.old.images:
            other = _for(self.new, one.platform)
            yield self._one(one, other) if other else self._alone(self.old, one)
        for other in self.new.images:
            if not _for(self.old, other.platform):
                yield self._alone(self.new, other)

    def _one(self, one: OneImage, other: OneImage) -> PlatformVerified:
        before, after = self.indexing.stack(self.old, one).top, self.indexing.stack(self.new, other).top
        entries = sum(1 for _ in listing(before))
        first = differences(before, after, self.limit)
        different = sum(1 for _ in tree_changes(before, after)) if first else 0
        told = f"{one.platform}" if same_platform(one.platform, other.platform) else f"{one.platform}, {other.platform}"
        return PlatformVerified(platform=told, entries=entries, different=different, first=tuple(first))

    def _alone(self, there: Found, image: OneImage) -> PlatformVerified:
        said = f"only {there.source.name} has it"
        return PlatformVerified(platform=str(image.platform), entries=0, different=1, first=(said,))


def _for(found: Found, platform: Platform) -> OneImage | None:
    return next((it for it in found.images if same_platform(it.platform, platform)), None)
