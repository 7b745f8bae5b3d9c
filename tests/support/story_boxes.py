"""A release that is written into a file, as it was told."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.boxing import ExportRelease, Packed, Piece
from paasctl.model.event import Ended, Outcome, Planned, Progress, Started
from paasctl.model.promoting import Stop
from support.telling import REPOSITORY, Story, planned, seconds

_MIB = 1 << 20
_WEB = REPOSITORY.child("web").pinned(f"sha256:{'b' * 64}")
_RECORD = REPOSITORY.pinned(f"sha256:{'d' * 64}")
_STEP = ExportRelease(
    version="1.2.4",
    origin=Stop(name="dev", repository=REPOSITORY),
    file="shop-1.2.4.tar",
    size=33 * _MIB,
    parts=(
        Packed(name="web", source=_WEB, manifests=4, vouchers=3, blobs=6, bytes=32 * _MIB),
        Packed(name="", source=_RECORD, manifests=3, vouchers=2, blobs=4, bytes=20_480),
    ),
    pieces=tuple(
        Piece(name=f"blobs/sha256/{digit * 64}", at=0, size=_MIB, digest=f"sha256:{digit * 64}", source=_WEB)
        for digit in "123456789"
    ),
)
_PLAN = planned("release export", "1.2.4 to shop-1.2.4.tar", (_STEP,))

EXPORT: Story = (
    *seconds(0, 1),
    Planned(_PLAN),
    Started(0, _STEP),
    Progress(0, "shop-1.2.4.tar", 8 * _MIB, 32 * _MIB, "bytes"),
    *seconds(1, 3),
    Progress(0, "shop-1.2.4.tar", 32 * _MIB, 32 * _MIB, "bytes"),
    Ended(0, _STEP, 1.9),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="release export",
        subject="1.2.4 to shop-1.2.4.tar",
        done=_PLAN.steps,
        facts=(
            ("version", "1.2.4"),
            ("file", "shop-1.2.4.tar"),
            ("record", str(_RECORD)),
            ("image.web", str(_WEB)),
            ("bytes", str(33 * _MIB)),
            ("images", "1"),
            ("blobs", "9"),
            ("vouchers", "5"),
        ),
        seconds=2.4,
    ),
)
