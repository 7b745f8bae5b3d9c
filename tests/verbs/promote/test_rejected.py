"""`reject` and `unreject`: said in every registry that has the version, and heard wherever it would go on."""

from __future__ import annotations

import pytest

from paasctl.errors import Exit, Unavailable
from paasctl.model.event import Warned
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
from support.conducted import go
from support.promoting import VERSION, Stops, facts, outcome


def _judge(stops: Stops, *, rejects: bool, reason: str = "loses baskets", version: str = VERSION) -> Exit:
    world = stops.world.afresh()
    stops.seconds += 1
    world.clock.time = stops.seconds
    status, events = go(Judge(version=version, rejects=rejects, reason=reason), world)
    assert outcome(events).exit is status
    for it in world.clients.values():
        it.close()
    return status


def test_a_rejected_version_is_not_promoted_until_that_is_taken_back(stops: Stops) -> None:  # M7
    assert _judge(stops, rejects=True) is Exit.OK
    stops.forget()
    status, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "release-rejected")
    assert "a@here rejected 0.1.0 on 2023-11-14T22:13:21" in problem.message
    assert problem.message.endswith(": loses baskets")
    assert stops.there.writes == 0
    assert _judge(stops, rejects=False, reason="it was the proxy") is Exit.OK
    assert stops.promote()[0] is Exit.OK
    assert _judge(stops, rejects=True) is Exit.OK
    assert stops.promote()[0] is Exit.REFUSED


def test_the_last_word_counts_whatever_the_clocks_of_two_machines_say(stops: Stops) -> None:
    stops.seconds = 86400.0
    assert _judge(stops, rejects=True) is Exit.OK
    assert _judge(stops, rejects=False, reason="it was the proxy") is Exit.OK
    stops.seconds = 0.0
    assert _judge(stops, rejects=True) is Exit.OK
    assert outcome(stops.promote()[1]).problems[0].code == "release-rejected"
    assert _judge(stops, rejects=False, reason="and again") is Exit.OK
    assert stops.promote()[0] is Exit.OK


def test_it_is_said_in_every_registry_that_has_it_and_once(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    stops.forget()
    assert _judge(stops, rejects=True) is Exit.OK
    assert stops.here.writes > 0
    assert stops.there.writes > 0
    assert stops.here.received == stops.there.received == 0
    stops.forget()
    assert _judge(stops, rejects=True) is Exit.OK
    assert stops.here.writes == stops.there.writes == 0


def test_a_rejected_version_is_not_deployed(stops: Stops) -> None:
    assert _judge(stops, rejects=True) is Exit.OK
    status, events = go(Deploy(environment="dev", version=VERSION), stops.world.afresh())
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "release-rejected")
    assert not stops.world.only_cluster.state


def _warned(stops: Stops) -> list[tuple[str, str]]:
    _, events = go(Judge(version=VERSION, rejects=True, reason="loses baskets"), stops.world.afresh())
    return [(it.text, it.hint) for it in events if isinstance(it, Warned)]


def test_who_rejects_what_runs_is_told_where_it_goes_on(stops: Stops) -> None:
    assert go(Deploy(environment="dev", version=VERSION), stops.world.afresh())[0] is Exit.OK
    assert _warned(stops) == [
        (
            f"{VERSION} runs in dev on testbed, and goes on: rejecting it stops nothing",
            "paasctl rollback dev   goes back to what ran well before",
        )
    ]


def test_whether_it_runs_could_not_be_found_out_is_said_and_stops_no_rejection(
    stops: Stops, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(*_: object) -> bool:
        raise Unavailable("asking here: no connection")

    monkeypatch.setattr(type(stops.world.only_cluster), "namespace_exists", dead)
    assert [it for it, _ in _warned(stops)] == [
        f"whether {VERSION} runs in dev on testbed could not be found out: asking here: no connection"
    ]
    assert outcome(stops.promote()[1]).problems[0].code == "release-rejected"


def test_of_all_that_is_missing_the_rejected_are_left_out(stops: Stops) -> None:
    stops.release()
    assert _judge(stops, rejects=True) is Exit.OK
    status, events = stops.promote(every=True)
    assert (status, facts(events)["version"]) == (Exit.OK, "0.1.1")
    assert set(stops.there.tags["shop"]) == {"0.1.1"}


def test_whether_it_was_rejected_could_not_be_found_out_is_not_no(stops: Stops) -> None:
    stops.here.fault("GET referrers", status=503, times=10_000)
    assert stops.promote()[0] is Exit.UNAVAILABLE
    assert go(Deploy(environment="dev", version=VERSION), stops.world.afresh())[0] is Exit.UNAVAILABLE
    assert stops.there.writes == 0


@pytest.mark.parametrize(("version", "reason", "status"), [("9.9.9", "why", Exit.REFUSED), (VERSION, "", Exit.USAGE)])
def test_what_cannot_be_rejected(stops: Stops, version: str, reason: str, status: Exit) -> None:
    assert _judge(stops, rejects=True, reason=reason, version=version) is status
    assert stops.here.writes == 0


def test_a_registry_that_does_not_answer_stops_a_rejection(stops: Stops) -> None:
    stops.there.fault("HEAD manifests", status=503, times=10_000)
    assert _judge(stops, rejects=True) is Exit.UNAVAILABLE
    assert stops.here.writes == 0


def test_a_blank_is_no_reason(stops: Stops) -> None:
    assert _judge(stops, rejects=True, reason="  ") is Exit.USAGE


def test_words_that_are_no_utf_8_are_kept_as_well_as_can_be(stops: Stops) -> None:
    assert _judge(stops, rejects=True, reason="k\udcfchlt nicht") is Exit.OK
    assert "k\udcfchlt nicht" in outcome(stops.promote()[1]).problems[0].message
