"""What a promotion brings, in words: one sentence for each way it can stand to what runs where it goes."""

from __future__ import annotations

import pytest

from paasctl.model.image import Descriptor, Repository
from paasctl.model.promoting import Brings, Spot, TagRecord
from paasctl.views.promoting import say_brings

_ONE = (Spot(environment="show", cluster="one"),)
_EU, _US = (Spot(environment="prod", cluster=it) for it in ("eu", "us"))
TOLD = {
    "beside what runs": (
        (Brings(since="1.0.0", at=_ONE, commits=("a",)),),
        ["beside 1.0.0, which runs in show: 1 commit"],
    ),
    "the same on all clusters": (
        (Brings(since="1.0.0", at=(_EU, _US)),),
        ["beside 1.0.0, which runs in prod: 0 commits"],
    ),
    "clusters that differ": (
        (Brings(since="1.0.0", at=(_EU,)), Brings(since="", at=(_US,))),
        ["beside 1.0.0, which runs in prod on eu: 0 commits", "nothing runs in prod on us: it is the first one there"],
    ),
    "the first": ((Brings(since="", at=_ONE),), ["nothing runs in show: it is the first one there"]),
    "it runs already": ((Brings(since="1.1.0", at=_ONE),), ["1.1.0 runs in show already"]),
    "back": (
        (Brings(since="1.3.0", at=_ONE, back=True, commits=("a", "b")),),
        ["goes back from 1.3.0, which runs in show: without 2 commits"],
    ),
    "back, and what is lost is not known": (
        (Brings(since="1.3.0", at=_ONE, back=True, unknown="why"),),
        ["goes back from 1.3.0, which runs in show; what it is without could not be found out: why"],
    ),
    "what runs is not known, and what lies there is": (
        (Brings(since="", at=_ONE, unknown="no route"), Brings(since="1.0.0", commits=("a",))),
        [
            "what runs in show could not be found out: no route",
            "beside 1.0.0, the highest lower version there: 1 commit",
        ],
    ),
    "beside what runs, nothing more is known": (
        (Brings(since="1.0.0", at=_ONE, unknown="it has no record"),),
        ["what it brings beside 1.0.0, which runs in show, could not be found out: it has no record"],
    ),
    "nothing is known": ((Brings(since="", unknown="why"),), ["what it brings could not be found out: why"]),
    "nobody takes from there": (
        (Brings(since="1.0.0"),),
        ["no environment takes from there: beside 1.0.0, the highest lower version there: 0 commits"],
    ),
    "nobody takes from there, and it is the first": (
        (Brings(since=""),),
        ["no environment takes from there: it is the first there"],
    ),
    "out of a file, and far behind": (
        (Brings(since="1.0.0", at=_ONE, alone=True, unread=3),),
        ["beside 1.0.0, which runs in show: 0 commits, by its own record alone, and those of 3 more releases"],
    ),
    "what another wrote is cleaned": (
        (Brings(since="", at=(Spot(environment="show\x1b[2J", cluster="one"),), unknown="no\nroute"),),
        ["what runs in show could not be found out: no route"],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_it_is_said_in_one_sentence(name: str) -> None:
    brings, told = TOLD[name]
    repository = Repository.parse("registry.example/shop")
    step = TagRecord(
        version="1.1.0",
        repository=repository,
        tag="1.1.0",
        record=Descriptor("m", f"sha256:{'1' * 64}", 1),
        images=(),
        brings=brings,
    )
    assert [it for it in say_brings(step) if not it.startswith("* ")] == told
