"""What a promotion decides, as a table: what is there of each name -> the steps, in order, or why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paasctl.errors import Refused, WouldClobber
from paasctl.model.copied import CopyObject, CopyPlan, Doing
from paasctl.model.image import Descriptor, Repository
from paasctl.model.promoting import Stop
from paasctl.model.release import Release
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.planning.promotion.decide import Moving, PromotionFacts, promotion_plan, promotion_stages
from paasctl.views.words import say

_DEV, _RC = (Stop(name=it, repository=Repository.parse(f"registry.example/{it}")) for it in ("dev", "rc"))
_OURS, _OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
_RELEASE = Release(
    app="shop", version="1.2.4", commit="a" * 40, created=0, images={}, bases={}, subjects=(), files={}, snapshot=False
)


def _moving(name: str, said: str) -> Moving:
    """`absent`, `content` (all of it, and no name), `there`, `other`, or `lost` where it comes from."""
    doing: Doing = "stream" if said in ("absent", "other") else "exists"
    held = CopyObject(what="image", descriptor=Descriptor(OCI_MANIFEST, _OURS, 9), doing=doing)
    source = (_DEV.repository.child(name) if name else _DEV.repository).pinned(_OURS)
    return Moving(
        name=name,
        source=source,
        repository=_RC.repository.child(name) if name else _RC.repository,
        plan=None if said == "lost" else CopyPlan(objects=(held,)),
        there={"there": _OURS, "other": _OTHER}.get(said, ""),
    )


def _facts(web: str, record: str, *, noted: bool = False) -> PromotionFacts:
    return PromotionFacts(
        release=_RELEASE,
        record=Descriptor(OCI_MANIFEST, _OURS, 9),
        moving=(_moving("web", web), _moving("", record)),
        tag="1.2.4",
        origin=_DEV,
        goal=_RC,
        noted=noted,
    )


_WEB = "carry image web of 1.2.4 to registry.example/rc/web"
_RECORD = "carry the record of 1.2.4 to registry.example/rc"
_NOTE = "note that 1.2.4 was promoted from dev to rc"
_TAG = "tag web as registry.example/rc/web:1.2.4 (sha256:111111111111)"
_NAME = "name the record registry.example/rc:1.2.4"


@pytest.mark.parametrize(
    ("web", "record", "noted", "steps"),
    [
        pytest.param("absent", "absent", False, [[_WEB, _RECORD], [_NOTE], [_TAG], [_NAME]], id="nothing is there"),
        pytest.param("content", "absent", False, [[_RECORD], [_NOTE], [_TAG], [_NAME]], id="the image without a name"),
        pytest.param("content", "content", False, [[_NOTE], [_TAG], [_NAME]], id="all of it without names"),
        pytest.param("content", "content", True, [[_TAG], [_NAME]], id="stopped after the note"),
        pytest.param("there", "content", True, [[_NAME]], id="stopped before the record's name"),
        pytest.param("there", "there", True, [], id="it is there"),
        pytest.param("there", "there", False, [[_NOTE]], id="copied by other means"),
    ],
)
def test_what_is_missing_is_done_in_order(web: str, record: str, noted: bool, steps: list[list[str]]) -> None:
    stages = promotion_stages(_facts(web, record, noted=noted))
    assert [[say(it) for it in stage] for stage in stages] == steps
    assert promotion_plan((("1.2.4", stages),), _RC).is_empty is not bool(steps)


@pytest.mark.parametrize(
    ("web", "record", "error", "code", "says"),
    [
        ("other", "absent", WouldClobber, "tag-taken", "for image web"),
        ("there", "other", WouldClobber, "tag-taken", "for the release record"),
        ("lost", "absent", Refused, "image-not-found", "image web is missing at dev (registry.example/dev)"),
        ("lost", "lost", Refused, "image-not-found", "image web, the release record are missing"),
        ("lost", "other", Refused, "image-not-found", "image web is missing"),
    ],
)
def test_a_name_never_moves_and_half_a_release_never_goes(
    web: str, record: str, error: type[Refused], code: str, says: str
) -> None:
    with pytest.raises(error) as caught:
        promotion_stages(_facts(web, record))
    assert (caught.value.code, says in caught.value.message) == (code, True)
    assert caught.value.evidence


def test_a_snapshot_never_goes_whatever_is_there() -> None:
    facts = replace(_facts("there", "there"), release=replace(_RELEASE, snapshot=True))
    with pytest.raises(Refused, match="it is a snapshot") as caught:
        promotion_stages(facts)
    assert caught.value.code == "snapshot-not-promotable"
