"""The same clauses of the distribution specification, asked of a real registry: distribution 2.8.2, and what it lacks.

`PAASCTL_TEST_REGISTRY` names it. Where it is known to deviate, it must: a version that has learnt it is noticed.
"""

from __future__ import annotations

import os
from http.client import HTTPException

import pytest

from support.spec import CLAUSES, Category, Place

pytestmark = pytest.mark.contract

REAL = os.environ.get("PAASCTL_TEST_REGISTRY", "")
CASES = [pytest.param(category, name, id=f"{category}: {name}") for category, them in CLAUSES.items() for name in them]
_NO_REFERRERS = "it has no referrers API: 404, no OCI-Subject, and clients keep a tag"
_NO_PAGES = "it lists all tags at once, in no order, whatever is asked for"
DEVIATES: dict[str, str] = {
    "a part beyond the end is 416": "it tells a length and sends nothing",
    "a chunk out of order is 416, and the upload goes on where it was": "it appends it: 202",
    "an upload that was never begun is 404": "404 it is, but with the code BLOB_UPLOAD_INVALID",
    "what a manifest says of its subject is confirmed": _NO_REFERRERS,
    "a repository is called as the specification has it": "it takes upper case",
    "tags are listed in order": _NO_PAGES,
    "a repository without tags has a list without tags": "404: to it a repository is its tags",
    "as many tags are listed as are asked for, and a Link leads to the rest": _NO_PAGES,
    "tags are listed from the last that is known": _NO_PAGES,
    "no tags are listed where none are asked for": _NO_PAGES,
    "what vouches for a manifest is listed, with its type and annotations": _NO_REFERRERS,
    "without an artifact type the configuration's type stands for it": _NO_REFERRERS,
    "an index may vouch, too": _NO_REFERRERS,
    "what nobody vouches for has an empty list, also where it is not there": _NO_REFERRERS,
    "what vouches is listed before its subject is there": _NO_REFERRERS,
    "of what vouches one type can be asked for": _NO_REFERRERS,
    "a digest that is none has no list of what vouches for it": _NO_REFERRERS,
    "what vouched is not listed when it is deleted": _NO_REFERRERS,
    "a tag is deleted, and the manifest stays": "tags cannot be deleted: 400",
    "a tag that is not there cannot be deleted": "tags cannot be deleted: 400",
}
"""What distribution 2.8.2 does instead."""


def test_every_deviation_is_one_of_a_clause() -> None:
    assert [it for it in DEVIATES if not any(it in them for them in CLAUSES.values())] == []


if REAL:

    @pytest.mark.parametrize(("category", "name"), CASES)
    def test_a_real_registry_keeps_it_or_is_known_not_to(category: Category, name: str) -> None:
        if name not in DEVIATES:
            CLAUSES[category][name](Place(REAL))
            return
        with pytest.raises((AssertionError, HTTPException)):
            CLAUSES[category][name](Place(REAL))
