"""Decide what a promotion moves: the closure of a release, by digest, and its names last.

For each name at the goal: it is absent: copy; it is this very digest: nothing to do; it is another digest: refused, a
name never moves. Order: all that has no name, the note of who promoted it, names of images, and the record's name very
last, so that what can be found by name is whole. What an earlier run has done is a fact: running again is finishing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from paasctl.errors import Refused, WouldClobber
from paasctl.model.copied import CopyPlan
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.location import InArchive
from paasctl.model.plan import Plan, Stage, TagImage
from paasctl.model.promoting import Brings, CarryOver, Gate, NotePromotion, Statement, Stop, TagRecord
from paasctl.model.release import Release
from paasctl.planning.promotion.gates import check_gates
from paasctl.planning.promotion.standing import check_not_rejected
from paasctl.planning.promotion.vouching import Vouched
from paasctl.values import dataclass

VERB = "promote"
SNAPSHOT = "snapshot-not-promotable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """One image, or the record: where it lies, where it goes, and what its name is there."""

    name: str
    source: Pinned
    repository: Repository
    plan: CopyPlan | None
    """What becomes of its parts; None: proved to be missing where it comes from."""
    there: str
    """The digest that its name is on where it goes; empty: proved absent."""
    place: InArchive | None = None
    """The file that it is in; None: it is where `source` says."""
    own_tag: str = ""
    """What names it where it goes; "": the version, as all images that the release makes."""
    vouched: Vouched | None = None
    """What vouches for it; None: nobody requires anything, or it is missing."""

    @property
    def is_outside(self) -> bool:
        """Whether the release runs it and does not make it."""
        return bool(self.own_tag)

    @property
    def found(self) -> bool:
        """Whether manifests of it are there already."""
        return self.plan is not None and any(it.doing == "exists" and not it.is_blob for it in self.plan.objects)

    @property
    def carried(self) -> bool:
        """Whether anything of it is still to be moved."""
        return self.plan is not None and any(it.doing in ("mount", "stream") for it in self.plan.objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionFacts:
    """One release on its way, as things are now."""

    release: Release
    record: Descriptor
    moving: tuple[Moving, ...]
    """The images, and the record last, which has no name."""
    tag: str
    origin: Stop
    goal: Stop
    noted: bool
    """Whether it is written down at the goal that it was promoted to there."""
    reason: str = ""
    brings: tuple[Brings, ...] = ()
    said: tuple[Statement, ...] = ()
    """What was said of it, at either end."""
    gates: tuple[Gate, ...] = ()
    """Those of the goal."""
    again: Mapping[str, str] = field(default_factory=dict)
    """Environment whose deploys are said elsewhere -> the command that brings here what was said."""


Stages = tuple[Stage, ...]


def promotion_stages(facts: PromotionFacts) -> Stages:
    """What is missing, in order; nothing: it is there, whole. `Refused` where it may not be, or cannot be whole."""
    _check(facts)
    version = facts.release.version
    *images, record = facts.moving
    carried = tuple(_carry(it, facts) for it in facts.moving if it.carried)
    tags = tuple(
        TagImage(
            name=it.name,
            repository=it.repository,
            tag=it.own_tag or facts.tag,
            pinned=it.repository.pinned(it.source.digest),
        )
        for it in images
        if not it.there
    )
    note = NotePromotion(
        app=facts.release.app,
        version=version,
        tag=facts.tag,
        commit=facts.release.commit,
        record=facts.record,
        origin=facts.origin,
        goal=facts.goal,
        reason=facts.reason,
        gates=facts.gates,
    )
    named = TagRecord(
        version=version,
        repository=facts.goal.repository,
        tag=facts.tag,
        record=facts.record,
        images=tuple((it.name, it.repository.pinned(it.source.digest)) for it in images if not it.is_outside),
        outside=tuple(it.repository.pinned(it.source.digest) for it in images if it.is_outside),
        origin=None if record.place else record.source.repository,
        skipped=tuple(_carry(it, facts) for it in facts.moving if it.found),
        brings=facts.brings,
    )
    stages: tuple[Stage, ...] = (carried, () if facts.noted else (note,), tags, () if record.there else (named,))
    return tuple(stage for stage in stages if stage)


def promotion_plan(stages: tuple[tuple[str, Stages], ...], goal: Stop, verb: str = VERB) -> Plan:
    """One plan for several versions, one after the other."""
    doing = [version for version, them in stages if them]
    subject = doing[0] if len(doing) == 1 else count(len(doing), "version")
    every = tuple(stage for _, them in stages for stage in them)
    return Plan(verb=verb, subject=f"{subject} to {goal.name}", stages=every, goal=goal.name)


def _carry(it: Moving, facts: PromotionFacts) -> CarryOver:
    assert it.plan is not None  # noqa: S101 - `carried` and `found` say so
    return CarryOver(
        version=facts.release.version,
        name=it.name,
        source=it.source,
        place=it.place,
        repository=it.repository,
        tag=it.own_tag or facts.tag,
        plan=it.plan,
    )


def check_promotable(release: Release, goal: Stop) -> None:
    """`Refused` where it is a snapshot: what a checkout gave, perhaps a dirty one, nobody can make again."""
    check_settled(release, f"promoting {release.version} to {goal.name}")


def check_settled(release: Release, head: str) -> None:
    """The same. `head`: what is about to be done."""
    if release.snapshot:
        raise Refused(
            f"{head}: it is a snapshot, and those stay where they were made",
            hint="commit, then paasctl release   makes a version that can be promoted",
            code=SNAPSHOT,
        )


def _check(facts: PromotionFacts) -> None:
    check_promotable(facts.release, facts.goal)
    head = f"promoting {facts.release.version} to {facts.goal.name}"
    check_not_rejected(facts.said, facts.release.version, head)
    if lost := [it for it in facts.moving if it.plan is None]:
        raise Refused(
            f"{head}: {_names(lost)} {'is' if len(lost) == 1 else 'are'} missing at {facts.origin}",
            hint="nothing was written; whatever swept that registry took a part of a release",
            evidence=tuple(f"{it.source}: not there, or not whole" for it in lost),
            code="image-not-found",
        )
    if taken := [it for it in facts.moving if it.there not in ("", it.source.digest)]:
        raise WouldClobber(
            f"{head}: under that name something else is there already, for {_names(taken)}",
            hint="promote another version: a name that somebody may have pulled is never moved",
            evidence=tuple(
                f"{it.repository}:{it.own_tag or facts.tag} is {it.there}, not {it.source.digest}" for it in taken
            ),
            code="tag-taken",
        )
    if not facts.moving[-1].there:  # what is there already is completed, whatever became of the rules since
        check_gates(facts.gates, facts.release.version, head, facts.again)


def _names(them: list[Moving]) -> str:
    return ", ".join(f"image {it.name}" if it.name else "the release record" for it in them)
