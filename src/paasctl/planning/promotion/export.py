"""Decide whether a release is written into a file: it may leave, it is whole, and the name is free. Pure."""

from __future__ import annotations

from typing import Literal

from paasctl.errors import Refused, WouldClobber
from paasctl.model.boxing import ExportRelease, Packed, Piece
from paasctl.model.image import Pinned
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.promoting import Statement, Stop
from paasctl.model.release import Release
from paasctl.planning.promotion.decide import check_settled
from paasctl.planning.promotion.standing import check_not_rejected
from paasctl.values import dataclass

VERB = "release export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """A release where it lies, as it would lie in the file, and what has the file's name."""

    release: Release
    record: Pinned
    origin: Stop
    file: str
    there: Literal["absent", "same", "other"]
    """What is under that name: nothing, this very release to the last byte, or something else."""
    parts: tuple[Packed, ...]
    pieces: tuple[Piece, ...]
    size: int
    said: tuple[Statement, ...] = ()
    lost: tuple[Pinned, ...] = ()
    """What the record names and the registry has not: proved."""


def plan_export(facts: ExportFacts) -> Plan:
    """One step, or none where the file is there. `Refused` where the release may not leave, or is not whole."""
    version = facts.release.version
    head = f"exporting {version} from {facts.origin.name}"
    check_settled(facts.release, head)
    check_not_rejected(facts.said, version, head)
    if facts.lost:
        raise Refused(
            f"{head}: {len(facts.lost)} of its images {'is' if len(facts.lost) == 1 else 'are'} missing there",
            hint="nothing was written; whatever swept that registry took a part of a release",
            evidence=tuple(f"{it}: not there, or not whole" for it in facts.lost),
            code="image-not-found",
        )
    if facts.there == "same":
        return NOTHING
    if facts.there == "other":
        raise WouldClobber(
            f"{head}: {facts.file} is there already, and is not this release as it is now",
            hint="name another file; or remove that one",
            code="file-exists",
        )
    step = ExportRelease(
        version=version,
        origin=facts.origin,
        file=facts.file,
        size=facts.size,
        parts=facts.parts,
        pieces=facts.pieces,
    )
    return Plan(verb=VERB, subject=f"{version} to {facts.file}", stages=((step,),))
