"""What stays and why, case by case: whatever a root leads to, by every way that one thing can lead to another."""

from __future__ import annotations

import pytest

from paasctl.model.cleanup import Held, Mention
from paasctl.model.config import Keep
from paasctl.planning.cleanup.decide import sweep
from planning.cleanup.shelves import (
    DAY,
    KEEP,
    NOW,
    OLD,
    SHOP,
    WEB,
    digest,
    facts,
    goes,
    held,
    image,
    release,
    runs,
    tagged,
    why,
)

NEW = (release("2.0.0", image("2.0.0")), image("2.0.0"))
OLDER = (release("1.0.0", image("1.0.0")), image("1.0.0"))
A, B = held("amd64"), held("arm64")
INDEX = held("index", "index", tags=("1.0.0",), children=(A.at.digest, B.at.digest), blobs=())
SIGNED = held("signature", "voucher", tags=(image("1.0.0").at.digest.replace(":", "-") + ".sig",), created=None)
SBOM = held("sbom", "voucher", subject=A.at.digest, created=None)
KEPT_LIST = held(
    "fallback",
    "voucher",
    tags=(A.at.digest.replace(":", "-"),),
    children=(SBOM.at.digest,),
    blobs=(),
    created=None,
)
PROMOTED = held("promotion", "voucher", SHOP, subject=OLDER[0].at.digest, created=NOW - DAY)


def at(*them: Held) -> set[object]:
    return {it.at for it in them}


CASES = {
    "beyond the newest release everything of an older one goes": (facts(*NEW, *OLDER), at(*OLDER)),
    "versions are numbers: 1.10 is newer than 1.9": (
        facts(release("1.10.0"), release("1.9.0")),
        at(release("1.9.0")),
    ),
    "no `releases`: all of them stay": (facts(*NEW, *OLDER, keep=Keep(snapshots=0)), set()),
    "a candidate is no release: `snapshots` speaks of it": (
        facts(release("1.0.0"), release("2.0.0-rc.1"), keep=Keep(releases=1, snapshots=0)),
        at(release("2.0.0-rc.1")),
    ),
    "the youngest snapshots stay, whatever their number": (
        facts(
            release("1.0.1-main.9.gaaa", created=OLD),
            release("1.0.1-fix.1.gbbb", created=OLD + DAY),
            keep=Keep(snapshots=1),
        ),
        at(release("1.0.1-main.9.gaaa")),
    ),
    "an image that runs stays, though its release goes": (
        facts(*NEW, *OLDER, mentions=[runs(OLDER[1])]),
        at(OLDER[0]),
    ),
    "a workload that says its version keeps the whole release": (
        facts(*NEW, *OLDER, mentions=[Mention(why="runs", version="1.0.0")]),
        set(),
    ),
    "a tag that is named by a workload stays": (
        facts(*NEW, *OLDER, mentions=[Mention(why="runs", tagged=("shop/web", "1.0.0"))]),
        at(OLDER[0]),
    ),
    "the same bytes under another repository's name stay, too": (
        facts(*NEW, *OLDER, mentions=[Mention(why="runs", digest=OLDER[1].at.digest)]),
        at(OLDER[0]),
    ),
    "an index keeps what it lists": (facts(*NEW, INDEX, A, B, mentions=[runs(INDEX)]), set()),
    "an index goes with what it lists": (facts(*NEW, INDEX, A, B), at(INDEX, A, B)),
    "a node that tells one platform's digest keeps the index": (
        facts(*NEW, INDEX, A, B, mentions=[runs(A)]),
        set(),
    ),
    "what two indexes list stays while one of them does": (
        facts(
            *NEW,
            INDEX,
            A,
            B,
            held("newer index", "index", tags=("2.0.0",), children=(A.at.digest,), blobs=()),
        ),
        at(INDEX, B),
    ),
    "a signature stays with what it signs": (facts(*NEW, *OLDER, SIGNED, mentions=[runs(OLDER[1])]), at(OLDER[0])),
    "a signature goes with what it signs": (facts(*NEW, *OLDER, SIGNED), at(*OLDER, SIGNED)),
    "a signature of something that is gone goes": (facts(*NEW, SIGNED), at(SIGNED)),
    "an SBOM of one platform stays with the index": (facts(*NEW, INDEX, A, B, SBOM, mentions=[runs(INDEX)]), set()),
    "where clients keep the list of referrers, it stays and what it lists": (
        facts(*NEW, INDEX, A, B, SBOM, KEPT_LIST, mentions=[runs(INDEX)]),
        set(),
    ),
    "where clients keep the list of referrers, it goes, too": (
        facts(*NEW, INDEX, A, B, SBOM, KEPT_LIST),
        at(INDEX, A, B, SBOM, KEPT_LIST),
    ),
    "a base that a kept record names stays": (
        facts(release("2.0.0", needs=(A.at.digest,)), A, B),
        at(B),
    ),
    "what is young stays": (facts(*NEW, image("1.0.0", created=NOW - DAY)), set()),
    "what was promoted lately is young": (facts(*NEW, *OLDER, PROMOTED), set()),
    "a child is as old as its index": (
        facts(*NEW, INDEX, held("amd64", created=NOW), B),
        at(INDEX, A, B),
    ),
    "of what tells no age nobody knows whether it is young": (facts(*NEW, image("1.0.0", created=None)), set()),
    "the date of year one is no age": (facts(*NEW, image("1.0.0", created=1.0)), set()),
    "a release's image needs no date of its own": (
        facts(*NEW, OLDER[0], image("1.0.0", created=None)),
        at(*OLDER),
    ),
    "what a note names was judged before: it needs no date": (
        facts(*NEW, image("1.0.0", created=None), noted=frozenset({image("1.0.0").at})),
        at(image("1.0.0")),
    ),
    "a tag that a pattern matches stays": (
        facts(*NEW, *OLDER, keep=Keep(releases=1, tags=("1.0.*",))),
        set(),
    ),
    "a tag that is no version is not ours": (facts(*NEW, tagged(A, "edge"), keep=Keep(releases=1)), set()),
    "unless all are ours": (facts(*NEW, tagged(A, "edge")), at(A)),
    "another app's release stays, and its images": (
        facts(*NEW, OLDER[1], release("1.0.0", OLDER[1], app="blog")),
        set(),
    ),
    "another app's releases do not push ours out": (
        facts(*NEW, *OLDER, *(release(f"9.0.{it}", app="blog") for it in range(3)), keep=Keep(releases=2, snapshots=0)),
        set(),
    ),
    "what has the version of another app's release is taken for its own": (
        facts(*NEW, release("1.0.0", app="blog"), image("1.0.0")),
        set(),
    ),
    "what makes a version young is young itself": (
        facts(*NEW, OLDER[1], held("statement", "voucher", SHOP, tags=("1.0.0",), subject=digest("x"), created=NOW)),
        set(),
    ),
    "what nobody can read stays": (facts(*NEW, held("odd", "unknown", tags=("0.1.0",))), set()),
    "an image without a release goes, if its version does": (facts(*NEW, OLDER[1]), at(OLDER[1])),
    "an image without a release counts as one": (
        facts(OLDER[0], OLDER[1], tagged(A, "2.0.0")),
        at(*OLDER),
    ),
    "what has no tag at all goes": (facts(*NEW, A), at(A)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_goes(name: str) -> None:
    of, wanted = CASES[name]
    assert goes(of) == wanted


def test_each_names_the_strongest_root_first() -> None:
    running = "eu: Deployment/web in shop-dev names it"
    found = sweep(facts(*NEW, *OLDER, mentions=[runs(NEW[1], running)]))
    assert why(found, NEW[1]) == running
    assert why(found, NEW[0]) == "keep.releases: one of the newest 1"


def test_the_way_to_the_root_is_kept() -> None:
    found = sweep(facts(release("2.0.0", INDEX), tagged(INDEX), A, B, SBOM))
    assert found.marks[SBOM.at].via == A.at
    assert found.marks[A.at].via == INDEX.at
    assert (found.marks[INDEX.at].link, found.marks[A.at].link, found.marks[SBOM.at].link) == (
        "image of",
        "part of",
        "vouches for",
    )
    assert {it.why for it in found.marks.values()} == {"keep.releases: one of the newest 1"}


def test_a_manifest_in_two_repositories_is_two() -> None:
    other = held("amd64", at=SHOP.child("worker"))
    assert goes(facts(*NEW, A, other, mentions=[Mention(why="", tagged=("shop/web", "x"))])) == at(A, other)
    assert goes(facts(*NEW, A, other, mentions=[runs(A)])) == set(), "a name may lie: wherever the bytes are they stay"


def test_a_voucher_does_not_keep_what_it_vouches_for() -> None:
    alone = tagged(SBOM, "sbom-of-old")
    assert A.at in goes(facts(*NEW, INDEX, A, B, alone, keep=Keep(releases=1, tags=("sbom-*",), others=False)))


def test_mentions_by_tags_of_others_find_nothing() -> None:
    assert KEEP.age == 3 * DAY
    assert goes(facts(*OLDER, mentions=[Mention(why="", tagged=("shop/web", "9.9.9"))])) == set()
    assert WEB.path == "shop/web"
    assert digest("a") != digest("b")
