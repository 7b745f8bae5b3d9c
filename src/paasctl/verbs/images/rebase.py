"""`image rebase`: the same image over another base, as after a hole in the base was mended. No layer is rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace

from paasctl.errors import Refused
from paasctl.model.between import FieldMoved, RebaseTo, Seen
from paasctl.model.event import Emit, Outcome
from paasctl.model.image import Platform, parse_reference
from paasctl.model.location import InRegistry, Location
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.oci.documents.bases import said_base
from paasctl.oci.documents.manifest import canonical, descriptor_json, digest_of
from paasctl.oci.documents.rebase import Documents, NewBase, Rebased, named, rebased, rebased_index
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.ending import ended
from paasctl.verbs.images.reading import Found, OneImage, find, kept_platform, located, wanted_platform, warn_of_twins
from paasctl.verbs.images.target import Goal, Named, check_free, find_goal

VERB = "image rebase"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebaseTyped:
    """What was typed."""

    source: str
    target: str = ""
    old_base: str = ""
    new_base: str = ""
    platform: str = ""
    move: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RebaseFacts:
    """The image, both bases, and what becomes of the fields that it has from the old one."""

    source: Location
    found: Found
    olds: tuple[Location, ...]
    """One for all images, or one for each."""
    new: Location
    news: Found
    goal: Goal
    images: tuple[Seen, ...]
    fields: tuple[FieldMoved, ...]
    is_same: bool
    """Whether the new base is the old one."""
    result: tuple[str, ...]
    """What the rebased image is called: its digest, and its configuration's."""
    platform: Platform | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRebase:
    """Put one image or index on another base."""

    asked: RebaseTyped
    _read: list[RebaseFacts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> RebaseFacts:
        """The documents of all three, once."""
        if not self._read:
            self._read.append(_facts(reads, self.asked, cancel))
            warn_of_twins(emit, self._read[0].found.source.name, self._read[0].found.twins)
        return self._read[0]

    def next(self, facts: RebaseFacts, rounds: Rounds) -> Plan:
        """One step; none where the base is the same and the image stays where it is."""
        now = facts.goal.now
        if rounds or (now and now.digest in facts.result) or (facts.is_same and facts.goal.location == facts.source):
            return NOTHING
        check_free(facts.goal, verb="rebasing")
        step = RebaseTo(
            source=facts.source,
            destination=facts.goal.location,
            root=facts.found.root,
            old_bases=facts.olds,
            new_base=facts.new,
            new_root=facts.news.root,
            images=facts.images,
            fields=facts.fields,
            platform=facts.platform,
            move=facts.goal.move,
        )
        return Plan(verb=VERB, subject=_subject(facts), stages=((step,),))

    def end(self, rounds: Rounds) -> Outcome:
        """What lies there now."""
        return ended(VERB, _subject(self._read[0]), rounds, self._read[0].goal.now)


def _facts(reads: Reads, asked: RebaseTyped, cancel: Cancel) -> RebaseFacts:
    source, platform = located(asked.source, "SRC"), wanted_platform(asked.platform)
    place = reads.source(source)
    if asked.target and platform is None:
        platform = kept_platform(reads, located(asked.target, "DST"), place)
    found = find(place, platform)
    goal = find_goal(reads, found, source, Named(asked.target, "rebasing", move=asked.move))
    places, new = _bases(found, asked)
    cancel.check()
    every = places if len(places) > 1 else places * len(found.images)
    olds, news = (
        tuple(find(reads.source(it), one.platform).images[0] for it, one in zip(bases, found.images, strict=True))
        for bases in (every, (new,) * len(found.images))
    )
    made = [
        rebased(_documents(one), _documents(below), _documents(above), named(new, above.descriptor.digest), place.name)
        for one, below, above in zip(found.images, olds, news, strict=True)
    ]
    moved = tuple(
        FieldMoved(platform=str(one.platform), name=it.name, before=it.before, after=it.after)
        for one, result in zip(found.images, made, strict=True)
        for it in result.moved
    )
    return RebaseFacts(
        source=source,
        found=found,
        olds=places,
        new=new,
        news=find(reads.source(new)),
        goal=goal,
        images=tuple(map(_seen, found.images, olds)),
        fields=moved,
        result=_result(found, made, None if platform else named(new, reads.source(new).root().digest)),
        is_same=list(map(_inherited, olds)) == list(map(_inherited, news)),
        platform=platform,
    )


def _bases(found: Found, asked: RebaseTyped) -> tuple[tuple[Location, ...], Location]:
    """The old base as the image was built on it, the new one as its name is now, where they were not said."""
    claims = list(_claims(found))
    first = next(filter(None, claims), None)
    if not asked.old_base and first is None:
        raise Refused(
            f"rebasing {found.source.name}: nothing tells what base it stands on",
            hint="--old-base REF, by the digest that it was built on",
            code="base-unknown",
        )
    if not asked.new_base and first is None:
        raise Refused(f"rebasing {found.source.name}: nothing tells the new base", hint="--new-base REF")
    said = (located(asked.old_base, "--old-base"),) if asked.old_base else ()
    olds = said or tuple(mine[0] for it in claims if (mine := it or first))
    new = located(asked.new_base, "--new-base") if asked.new_base or first is None else first[1]
    return (olds[:1] if len(set(olds)) == 1 else olds), new


def _claims(found: Found) -> Iterator[tuple[Location, Location] | None]:
    """Of each image (by its digest, by its name), as annotations or labels say; None: they name none one could have."""
    for it in found.images:
        claim = said_base(it.manifest, found.index, it.config)
        try:
            yield (_named(claim.reference), _named(claim.name)) if claim and claim.name else None
        except ValueError:
            yield None


def _named(reference: str) -> Location:
    """What an image says leads to registries only, and to no file of ours."""
    return InRegistry(parse_reference(reference))


def _result(found: Found, made: list[Rebased], base: NewBase | None) -> tuple[str, ...]:
    """What the result will be called. `base` is that of an index as a whole."""
    if not found.index or base is None:
        return digest_of(made[0].manifest), digest_of(made[0].config)
    children = {
        one.descriptor.digest: descriptor_json(
            replace(one.descriptor, media_type=it.media_type, digest=digest_of(it.manifest), size=len(it.manifest))
        )
        for one, it in zip(found.images, made, strict=True)
    }
    return (digest_of(canonical(rebased_index(found.index, children, base))),)


def _inherited(base: OneImage) -> tuple[object, ...]:
    """What of a base is found in the images that stand on it: its files, and how they are run."""
    return base.diff_ids, base.config.get("config")


def _documents(image: OneImage) -> Documents:
    return Documents(image.manifest, image.config)


def _seen(image: OneImage, base: OneImage) -> Seen:
    return Seen(
        platform=str(image.platform),
        layers=len(image.layers),
        bytes=image.size,
        kept=len(base.layers),
        kept_bytes=base.size,
    )


def _subject(facts: RebaseFacts) -> str:
    onto = f"onto {facts.new}"
    if facts.goal.location == facts.source:
        return f"{facts.source} {onto}"
    return f"{facts.source} {onto} to {facts.goal.location}"
