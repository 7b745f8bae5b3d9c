"""Laws over shelves that nobody would arrange so: what a root leads to never goes, and more roots let less go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.model.cleanup import Held, Mention
from paasctl.model.config import Keep
from paasctl.model.image import Pinned
from paasctl.planning.cleanup.decide import sweep
from paasctl.planning.cleanup.facts import CleanupFacts
from planning.cleanup.shelves import DAY, NOW, SHOP, WEB, digest, facts, goes, held

_TAGS = ("1.0.0", "1.1.0", "1.10.0", "2.0.0", "2.0.0-rc.1", "2.0.1-main.3.gabc", "edge", "lts-1")
_DATES = (None, 1.0, NOW - 100 * DAY, NOW - 50 * DAY, NOW - DAY)
_WHAT = ("release", "image", "image", "index", "voucher", "unknown")


@st.composite
def shelves(draw: st.DrawFn) -> CleanupFacts:
    """Up to a dozen manifests in two repositories, each with tags of its own, leading to any made before it."""
    them: list[Held] = []
    free = {SHOP: list(_TAGS), WEB: list(_TAGS)}
    for number in range(draw(st.integers(1, 12))):
        at = draw(st.sampled_from((SHOP, WEB)))
        them.append(_one(draw, number, at, them, free[at]))
    keep = draw(keeps)
    return facts(*them, keep=keep, mentions=draw(st.lists(mentions(them), max_size=3)))


def _one(draw: st.DrawFn, number: int, at: Any, before: list[Held], free: list[str]) -> Held:
    what = draw(st.sampled_from(_WHAT))
    near = [it.at.digest for it in before if it.at.repository == at]
    some = st.lists(st.sampled_from(near), max_size=3, unique=True) if near else st.just([])
    rest: dict[str, Any] = {"created": draw(st.sampled_from(_DATES)), "tags": tuple(sorted(_pick(draw, free)))}
    if what == "index":
        rest["children"] = tuple(draw(some))
    if what == "voucher":
        rest["subject"] = draw(st.sampled_from([*near, digest("gone")]))
    if what == "release":
        rest["app"] = draw(st.sampled_from(("shop", "shop", "blog")))
        rest["images"] = tuple(draw(st.lists(st.sampled_from([it.at for it in before]), max_size=2)) if before else ())
        rest["needs"] = tuple(draw(some))
    return held(f"{at}{number}", what, at, **rest)


def _pick(draw: st.DrawFn, free: list[str]) -> list[str]:
    picked = draw(st.lists(st.sampled_from(free), max_size=2, unique=True)) if free else []
    for tag in picked:
        free.remove(tag)
    return picked


keeps = st.builds(
    Keep,
    releases=st.sampled_from((None, 1, 2)),
    snapshots=st.sampled_from((None, 0, 1)),
    age=st.sampled_from((0.0, 3 * DAY)),
    tags=st.sampled_from(((), ("lts-*",), ("1.*", "edge"))),
    others=st.booleans(),
)


def mentions(them: list[Held]) -> st.SearchStrategy[Mention]:
    """By digest, by tag, by version; some of nothing that is there."""
    return st.one_of(
        st.sampled_from([it.at.digest for it in them]).map(lambda it: Mention(why="runs", digest=it)),
        st.sampled_from(_TAGS).map(lambda it: Mention(why="runs", tagged=("shop/web", it))),
        st.sampled_from(_TAGS).map(lambda it: Mention(why="history", version=it)),
    )


def reached(of: CleanupFacts, roots: set[Pinned]) -> set[Pinned]:
    """All that these lead to, found the slow way: again and again over everything until nothing is new."""
    found = {it for it in roots if it in of.held}
    while True:
        more = {
            it.at
            for it in of.held.values()
            for by in map(of.held.__getitem__, found)
            if (it.at.repository == by.at.repository and it.at.digest in by.children)
            or it.at in by.images
            or it.at.digest in by.needs
            or (it.at.repository == by.at.repository and it.subject == by.at.digest)
        }
        if more <= found:
            return found
        found |= more


def roots(of: CleanupFacts) -> set[Pinned]:
    """What must stay at the least, by the words of the rules."""
    found: set[Pinned] = set()
    for it in of.held.values():
        for mention in of.mentions:
            named = it.at.repository.path == mention.tagged[0] and mention.tagged[1] in it.tags
            release = it.at.repository == SHOP and mention.version in it.tags
            found |= {it.at} if it.at.digest == mention.digest or named or release else set()
        found |= {it.at} if it.app == "blog" or it.what == "unknown" else set()
        found |= {it.at} if of.keep.others and {"edge", "lts-1"} & {*it.tags} else set()
        found |= {it.at} if of.keep.releases and "2.0.0" in it.tags else set()
        found |= {it.at} if of.keep.releases is None and {"1.0.0", "1.1.0", "1.10.0"} & {*it.tags} else set()
    return found


@given(shelves())
@settings(max_examples=150, deadline=None)
def test_nothing_that_a_root_leads_to_ever_goes(of: CleanupFacts) -> None:
    assert not goes(of) & reached(of, roots(of))


@given(shelves(), st.data())
@settings(max_examples=150, deadline=None)
def test_more_roots_never_let_more_go(of: CleanupFacts, data: st.DataObject) -> None:
    one = data.draw(mentions(list(of.held.values())))
    assert goes(replace(of, mentions=(*of.mentions, one))) <= goes(of)
    for more in (
        replace(of.keep, releases=None),
        replace(of.keep, snapshots=None),
        replace(of.keep, age=of.keep.age + 200 * DAY),
        replace(of.keep, tags=(*of.keep.tags, "1.0.?")),
        replace(of.keep, others=True),
    ):
        assert goes(replace(of, keep=more)) <= goes(of)


@given(shelves())
@settings(max_examples=150, deadline=None)
def test_once_it_is_gone_nothing_more_goes(of: CleanupFacts) -> None:
    gone = goes(of)
    assert goes(replace(of, held={at: it for at, it in of.held.items() if at not in gone})) == set()


@given(shelves())
@settings(max_examples=150, deadline=None)
def test_ended_anywhere_no_name_leads_to_nothing_and_the_next_run_goes_on(of: CleanupFacts) -> None:
    order = [it.at for it in sweep(of).doomed]
    noted = frozenset(order)
    for ended in range(len(order) + 1):
        gone = set(order[:ended])
        left = replace(of, held={at: it for at, it in of.held.items() if at not in gone}, noted=noted)
        for it in left.held.values():
            below = {*it.images, *(it.at.repository.pinned(child) for child in it.children)}
            assert not below & gone, "a name would lead to nothing"
        assert goes(left) == noted - gone
