"""What others do while a release is on its way: they reject it, or clean up where it goes. Raced by script."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import Exit
from paasctl.model.event import Ended, Event, Started, Warned
from paasctl.model.image import Repository
from paasctl.model.plan import TagImage
from paasctl.model.promoting import Attest, CarryOver, TagRecord
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from support.conducted import go
from support.promoting import VERSION, Stops, WiredWorld, outcome


def _world(stops: Stops) -> WiredWorld:
    return stops.world.afresh()


def _go(stops: Stops, verb: Any, **how: Any) -> tuple[Exit, list[Event]]:
    world = _world(stops)
    try:
        return go(verb, world, **how)
    finally:
        for it in world.clients.values():
            it.close()


def _reject(stops: Stops, **how: Any) -> tuple[Exit, list[Event]]:
    return _go(stops, Judge(version=VERSION, rejects=True, reason="loses baskets"), **how)


def _promote(stops: Stops, version: str = VERSION, **how: Any) -> tuple[Exit, list[Event]]:
    return _go(stops, Promote(asked=PromoteTyped(versions=(version,), to="rc")), **how)


def _once(kind: type, step: type, act: Any) -> Any:
    """At the first such event of such a step."""
    said: list[Any] = []

    def heard(event: Any) -> bool:
        if isinstance(event, kind) and isinstance(event.step, step) and not said:  # type: ignore[attr-defined]
            said.append(event)
            act()
        return False

    return heard


@pytest.mark.parametrize(
    "moment", [(Ended, CarryOver), (Ended, TagImage)], ids=["what goes with it went", "all but its name"]
)
def test_rejected_while_it_is_carried_it_gets_no_name(stops: Stops, moment: tuple[type, type]) -> None:
    status, events = _promote(stops, stops_at=_once(*moment, lambda: _reject(stops)))
    told = outcome(events)
    assert (status, [it.code for it in told.problems]) == (Exit.FAILED, ["release-rejected"])
    assert VERSION not in stops.there.tags.get("shop", {})
    assert [type(it) for it in told.left] == [TagRecord]
    assert _promote(stops)[0] is Exit.REFUSED


def test_rejected_in_the_very_moment_it_gets_its_name_the_rejection_is_there_too(
    stops: Stops, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = RegistryClient.put_manifest

    def named(client: RegistryClient, repository: Repository, media_type: str, content: bytes, tag: str = "") -> Any:
        if (repository.host, repository.path, tag) == (stops.there.host, "shop", VERSION):
            assert _reject(stops)[0] is Exit.OK
        return put(client, repository, media_type, content, tag=tag)

    monkeypatch.setattr(RegistryClient, "put_manifest", named)
    status, events = _promote(stops)
    monkeypatch.undo()
    assert status is Exit.OK, "its name was on the way already"
    assert any(isinstance(it, Warned) and "rejected 0.1.0 while it was promoted" in it.text for it in events)
    before = stops.there.writes
    assert outcome(_reject(stops)[1]).status == "nothing-to-do", "it is said at both"
    assert stops.there.writes == before


def test_promoted_while_it_is_rejected_the_rejection_is_said_there_too(stops: Stops) -> None:
    status, events = _reject(stops, stops_at=_once(Started, Attest, lambda: _promote(stops)))
    assert VERSION in stops.there.tags["shop"], "nobody had said anything yet"
    assert status is Exit.OK
    said = [it.repository.host for it in outcome(events).done if isinstance(it, Attest)]
    assert said == [stops.here.host, stops.there.host]
    assert outcome(_reject(stops)[1]).status == "nothing-to-do"


def _half_way(stops: Stops) -> str:
    """All but the record's name is there, of a run that was stopped; the image's digest."""
    stopped = _promote(stops, stops_at=lambda it: isinstance(it, Ended) and isinstance(it.step, TagImage))
    assert stopped[0] is Exit.CANCELLED
    assert VERSION not in stops.there.tags.get("shop", {})
    return stops.digest()


def test_what_was_skipped_as_there_and_is_cleaned_up_meanwhile_is_copied_again(stops: Stops) -> None:
    digest = _half_way(stops)

    def clean() -> None:
        assert stops.there.folder.delete_manifest("shop/web", digest)
        for it in stops.there.folder.blobs("shop/web"):
            stops.there.folder.unlink("shop/web", it)

    status, events = _promote(stops, stops_at=_once(Started, TagRecord, clean))
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and "was deleted meanwhile; it is copied again" in it.text for it in events)
    assert stops.there.tags["shop/web"][VERSION] == digest
    manifest = stops.manifest(stops.there, "shop/web", digest)
    assert {it["digest"] for it in (manifest["config"], *manifest["layers"])} <= set(stops.there.blobs["shop/web"])


def test_what_cannot_be_had_there_again_gets_no_name(stops: Stops) -> None:
    digest = _half_way(stops)

    def clean() -> None:
        stops.there.folder.delete_manifest("shop/web", digest)
        stops.there.fault("PUT manifests", status=403, times=10_000)

    status, _ = _promote(stops, stops_at=_once(Started, TagRecord, clean))
    assert status is Exit.FORBIDDEN
    assert VERSION not in stops.there.tags.get("shop", {})
    stops.there.running.faults.clear()
    assert _promote(stops)[0] is Exit.OK


def test_what_nobody_deletes_is_read_back_and_written_once(stops: Stops) -> None:
    _half_way(stops)
    stops.forget()
    status, events = _promote(stops)
    assert (status, stops.there.writes) == (Exit.OK, 1)
    assert not any(isinstance(it, Warned) for it in events)
