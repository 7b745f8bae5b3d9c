"""The fault matrix of a registry, through `approve`: what failed does not count, and the same command ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.approving import APPROVAL_TYPE
from support.approving import PEOPLE, approve, wants
from support.promoting import Stops, outcome

FAULTS: dict[str, tuple[str, dict[str, Any], Exit]] = {
    "no upload is begun": ("POST uploads", {"status": 503}, Exit.UNAVAILABLE),
    "uploads are forbidden": ("POST uploads", {"status": 403}, Exit.FORBIDDEN),
    "an upload fails": ("PUT uploads", {"status": 500}, Exit.UNAVAILABLE),
    "an upload is cut off": ("PUT uploads", {"cut": 10}, Exit.UNAVAILABLE),
    "the manifest is not taken": ("PUT manifests", {"status": 503}, Exit.UNAVAILABLE),
    "manifests are forbidden": ("PUT manifests", {"status": 403}, Exit.FORBIDDEN),
    "too many requests": ("PUT manifests", {"status": 429}, Exit.UNAVAILABLE),
    "who refers to it is not told": ("GET referrers", {"status": 503}, Exit.UNAVAILABLE),
    "the record is not told": ("GET manifests", {"status": 503}, Exit.UNAVAILABLE),
    "the record's parts are not told": ("GET blobs", {"status": 503}, Exit.UNAVAILABLE),
}


def _approvals(stops: Stops) -> int:
    manifests = [stops.manifest(stops.here, "shop", it) for it in stops.here.manifests["shop"]]
    return sum(it.get("artifactType") == APPROVAL_TYPE for it in manifests)


@pytest.mark.parametrize("referrers", [True, False], ids=["with the API", "with a tag instead"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_failed_does_not_count_and_the_same_again_ends_it(stops: Stops, fault: str, *, referrers: bool) -> None:
    wants(stops, "1")
    stops.here.rules.referrers = referrers
    on, how, status = FAULTS[fault]
    if on == "GET referrers" and not referrers:
        on = "GET manifests"
    stops.here.fault(on, times=10_000, **how)
    found, events = approve(stops)
    assert (found, outcome(events).exit) == (status, status)
    stops.here.running.faults.clear()
    assert _approvals(stops) == 0
    assert stops.promote(to="production")[0] is Exit.REFUSED
    assert approve(stops)[0] is Exit.OK
    assert _approvals(stops) == 1
    assert stops.promote(to="production")[0] is Exit.OK


@pytest.mark.parametrize("on", ["POST uploads", "PUT uploads", "PUT manifests", "GET referrers", "GET blobs"])
def test_what_fails_once_is_tried_again(stops: Stops, on: str) -> None:
    wants(stops, "1")
    stops.here.fault(on, times=1, status=503)
    assert approve(stops)[0] is Exit.OK
    assert _approvals(stops) == 1
    assert stops.promote(to="production")[0] is Exit.OK


def test_several_at_once_where_clients_keep_the_list_are_both_heard(stops: Stops) -> None:
    wants(stops, "3")
    stops.here.rules.referrers = False
    with ThreadPoolExecutor(3) as pool:
        assert [status for status, _ in pool.map(lambda it: approve(stops, it), PEOPLE)] == [Exit.OK] * 3
    assert stops.promote(to="production")[0] is Exit.OK
