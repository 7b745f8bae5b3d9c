"""`image copy`: the same image elsewhere, digest for digest, with everything that vouches for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import field

from paasctl.errors import UsageError
from paasctl.model.between import CopyTo, Seen
from paasctl.model.copied import CopyPlan
from paasctl.model.event import Emit, Outcome
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import Location
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.manifest import Json
from paasctl.oci.documents.saved import image_ids
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.closure import look_over
from paasctl.verbs.images.ending import ended
from paasctl.verbs.images.reading import fits, kept_platform, located, wanted_platform, warn_of_twins
from paasctl.verbs.images.target import Goal, check_free, check_name

VERB = "image copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTyped:
    """What was typed."""

    source: str
    target: str
    platform: str = ""
    referrers: bool = True
    move: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What lies there, and what lies where it goes."""

    source: Location
    target: Location
    root: Descriptor
    images: tuple[Seen, ...]
    plan: CopyPlan
    goal: Goal
    platform: Platform | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCopy:
    """Copy one image or index."""

    asked: CopyTyped
    _read: list[CopyFacts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> CopyFacts:
        """All its manifests, and what is where it goes, once."""
        if not self._read:
            self._read.append(_facts(reads, self.asked, emit, cancel))
        return self._read[0]

    def next(self, facts: CopyFacts, rounds: Rounds) -> Plan:
        """One step. An image that is there already is looked at again: what vouches for it may have been added."""
        if rounds:
            return NOTHING
        check_free(facts.goal, verb="copying")
        step = CopyTo(
            source=facts.source,
            destination=facts.target,
            root=facts.root,
            platform=facts.platform,
            referrers=self.asked.referrers,
            images=facts.images,
            plan=facts.plan,
            move=self.asked.move,
        )
        return Plan(verb=VERB, subject=f"{facts.source} to {facts.target}", stages=((step,),))

    def end(self, rounds: Rounds) -> Outcome:
        """What lies there now, and what it took."""
        return ended(VERB, f"{self._read[0].source} to {self._read[0].target}", rounds)


def _facts(reads: Reads, asked: CopyTyped, emit: Emit, cancel: Cancel) -> CopyFacts:
    source, target = located(asked.source, "SRC"), located(asked.target, "DST")
    check_name(target, "copying")
    if source == target:
        raise UsageError(f"copying {source}: it is there already", hint="name another place as DST")
    platform = wanted_platform(asked.platform)
    place = reads.source(source)
    root = place.root()
    document = documents.parse_document(place.read(root), place.name)
    platform = platform or kept_platform(reads, target, place)
    chosen = documents.choose(document, platform, place.name) if platform and _is_index(root) else root
    wanted = chosen or root
    if platform and _is_index(root):
        listed = [documents.descriptor_from(it, place.name) for it in document.get("manifests") or ()]
        warn_of_twins(emit, place.name, fits(listed, platform))
    return CopyFacts(
        source=source,
        target=target,
        root=root,
        images=tuple(_seen(root, document, platform)),
        plan=look_over(place, reads.place(target), wanted, referrers=asked.referrers, cancel=cancel),
        goal=Goal(target, _another(reads, target, image_ids(wanted, place.read(wanted))), asked.move),
        platform=platform,
    )


def _another(reads: Reads, target: Location, ids: Collection[str]) -> Descriptor | None:
    """What else has that name; None: nothing has it, or this image, by one of its ids."""
    now = reads.current(target)
    return None if now is None or now.digest in ids else now


def _is_index(root: Descriptor) -> bool:
    return documents.is_index(root.media_type)


def _seen(root: Descriptor, document: Json, platform: Platform | None) -> Iterator[Seen]:
    """What the one document tells that was read; the others are read while they are copied."""
    if not _is_index(root):
        layers = [documents.descriptor_from(it, root.digest) for it in document.get("layers") or ()]
        yield Seen(platform=str(root.platform or ""), layers=len(layers), bytes=sum(it.size for it in layers))
        return
    for said in document.get("manifests") or ():
        child = documents.descriptor_from(said, root.digest)
        if child.platform is None or documents.is_attestation(child):
            continue
        if platform is None or documents.same_platform(child.platform, platform):
            yield Seen(platform=str(child.platform), layers=0, bytes=0)
