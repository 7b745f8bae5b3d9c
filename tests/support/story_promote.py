"""Promotions, as they were told: one release to the next registry, and several of which one may not go."""

from __future__ import annotations

from dataclasses import replace

from paasctl.errors import Exit
from paasctl.model.approving import Approve, SigningWith
from paasctl.model.copied import CopyObject, CopyPlan
from paasctl.model.event import Ended, Noted, Outcome, Planned, Problem, Progress, Started, Warned
from paasctl.model.image import Descriptor, Repository
from paasctl.model.plan import TagImage
from paasctl.model.promoting import (
    Attest,
    Became,
    Brings,
    CarryOver,
    FileDiffers,
    Gate,
    NotePromotion,
    Spot,
    Stop,
    TagRecord,
)
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST
from support.telling import COMMIT, REPOSITORY, Story, planned, seconds

_MIB = 1 << 20
_RC = Stop(name="rc", repository=Repository.parse("registry.example/shop-rc"))
_DEV = Stop(name="dev", repository=REPOSITORY)
_RECORD = Descriptor(OCI_MANIFEST, f"sha256:{'d' * 64}", 912)
_WEB = REPOSITORY.child("web").pinned(f"sha256:{'b' * 64}")


def _layer(digit: str, size: int, doing: str) -> CopyObject:
    return CopyObject(what="layer", descriptor=Descriptor(OCI_LAYER, f"sha256:{digit * 64}", size), doing=doing)  # type: ignore[arg-type]  # one of its words


_CARRIES = (
    CarryOver(
        version="1.2.4",
        name="web",
        source=_WEB,
        repository=_RC.repository.child("web"),
        tag="1.2.4",
        plan=CopyPlan(
            objects=(
                _layer("1", 30 * _MIB, "exists"),
                _layer("2", 3 * _MIB, "stream"),
                CopyObject(
                    what="configuration", descriptor=Descriptor(OCI_CONFIG, f"sha256:{'4' * 64}", 5120), doing="stream"
                ),
                CopyObject(
                    what="image", descriptor=Descriptor(OCI_MANIFEST, f"sha256:{'b' * 64}", 858), doing="stream"
                ),
            )
        ),
    ),
    CarryOver(
        version="1.2.4",
        name="",
        source=REPOSITORY.pinned(_RECORD.digest),
        repository=_RC.repository,
        tag="1.2.4",
        plan=CopyPlan(
            objects=(
                _layer("5", 2048, "mount"),
                CopyObject(what="image", descriptor=_RECORD, doing="stream"),
            ),
            left=("a layer may not be distributed: it stays where it is",),
        ),
    ),
)
_NOTE = NotePromotion(
    app="shop",
    version="1.2.4",
    tag="1.2.4",
    commit=COMMIT,
    record=_RECORD,
    origin=_DEV,
    goal=_RC,
    reason="what June brings",
    gates=(
        Gate(name="after", of="dev", state="open", why="it runs well there since 2026-11-30T08:00:00Z"),
        Gate(name="requires", of="signature", state="overridden", why="none is beside image web"),
        Gate(name="approvals", of="showcase", state="open", why="2 of 2 approvals (anna, bob)"),
    ),
)
_TAG = TagImage(
    name="web",
    repository=_RC.repository.child("web"),
    tag="1.2.4",
    pinned=_RC.repository.child("web").pinned(_WEB.digest),
)
_EU, _US, _ASIA = (Spot(environment="showcase", cluster=it) for it in ("eu", "us", "asia"))
_NAME = TagRecord(
    version="1.2.4",
    repository=_RC.repository,
    tag="1.2.4",
    record=_RECORD,
    images=(("web", _RC.repository.child("web").pinned(_WEB.digest)),),
    brings=(
        Brings(
            since="1.2.2",
            at=(_EU, Spot(environment="demo", cluster="staging")),
            commits=("feat: faster search", "fix: a basket may be empty"),
            changelog=(
                ("Features", ("faster search (4f6a1c0)",)),
                ("Fixes", ("a basket may be empty (9d8e7f6)",)),
            ),
            images=("web",),
            files=(
                FileDiffers(path="config/app.ini", how="added"),
                FileDiffers(path="paas.yaml", how="changed", lines=("-   replicas: 2", "+   replicas: 3")),
            ),
        ),
        Brings(since="1.3.0", at=(_US,), back=True, commits=("feat: gift cards",), images=("web",)),
        Brings(since="", at=(_ASIA,), unknown="reading namespace shop-showcase: https://asia does not answer"),
    ),
)
PROMOTE_PLAN = planned("promote", "1.2.4 to rc", _CARRIES, (_NOTE,), (_TAG,), (_NAME,))
_COUNTS = {
    "blobs.there": "1",
    "blobs.mounted": "1",
    "blobs.sent": "2",
    "bytes.sent": str(3 * _MIB + 5120),
    "manifests": "2",
    "vouchers": "0",
}

PROMOTE: Story = (
    *seconds(0, 1),
    Planned(PROMOTE_PLAN),
    Started(0, _CARRIES[0]),
    Started(1, _CARRIES[1]),
    Progress(0, "web", _MIB, 3 * _MIB, "bytes"),
    *seconds(1, 3),
    Ended(1, _CARRIES[1], 0.2),
    Ended(0, _CARRIES[0], 1.9),
    Started(2, _NOTE),
    Ended(2, _NOTE, 0.1),
    Started(3, _TAG),
    Ended(3, _TAG, 0.1),
    Started(4, _NAME),
    Ended(4, _NAME, 0.1),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="promote",
        subject="1.2.4 to rc",
        done=PROMOTE_PLAN.steps,
        facts=(
            ("version", "1.2.4"),
            ("record", f"{_RC.repository}@{_RECORD.digest}"),
            ("image.web", f"{_RC.repository}/web@{_WEB.digest}"),
            *_COUNTS.items(),
        ),
        seconds=2.4,
    ),
)
_REFUSED = Problem(
    code="tag-taken",
    message="promoting 1.2.3 to rc: under that name something else is there already, for the release record",
    hint="promote another version: a name that somebody may have pulled is never moved",
    evidence=(f"{_RC.repository}:1.2.3 is sha256:{'e' * 64}, not sha256:{'f' * 64}",),
)
PROMOTE_SEVERAL: Story = (
    *seconds(0, 1),
    Warned(_REFUSED.message, hint=_REFUSED.hint),
    Planned(PROMOTE_PLAN),
    *(it for at, step in enumerate(PROMOTE_PLAN.steps) for it in (Started(at, step), Ended(at, step, 0.1))),
    Outcome(
        status="failed",
        exit=Exit.FAILED,
        verb="promote",
        subject="3 versions to rc",
        done=PROMOTE_PLAN.steps,
        problems=(_REFUSED,),
        rows=(
            Became(version="1.2.2", goal="rc", origin="dev", state="nothing to do"),
            Became(version="1.2.3", goal="rc", origin="dev", state="refused", exit=Exit.REFUSED, code="tag-taken"),
            Became(version="1.2.4", goal="rc", origin="dev", state="promoted"),
        ),
        facts=(
            ("version.1.2.2", "nothing to do"),
            ("version.1.2.3", "refused: tag-taken"),
            ("version.1.2.4", "promoted"),
            *_COUNTS.items(),
        ),
        seconds=2.4,
    ),
)
PROMOTE_ALONG: Story = (
    Noted("goal 1 of 3: rc, from dev"),
    *seconds(0, 1),
    Planned(PROMOTE_PLAN),
    *(it for at, step in enumerate(PROMOTE_PLAN.steps) for it in (Started(at, step), Ended(at, step, 0.1))),
    Noted("goal 2 of 3: eu, from rc"),
    Warned(_REFUSED.message.replace("1.2.3 to rc", "1.2.4 to eu"), hint=_REFUSED.hint),
    Planned(planned("promote", "0 versions to eu")),
    Noted("goal 3 of 3: us, from eu"),
    Warned("promoting 1.2.4 to us: it did not reach eu (tag-taken)"),
    Outcome(
        status="failed",
        exit=Exit.FAILED,
        verb="promote",
        subject="1.2.4 to rc, eu, us",
        done=PROMOTE_PLAN.steps,
        problems=(replace(_REFUSED, message=_REFUSED.message.replace("1.2.3 to rc", "1.2.4 to eu")),),
        rows=(
            Became(version="1.2.4", goal="rc", origin="dev", state="promoted"),
            Became(version="1.2.4", goal="eu", origin="rc", state="refused", exit=Exit.REFUSED, code="tag-taken"),
            Became(
                version="1.2.4",
                goal="us",
                origin="eu",
                state="refused",
                exit=Exit.REFUSED,
                code="tag-taken",
                after="eu",
                because="it did not reach eu",
            ),
        ),
        facts=(("version", "1.2.4"), ("record.rc", f"{_RC.repository}@{_RECORD.digest}"), *_COUNTS.items()),
        seconds=2.4,
    ),
)
_SAYING = Attest(
    version="1.2.4",
    word="rejected",
    repository=_RC.repository,
    tag="1.2.4",
    record=_RECORD,
    reason="loses baskets",
)
_REJECT = planned("reject", "1.2.4", (_SAYING,))
REJECT: Story = (
    Planned(_REJECT),
    Started(0, _SAYING),
    Ended(0, _SAYING, 0.1),
    Outcome(status="done", exit=Exit.OK, verb="reject", subject="1.2.4", done=_REJECT.steps, seconds=0.3),
)
_APPROVAL = Approve(
    version="1.2.4",
    voice="approved",
    environments=("production",),
    by="Anna Ø",
    key=SigningWith(
        fingerprint="SHA256:uT8sWQ0z4m9rXxv1oWZbq6m2mJkq0yq7o1bq0d3l5fE", key="/home/anna/.ssh/id_ed25519", source="git"
    ),
    repository=_RC.repository,
    tag="1.2.4",
    record=_RECORD,
    reason="tried it on showcase",
)
_APPROVING = planned("approve", "1.2.4 for production", (_APPROVAL,))
APPROVE: Story = (
    Noted("1.2.4 for production: 0 of 2 approvals, missing 2: Anna Ø or bob may"),
    Planned(_APPROVING),
    Started(0, _APPROVAL),
    Ended(0, _APPROVAL, 0.1),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="approve",
        subject="1.2.4 for production",
        done=_APPROVING.steps,
        facts=(
            ("version", "1.2.4"),
            ("approver", "Anna Ø"),
            ("approvals.production", "1 of 2 approvals (Anna Ø), missing 1: bob may"),
        ),
        seconds=0.3,
    ),
)
