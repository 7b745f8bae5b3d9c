"""A release, as it was told: build, squash, push, record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paasctl.errors import Exit, HookFailed
from paasctl.model.config import Image, Squash
from paasctl.model.event import (
    Ended,
    Event,
    LogLine,
    Outcome,
    Planned,
    Problem,
    Progress,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.plan import (
    Build,
    Push,
    Record,
    RunHook,
    Sign,
    SquashImage,
    TagCommit,
    TagImage,
)
from support.telling import (
    COMMIT,
    REPOSITORY,
    Story,
    planned,
    seconds,
)

_IMAGE = Image(name="web", squash=Squash(layers=1, base="keep"), args={"TOKEN": "not-to-be-shown"})
_BUILD = Build(image=_IMAGE, version="1.2.4", revision=COMMIT, epoch=1_760_000_000)
_SQUASH = SquashImage(image=_IMAGE)
_TAG = TagCommit(tag="v1.2.4", commit=COMMIT, message="1.2.4", remote="origin")
_PUSHES = (
    Push(name="web", repository=REPOSITORY.child("web")),
    Push(name="worker", repository=REPOSITORY.child("worker")),
)
_RECORD = Record(
    app="shop",
    repository=REPOSITORY,
    version="1.2.4",
    commit=COMMIT,
    created=1_760_000_000,
    images=(("web", REPOSITORY.child("web")),),
    pinned=(("worker", REPOSITORY.child("worker").pinned("sha256:" + "c" * 64)),),
    subjects=("Faster search",),
    files=(("paas.yaml", b"app: shop\n"),),
)
_TAGS = TagImage(name="web", repository=REPOSITORY.child("web"), tag="1.2.4")
RELEASE = planned("release", "1.2.4", (_BUILD,), (_SQUASH,), (_TAG,), _PUSHES, (_RECORD,), (_TAGS,))
_MIB = 1024 * 1024


def _building() -> Iterator[Event]:
    for number in range(1, 13):
        yield LogLine("web", f"#{number} [{number}/12] RUN \x1b[1mstep {number}\x1b[0m of the build", 0)
        yield Ticked(1 + number)


def _uploading() -> Iterator[Event]:
    for second in range(13):
        yield Progress(3, "web", min(48, 4 * second) * _MIB, 48 * _MIB, "bytes")
        yield Progress(4, "worker", second * _MIB, None, "bytes")
        yield Ticked(20 + second)


UPLOAD: Story = (
    *seconds(0, 1),
    Warned("images.web: the base is named by a tag, which can move", "pin it: base: registry.example/base@sha256:…"),
    Planned(RELEASE),
    Started(0, _BUILD),
    *_building(),
    Ended(0, _BUILD, 14.0),
    Started(1, _SQUASH),
    Progress(1, "web", 20 * _MIB, 90 * _MIB, "bytes"),
    *seconds(15, 18),
    Ended(1, _SQUASH, 4.0),
    Started(2, _TAG),
    Ticked(19),
    Ended(2, _TAG, 0.8),
    Started(3, _PUSHES[0]),
    Started(4, _PUSHES[1]),
    *_uploading(),
    Ended(4, _PUSHES[1], 13.0),
    Ended(3, _PUSHES[0], 13.1),
    Started(5, _RECORD),
    Ended(5, _RECORD, 0.2),
    Started(6, _TAGS),
    Ended(6, _TAGS, 0.1),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="release",
        subject="1.2.4",
        done=RELEASE.steps,
        facts=(("version", "1.2.4"), ("record", f"{REPOSITORY}@sha256:{'d' * 64}")),
        seconds=33.4,
    ),
)

# --- a hook that fails ----------------------------------------------------------------------------------------------

_SCAN = RunHook(
    name="scan", command="./scan.sh", version="1.2.4", commit=COMMIT, images=("web",), where="paas.yaml:9:9"
)
_FOUND = ("web: 1 critical", "CVE-0000-0001 in libz")
_TAGGED = replace(_TAG, record=REPOSITORY.tagged("1.2.4"))
_SIGN = Sign(name="", repository=REPOSITORY, key="key.pem")
SCANNED = planned("release", "1.2.4", (_BUILD,), (_SCAN,), (_TAGGED,), (_SIGN,))
SCAN: Story = (
    Planned(SCANNED),
    Started(0, _BUILD),
    Ended(0, _BUILD, 2.0),
    Started(1, _SCAN),
    *(LogLine("scan", it, 1) for it in _FOUND),
    *seconds(2, 4),
    Outcome(
        status="failed",
        exit=Exit.FAILED,
        verb="release",
        subject="1.2.4",
        done=(_BUILD,),
        left=(_SCAN, _TAGGED, _SIGN),
        problems=(
            Problem.of(
                HookFailed(
                    "running the scan hook of 1.2.4: `./scan.sh` exited with 1",
                    hint="mend it and run again; neither a tag nor an image was pushed",
                    where="paas.yaml:9:9",
                    evidence=_FOUND,
                )
            ),
        ),
        seconds=4.0,
    ),
)
