"""A cleanup, as it was told: what would go and what stays, then carried out, and ended half way."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.cleanup import (
    CleanupAnswer,
    CleanupExplained,
    CloseSweep,
    DeleteManifests,
    Doomed,
    KeptBecause,
    NoteSweep,
    SweptRow,
)
from paasctl.model.event import Answered, Ended, Outcome, Planned, Problem, Progress, Started
from support.telling import REPOSITORY, Story, planned, seconds

_DAY, _MIB = 86400.0, 1 << 20
_WEB = REPOSITORY.child("web")
_RULE = "runs nowhere, in no history, not among the newest 30 releases"


def _doomed(repository: object, digit: str, *tags: str) -> Doomed:
    return Doomed(at=repository.pinned(f"sha256:{digit * 64}"), tags=tags, why=_RULE)  # type: ignore[attr-defined]  # one


_RECORDS = (_doomed(REPOSITORY, "1", "1.1.0"), _doomed(REPOSITORY, "2", "1.0.0"))
_IMAGES = (_doomed(_WEB, "3", "1.1.0"), _doomed(_WEB, "4", "1.0.0"))
_PARTS = (_doomed(_WEB, "5"), _doomed(_WEB, "6"))

CLEANUP_ANSWER = CleanupAnswer(
    registry="prod",
    repository=str(REPOSITORY),
    going=(
        SweptRow(
            name="1.1.0",
            holds="release, 1 image, 1 more",
            manifests=3,
            age=92 * _DAY,
            bytes=212 * _MIB,
            because=_RULE,
        ),
        SweptRow(
            name="1.0.0",
            holds="release, 1 image, 1 more",
            manifests=3,
            age=120 * _DAY,
            bytes=1900 * _MIB,
            because=_RULE,
        ),
    ),
    staying=(
        SweptRow(
            name="1.4.0",
            holds="release, 2 images, 5 more",
            manifests=8,
            age=3600.0 * 5,
            bytes=230 * _MIB,
            because="eu: Deployment/web in shop-production names it; and 2 more",
        ),
        SweptRow(
            name="0.9.0",
            holds="1 image",
            manifests=1,
            age=400 * _DAY,
            bytes=80 * _MIB,
            because="us: CronJob/report in accounting names it",
        ),
        SweptRow(
            name="web:edge", holds="1 image", manifests=1, age=None, bytes=0, because="keep.others: edge is no version"
        ),
    ),
    doomed=(*_RECORDS, *_IMAGES, *_PARTS),
    held=16,
    frees=2112 * _MIB,
    roots=(("cluster eu", 41), ("cluster us", 1), ("history of production on eu", 20)),
    refused="that is more than 5 at once",
    saved="plan.json",
)
NOTHING_GOES = CleanupAnswer(
    registry="dev",
    repository=str(REPOSITORY),
    going=(),
    staying=CLEANUP_ANSWER.staying[:1],
    doomed=(),
    held=8,
    frees=0,
    roots=(),
)
EXPLAINED = CleanupExplained(
    registry="prod",
    asked="sbom",
    found=(
        KeptBecause(
            at=_WEB.pinned(f"sha256:{'7' * 64}"),
            tags=(),
            stays=True,
            chain=(
                "vouches for image web@sha256:888888888888",
                "part of index web@sha256:999999999999 (1.4.0)",
                "eu: Deployment/web in shop-production names it",
            ),
        ),
        KeptBecause(at=_RECORDS[0].at, tags=("1.1.0",), stays=False, chain=(_RULE,)),
    ),
)

_NOTE = NoteSweep(app="shop", repository=REPOSITORY, manifests=tuple(it.at for it in CLEANUP_ANSWER.doomed))
_DELETE = (
    DeleteManifests(repository=REPOSITORY, what="release record", manifests=_RECORDS),
    DeleteManifests(repository=_WEB, what="multi-platform image", manifests=_IMAGES),
    DeleteManifests(repository=_WEB, what="image", manifests=_PARTS),
)
_CLOSE = CloseSweep(repository=REPOSITORY, notes=())
_PLAN = planned(
    "cleanup",
    f"prod ({REPOSITORY})",
    (_NOTE,),
    *((it,) for it in _DELETE),
    (_CLOSE,),
    asks="it deletes 6 manifests",
)

CLEANUP_LOOK: Story = (
    *seconds(0, 1),
    Progress(None, f"reading {REPOSITORY}", 9, None, "manifests"),
    Progress(None, f"reading {REPOSITORY}", 16, None, "manifests"),
    *seconds(2, 3),
    Answered(CLEANUP_ANSWER),
    Outcome(status="answered", exit=Exit.OK, seconds=3.1),
)
CLEANUP: Story = (
    *seconds(0, 1),
    Planned(_PLAN),
    Started(0, _NOTE),
    Ended(0, _NOTE, 0.2),
    Started(1, _DELETE[0]),
    Progress(1, "release record", 2, 2, "manifests"),
    Ended(1, _DELETE[0], 0.1),
    Started(2, _DELETE[1]),
    Progress(2, "multi-platform image", 2, 2, "manifests"),
    Ended(2, _DELETE[1], 0.1),
    *seconds(2, 3),
    Outcome(
        status="failed",
        exit=Exit.UNAVAILABLE,
        verb="cleanup",
        subject=_PLAN.subject,
        done=(_NOTE, *_DELETE[:2]),
        left=(_DELETE[2], _CLOSE),
        problems=(
            Problem(
                code="unavailable",
                message=f"deleting {_PARTS[0].at}: the registry answers 503 Service Unavailable",
            ),
        ),
        facts=(("deleted", "4"),),
        seconds=3.2,
        again="paasctl cleanup prod --apply",
    ),
)
