"""`image squash`: what lies somewhere becomes few layers there, or somewhere else. Any image; no project needed."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from paasctl.errors import Refused, UsageError
from paasctl.model.between import Seen, SquashTo
from paasctl.model.event import Emit, Outcome
from paasctl.model.location import InEngine, Location
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.model.squashing import SquashWish, Wanted
from paasctl.oci.documents.bases import counted
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.base import Cut, find_cut
from paasctl.verbs.images.ending import ended
from paasctl.verbs.images.reading import Found, OneImage, find, kept_platform, located, wanted_platform, warn_of_twins
from paasctl.verbs.images.target import Goal, Named, check_free, find_goal

_LAST = "253402300799"
"""The last second that RFC 3339 has a date for."""
VERB = "image squash"


@dataclass(frozen=True, slots=True, kw_only=True)
class SquashTyped:
    """What was typed."""

    source: str
    target: str = ""
    layers: str = "auto"
    keep_base: bool = True
    base: str = ""
    previous: str = ""
    packing: Literal["gzip", "zstd", "keep"] = "keep"
    drop_history: bool = False
    platform: str = ""
    verify: bool = True
    move: bool = False

    @property
    def wanted(self) -> Wanted:
        """How many layers. `UsageError` where it is neither a number nor `auto`."""
        if self.layers == "auto":
            return "auto"
        if wanted := counted(self.layers):
            return wanted
        raise UsageError(f"reading --layers: {self.layers!r} is no number of layers", hint="--layers 1, --layers auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class SquashFacts:
    """What lies there, where its base ends, and what lies where it goes."""

    source: Location
    found: Found
    cuts: tuple[Cut, ...]
    goal: Goal
    wish: SquashWish
    previous: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSquash:
    """Squash one image or index."""

    asked: SquashTyped
    _read: list[SquashFacts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> SquashFacts:
        """The image's documents, its base's, and the name it gets. Once: what was written tells no more of it."""
        if not self._read:
            self._read.append(_facts(reads, self.asked, cancel))
            warn_of_twins(emit, self._read[0].found.source.name, self._read[0].found.twins)
        return self._read[0]

    def next(self, facts: SquashFacts, rounds: Rounds) -> Plan:
        """One step; none where the image is as it should be already, and stays where it is."""
        if rounds or _is_done(facts):
            return NOTHING
        check_free(facts.goal, verb="squashing")
        step = SquashTo(
            source=facts.source,
            destination=facts.goal.location,
            root=facts.found.root,
            wish=facts.wish,
            images=tuple(map(_seen, facts.found.images, facts.cuts)),
            base=facts.cuts[0].by if facts.cuts else "",
            previous=facts.previous,
            move=facts.goal.move,
        )
        return Plan(verb=VERB, subject=_subject(facts), stages=((step,),))

    def end(self, rounds: Rounds) -> Outcome:
        """What lies there now."""
        return ended(VERB, _subject(self._read[0]), rounds, self._read[0].goal.now)


def _facts(reads: Reads, asked: SquashTyped, cancel: Cancel) -> SquashFacts:
    source, platform, wanted = located(asked.source, "SRC"), wanted_platform(asked.platform), asked.wanted
    if asked.base and not asked.keep_base:
        raise UsageError("squashing with --base and --all: the one keeps the base, the other squashes it, too")
    previous = located(asked.previous, "--previous") if asked.previous else None
    place = reads.source(source)
    if asked.target and platform is None:
        platform = kept_platform(reads, located(asked.target, "DST"), place)
    found = find(place, platform)
    cancel.check()
    goal = find_goal(reads, found, source, Named(asked.target, "squashing", move=asked.move))
    cuts = tuple(find_cut(reads, found, it, asked.base) if asked.keep_base else Cut(0, "--all") for it in found.images)
    wish = SquashWish(
        layers=wanted,
        base="keep" if asked.keep_base else "squash",
        base_layers=_one(cuts, found) if asked.keep_base else None,
        packing="none" if asked.packing == "keep" and isinstance(goal.location, InEngine) else asked.packing,
        drop_history=asked.drop_history,
        platform=platform,
        verify=asked.verify,
        epoch=_epoch(reads),
    )
    return SquashFacts(source=source, found=found, cuts=cuts, goal=goal, wish=wish, previous=previous)


def _one(cuts: tuple[Cut, ...], found: Found) -> int:
    """The depth of the base, which must be one for all platforms."""
    if len({it.layers for it in cuts}) > 1:
        listed = ", ".join(f"{it.platform}: {cut.layers}" for it, cut in zip(found.images, cuts, strict=True))
        raise Refused(
            f"squashing {found.source.name}: its platforms stand on bases of different depth ({listed})",
            hint="squash them one by one with --platform, or all of it with --all",
            code="base-unknown",
        )
    return cuts[0].layers if cuts else 0


def _epoch(reads: Reads) -> int | None:
    said = reads.secrets.environ().get("SOURCE_DATE_EPOCH", "")
    if said and not (said.isdecimal() and len(said) <= len(_LAST) and int(said) <= int(_LAST)):
        raise UsageError(f"reading SOURCE_DATE_EPOCH: {said!r} is no number of seconds", hint="date +%s")
    return int(said) if said else None


def _is_done(facts: SquashFacts) -> bool:
    """Whether nothing would change: one layer above the base at most, nothing else asked for, and it is there."""
    wish, now = facts.wish, facts.goal.now
    above = max(
        (len(it.layers) - cut.layers for it, cut in zip(facts.found.images, facts.cuts, strict=True)), default=0
    )
    is_one = wish.platform is not None and bool(facts.found.index)
    same = facts.found.images[0].descriptor if is_one else facts.found.root
    other = wish.drop_history or wish.packing in ("gzip", "zstd")
    return above <= 1 and not other and now is not None and now.digest == same.digest


def _seen(image: OneImage, cut: Cut) -> Seen:
    kept_bytes = sum(it.size for it in image.layers[: cut.layers])
    return Seen(
        platform=str(image.platform),
        layers=len(image.layers),
        bytes=image.size,
        kept=cut.layers,
        kept_bytes=kept_bytes,
    )


def _subject(facts: SquashFacts) -> str:
    return str(facts.source) if facts.goal.location == facts.source else f"{facts.source} to {facts.goal.location}"
