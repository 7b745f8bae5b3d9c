"""Images that went from one place to another, as it was told: squashed, copied, put on another base."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Exit
from paasctl.model.between import CopyTo, FieldMoved, RebaseTo, Seen, SquashTo
from paasctl.model.copied import CopyObject, CopyPlan
from paasctl.model.event import Ended, Event, Noted, Outcome, Planned, Progress, Started, Ticked, Warned
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import InEngine, InLayout, InRegistry
from paasctl.model.plan import Step
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents.manifest import OCI_INDEX, OCI_LAYER, OCI_MANIFEST
from support.telling import REPOSITORY, Story, planned, seconds

_MIB = 1 << 20
_WEB = InRegistry(REPOSITORY.child("web").tagged("1.2.4"))
_ROOT = Descriptor(OCI_INDEX, f"sha256:{'a' * 64}", 858)
_AMD = Seen(platform="linux/amd64", layers=75, bytes=663 * _MIB, kept=5, kept_bytes=31 * _MIB)
_ARM = Seen(platform="linux/arm64", layers=75, bytes=640 * _MIB, kept=5, kept_bytes=30 * _MIB)
_SQUASH = SquashTo(
    source=_WEB,
    destination=InRegistry(REPOSITORY.child("web").tagged("1.2.4-slim")),
    root=_ROOT,
    wish=SquashWish(base_layers=5),
    images=(_AMD, _ARM),
    base="its annotations: docker.io/library/debian:12",
)
_COPY = CopyTo(
    source=_WEB,
    destination=InEngine("shop/web"),
    root=_ROOT,
    platform=Platform("linux", "amd64"),
    images=(Seen(platform="linux/amd64", layers=0, bytes=0),),
    plan=CopyPlan(
        objects=(
            CopyObject(what="layer", descriptor=Descriptor(OCI_LAYER, f"sha256:{'1' * 64}", 30 * _MIB), doing="exists"),
            CopyObject(what="layer", descriptor=Descriptor(OCI_LAYER, f"sha256:{'2' * 64}", 3 * _MIB), doing="stream"),
            CopyObject(
                what="layer",
                descriptor=Descriptor(OCI_LAYER, f"sha256:{'3' * 64}", _MIB),
                doing="skip",
                why="may not be distributed: it stays where it is",
            ),
            CopyObject(what="image", descriptor=Descriptor(OCI_MANIFEST, f"sha256:{'e' * 64}", 858), doing="stream"),
        ),
        left=("what vouches for the index is left behind: only linux/amd64 is copied",),
    ),
)
_REBASE = RebaseTo(
    source=InLayout("images", "web"),
    destination=InLayout("images", "web"),
    root=Descriptor(OCI_MANIFEST, f"sha256:{'b' * 64}", 858),
    old_bases=(InRegistry(REPOSITORY.child("base").pinned(f"sha256:{'c' * 64}")),),
    new_base=InRegistry(REPOSITORY.child("base").tagged("12")),
    new_root=Descriptor(OCI_MANIFEST, f"sha256:{'d' * 64}", 858),
    images=(Seen(platform="linux/amd64", layers=9, bytes=80 * _MIB, kept=5, kept_bytes=31 * _MIB),),
    fields=(
        FieldMoved(platform="linux/amd64", name="Env.BASE_VERSION", before="12.8", after="12.9"),
        FieldMoved(platform="linux/amd64", name="User", before="", after="7"),
    ),
    move=True,
)


def _moving(step: Step, total: int, *between: Event, until: int = 8) -> Iterator[Event]:
    yield Started(0, step)
    for at in range(1, until):
        yield Progress(0, "web", total * at // until, total, "bytes")
        yield Ticked(float(at))
    yield from between
    yield Ended(0, step, float(until))


def _ended(verb: str, subject: str, step: Step, facts: dict[str, str]) -> Outcome:
    return Outcome(
        status="done", exit=Exit.OK, verb=verb, subject=subject, done=(step,), facts=tuple(facts.items()), seconds=8.4
    )


IMAGE_SQUASH: Story = (
    *seconds(0, 1),
    Planned(planned("image squash", f"{_SQUASH.source} to {_SQUASH.destination}", (_SQUASH,))),
    *_moving(
        _SQUASH,
        1303 * _MIB,
        Warned(
            "registry.example/shop/web:1.2.4: an attestation (sha256:0123456789ab) speaks of the image as it was,"
            " and is left out"
        ),
    ),
    _ended(
        "image squash",
        f"{_SQUASH.source} to {_SQUASH.destination}",
        _SQUASH,
        {
            "layers.before": "150",
            "layers.after": "16",
            "bytes.before": str(1303 * _MIB),
            "bytes.after": str(771 * _MIB),
            "dead.bytes": str(911 * _MIB),
            "proof": "78,120 entries of both are the same: type, mode, owner, time, attributes, links, content",
            "left.1": "an attestation (sha256:0123456789ab) speaks of the image as it was, and is left out",
            "digest": f"sha256:{'e' * 64}",
            "image": str(REPOSITORY.child("web").pinned(f"sha256:{'e' * 64}")),
        },
    ),
)
IMAGE_COPY: Story = (
    Planned(planned("image copy", f"{_COPY.source} to {_COPY.destination}", (_COPY,))),
    *_moving(_COPY, 663 * _MIB, Noted("the engine takes shop/web:latest in")),
    _ended(
        "image copy",
        f"{_COPY.source} to {_COPY.destination}",
        _COPY,
        {
            "blobs.there": "0",
            "blobs.mounted": "0",
            "blobs.sent": "76",
            "bytes.sent": str(663 * _MIB),
            "manifests": "1",
            "vouchers": "0",
            "digest": f"sha256:{'f' * 64}",
            "image": f"sha256:{'0' * 64}",
        },
    ),
)
IMAGE_REBASE: Story = (
    Planned(planned("image rebase", f"{_REBASE.source} onto {_REBASE.new_base}", (_REBASE,)), dry_run=True),
    Outcome(
        status="dry-run",
        exit=Exit.OK,
        verb="image rebase",
        subject=f"{_REBASE.source} onto {_REBASE.new_base}",
        left=(_REBASE,),
    ),
)
