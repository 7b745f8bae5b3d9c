"""`promote`: the decision table over real registries, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from paasctl.errors import Exit
from paasctl.model.plan import TagImage
from paasctl.model.promoting import TagRecord
from paasctl.verbs.deploy import Deploy
from support.conducted import go
from support.promoting import VERSION, Stops, outcome
from support.registry_values import manifest_of


def _record_taken(stops: Stops) -> None:
    stops.there.put_image("shop", b"other", tag=VERSION)


def _image_taken(stops: Stops) -> None:
    stops.there.put_image("shop/web", b"other", tag=VERSION)


def _record_absent(stops: Stops) -> None:
    del stops.here.tags["shop"][VERSION]


def _image_lost(stops: Stops) -> None:  # M1
    stops.here.folder.delete_manifest("shop/web", stops.digest())


def _source_silent(stops: Stops) -> None:
    stops.here.fault("GET manifests", status=503, times=10_000)


def _target_silent(stops: Stops) -> None:
    stops.there.fault("HEAD manifests", status=503, times=10_000)


def _target_forbidden(stops: Stops) -> None:
    stops.there.fault("HEAD manifests", status=403, times=10_000)


Arrange = Callable[[Stops], None]


@pytest.mark.parametrize(
    ("arrange", "status", "code"),
    [
        pytest.param(_record_taken, Exit.REFUSED, "tag-taken", id="the record's name is another's: never moved"),
        pytest.param(_image_taken, Exit.REFUSED, "tag-taken", id="an image's name is another's: never moved"),
        pytest.param(_record_absent, Exit.REFUSED, "release-not-found", id="no such release where it comes from"),
        pytest.param(_image_lost, Exit.REFUSED, "image-not-found", id="M1: an image is missing where it comes from"),
        pytest.param(_source_silent, Exit.UNAVAILABLE, "unavailable", id="could not find out what is at the source"),
        pytest.param(_target_silent, Exit.UNAVAILABLE, "unavailable", id="could not find out what is at the target"),
        pytest.param(_target_forbidden, Exit.FORBIDDEN, "forbidden", id="may not see what is at the target"),
    ],
)
def test_what_may_not_be_or_is_not_known_writes_nothing(
    stops: Stops, arrange: Arrange, status: Exit, code: str
) -> None:
    arrange(stops)
    before = {path: dict(it) for path, it in stops.there.tags.items()}
    stops.forget()
    found, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (found, problem.code) == (status, code)
    assert problem.message.startswith("promoting 0.1.0 to rc: ") or status is not Exit.REFUSED
    assert stops.there.writes == 0
    assert {path: dict(it) for path, it in stops.there.tags.items()} == before


def test_names_that_are_on_this_very_digest_are_nothing_to_do(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    del stops.there.tags["shop"][VERSION]
    status, events = stops.promote()
    assert status is Exit.OK
    assert [type(it) for it in outcome(events).done] == [TagRecord]


def test_an_image_that_is_there_without_its_name_gets_only_that(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    del stops.there.tags["shop/web"][VERSION]
    stops.forget()
    assert [type(it) for it in outcome(stops.promote()[1]).done] == [TagImage]
    assert stops.there.received == 0


def test_a_snapshot_stays_where_it_was_made(stops: Stops) -> None:
    stops.world.git.files["site/run"] = b"edited"
    assert go(Deploy(environment="dev", build=True), stops.world)[0] is Exit.OK
    (snapshot,) = set(stops.here.tags["shop"]) - {VERSION}
    stops.forget()
    status, events = stops.promote(snapshot)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "snapshot-not-promotable")
    assert stops.there.writes == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"to": "rcc"}, 'no environment or registry "rcc"'),
        ({"to": "dev"}, "promoting to dev: it is the first of the path"),
        ({"to": "rc", "origin": "rc"}, "from {there}/shop to itself"),
        ({"to": "rc", "origin": "prod"}, 'no registry "prod"'),
        ({"to": "rc", "every": True}, "name versions, or --all-missing, and not both"),
    ],
    ids=lambda it: "" if isinstance(it, dict) else it,
)
def test_a_wrong_command_line_asks_no_registry(stops: Stops, typed: dict[str, str], said: str) -> None:
    status, events = stops.promote(VERSION, **typed)  # type: ignore[arg-type]  # what was typed
    assert status is Exit.USAGE
    assert said.format(there=stops.there.host) in outcome(events).problems[0].message
    assert sum(stops.here.requests.values()) == sum(stops.there.requests.values()) == 0


def test_what_is_deleted_between_the_look_and_the_copy_leaves_nothing_visible(stops: Stops) -> None:  # M5
    for digest in list(stops.here.blobs["shop/web"]):
        del stops.here.blobs["shop/web"][digest]
    status, events = stops.promote()
    assert status is not Exit.OK
    assert outcome(events).problems[0].code == "blob-missing"
    assert not any(VERSION in it for it in stops.there.tags.values())


def test_a_registry_that_changes_a_manifest_is_found_out_before_a_name_is_given(stops: Stops) -> None:  # M2
    stops.there.fault("GET manifests", status=200, body=manifest_of(stops.image(), []), times=10_000)
    status, events = stops.promote()
    assert status is not Exit.OK
    assert outcome(events).problems[0].code == "digest-mismatch"
    assert not any(VERSION in it for it in stops.there.tags.values())


def test_a_target_that_goes_away_half_way_gets_only_what_is_missing_the_next_time(stops: Stops) -> None:  # M6
    stops.there.fault("PUT manifests", status=503, times=10_000)
    status, events = stops.promote()
    assert status is Exit.UNAVAILABLE
    assert outcome(events).left
    assert not any(VERSION in it for it in stops.there.tags.values())
    stops.there.running.faults.clear()
    sent = stops.there.received
    assert sent
    assert stops.promote()[0] is Exit.OK
    assert stops.there.received == sent, "no blob is sent twice"
