"""`promote` to several goals: one after the other, each judged when its turn comes; a failure stops what follows it."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Ended, Event, Noted, Planned, Warned
from paasctl.model.plan import TagImage
from paasctl.model.promoting import NotePromotion, TagRecord
from support.promoting import VERSION, Wide, facts, outcome, table
from support.rollouts import Rollout


def _said(events: list[Event]) -> list[str]:
    return [it.text for it in events if isinstance(it, Noted | Warned)]


def test_a_chain_goes_through_in_one_command_and_twice_is_nothing_to_do(wide: Wide) -> None:
    wide.release()
    status, events = wide.along(VERSION, "0.1.1", to="rc eu us")
    told = outcome(events)
    assert (status, told.status, told.subject) == (Exit.OK, "done", "2 versions to rc, eu, us")
    assert wide.names() == {it: {VERSION, "0.1.1"} for it in ("rc", "eu", "us")}
    assert table(events) == {f"{v} {goal}": "promoted" for goal in ("rc", "eu", "us") for v in (VERSION, "0.1.1")}
    assert [it.plan.goal for it in events if isinstance(it, Planned)] == ["rc", "eu", "us"]
    assert [it.origin.name for it in told.done if isinstance(it, NotePromotion)] == ["dev"] * 2 + ["rc"] * 2 + [
        "eu"
    ] * 2
    wide.forget()
    status, events = wide.along(VERSION, "0.1.1", to="rc eu us")
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")
    assert set(table(events).values()) == {"nothing to do"}
    assert (wide.there.writes, outcome(events).done) == (0, ())


def test_one_version_has_its_results_by_goal(wide: Wide) -> None:
    found = facts(wide.along(to="rc eu")[1])
    assert found["version"] == VERSION
    assert found["record.rc"] == f"{wide.there.host}/shop@{wide.digest(path='shop')}"
    assert found["image.eu.web"] == f"{wide.eu.host}/shop/web@{wide.digest()}"
    assert found["version.0.1.0.eu"] == "promoted"
    assert int(found["blobs.sent"]) > 0
    assert "record" not in found, "of which goal?"


def test_all_that_is_missing_goes_along_the_chain(wide: Wide) -> None:
    wide.release()
    assert wide.promote(VERSION, to="rc")[0] is Exit.OK
    status, events = wide.along(to="rc eu", every=True)
    assert status is Exit.OK
    assert table(events) == {"0.1.1 rc": "promoted", "0.1.0 eu": "promoted", "0.1.1 eu": "promoted"}
    status, events = wide.along(to="rc eu", every=True)
    assert (status, outcome(events).status, table(events)) == (Exit.OK, "nothing-to-do", {})


def test_what_is_refused_at_one_goal_is_refused_where_it_would_come_from_there_and_all_else_goes_on(wide: Wide) -> None:
    wide.release()
    wide.there.put_image("shop/web", b"other", tag=VERSION)
    status, events = wide.along(VERSION, "0.1.1", to="rc eu")
    assert status is Exit.FAILED, "4 would say that nothing changed"
    assert table(events) == {
        "0.1.0 rc": "refused: tag-taken",
        "0.1.1 rc": "promoted",
        "0.1.1 eu": "promoted",
        "0.1.0 eu": "refused, it did not reach rc: tag-taken",
    }
    assert [it.code for it in outcome(events).problems] == ["tag-taken"], "the cause is told once"
    assert any(it.startswith("promoting 0.1.0 to eu: it did not reach rc") for it in _said(events))
    assert (wide.names()["rc"], wide.names()["eu"]) == ({"0.1.1"}, {"0.1.1"})


def test_where_everything_is_refused_nothing_changed_and_the_exit_says_so(wide: Wide) -> None:
    wide.there.put_image("shop/web", b"other", tag=VERSION)
    wide.forget()
    status, events = wide.along(to="rc eu us")
    told = outcome(events)
    assert (status, told.status, told.done) == (Exit.REFUSED, "refused", ())
    assert table(events)["0.1.0 us"] == "refused, it did not reach eu: tag-taken"
    assert wide.names() == {"rc": set(), "eu": set(), "us": set()}


def test_goals_that_do_not_feed_one_another_go_on(wide: Wide) -> None:
    wide.there.put_image("shop/web", b"other", tag=VERSION)
    status, events = wide.along(to="rc eu us", origin="dev")
    assert status is Exit.FAILED
    assert table(events) == {"0.1.0 rc": "refused: tag-taken", "0.1.0 eu": "promoted", "0.1.0 us": "promoted"}


def test_the_order_given_is_the_order_done(wide: Wide) -> None:
    status, events = wide.along(to="eu rc")
    assert status is Exit.FAILED
    assert table(events) == {"0.1.0 eu": "refused: release-not-found", "0.1.0 rc": "promoted"}


@pytest.mark.parametrize("goals", ["rc eu", "eu rc", "us"])
def test_a_second_registry_that_is_dead_stops_only_what_comes_through_it(wide: Wide, goals: str) -> None:
    """`--from dev`: every goal for itself."""
    wide.release()
    paas = wide.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace(wide.eu.host, "127.0.0.1:1"))
    status, events = wide.along(VERSION, "0.1.1", to=f"{goals} eu us", origin="dev")
    assert status is Exit.UNAVAILABLE, "what failed has that in common, and it is never *no*"
    told = table(events)
    for it in (VERSION, "0.1.1"):
        assert told[f"{it} eu"] == "failed: unavailable"
        assert told[f"{it} us"] == "promoted"
    assert wide.names()["us"] == {VERSION, "0.1.1"}


def test_a_403_at_the_second_of_three_in_a_chain(wide: Wide) -> None:
    wide.eu.fault("POST uploads", status=403, times=10_000)
    status, events = wide.along(to="rc eu us")
    assert status is Exit.FORBIDDEN
    told = table(events)
    assert told["0.1.0 rc"] == "promoted"
    assert told["0.1.0 eu"].startswith("failed: ")
    assert told["0.1.0 us"].startswith("failed, it did not reach eu: ")
    assert wide.names() == {"rc": {VERSION}, "eu": set(), "us": set()}
    wide.eu.running.faults.clear()
    status, events = wide.along(to="rc eu us")
    assert status is Exit.OK
    assert table(events) == {"0.1.0 rc": "nothing to do", "0.1.0 eu": "promoted", "0.1.0 us": "promoted"}


def test_a_gate_is_judged_when_its_turn_has_come(wide: Wide) -> None:
    wide.environments(
        "showcase: {cluster: testbed, registry: rc}, last: {cluster: testbed, registry: eu, after: [showcase]}"
    )
    status, events = wide.along(to="rc last")
    assert status is Exit.FAILED
    assert table(events) == {"0.1.0 rc": "promoted", "0.1.0 eu": "refused: gate-closed"}
    status, events = wide.along(to="showcase last", onward=True)
    assert status is Exit.OK, "what was deployed on the way has opened it"
    assert table(events) == {
        "0.1.0 rc": "nothing to do, runs in showcase",
        "0.1.0 eu": "promoted, runs in last",
    }


def test_a_dry_run_says_of_what_is_still_on_its_way_that_it_is(wide: Wide) -> None:
    wide.release()
    assert wide.promote(VERSION, to="rc")[0] is Exit.OK
    wide.forget()
    status, events = wide.along(VERSION, "0.1.1", to="rc eu us", dry_run=True)
    told = outcome(events)
    assert (status, told.status) == (Exit.OK, "dry-run")
    assert table(events) == {
        "0.1.0 rc": "nothing to do",
        "0.1.1 rc": "planned",
        "0.1.0 eu": "planned",
        "0.1.1 eu": "planned after rc",
        "0.1.0 us": "planned after eu",
        "0.1.1 us": "planned after eu",
    }
    named = [(it.version, it.repository.host) for it in told.left if isinstance(it, TagRecord)]
    assert named == [("0.1.1", wide.there.host), (VERSION, wide.eu.host)], "no step is told that nobody can know yet"
    assert "0.1.1 to eu: planned after rc" in _said(events)
    assert not any("not-found" in it.code for it in told.problems)
    assert wide.there.writes == 0
    assert wide.along(VERSION, to="rc eu us", dry_run=True, exit_code=True)[0] is Exit.CHANGES


def test_a_dry_run_of_all_that_is_missing(wide: Wide) -> None:
    wide.release()
    assert wide.promote(VERSION, to="eu", origin="dev")[0] is Exit.OK
    _, events = wide.along(to="rc eu", every=True, dry_run=True)
    assert table(events) == {"0.1.0 rc": "planned", "0.1.1 rc": "planned", "0.1.1 eu": "planned after rc"}


def test_a_dry_run_foresees_what_is_wrong_with_a_later_goal(wide: Wide) -> None:
    wide.eu.put_image("shop/web", b"other", tag=VERSION)
    status, events = wide.along(to="rc eu us", dry_run=True)
    assert (status, outcome(events).status) == (Exit.REFUSED, "dry-run")
    assert table(events) == {
        "0.1.0 rc": "planned",
        "0.1.0 eu": "refused: tag-taken",
        "0.1.0 us": "refused, it did not reach eu: tag-taken",
    }
    assert any(it.startswith("as things are now: promoting 0.1.0 to eu") for it in _said(events))


def test_a_dry_run_does_not_take_a_gate_for_closed_that_a_deploy_on_the_way_may_open(wide: Wide) -> None:
    wide.environments(
        "showcase: {cluster: testbed, registry: rc}, last: {cluster: testbed, registry: eu, after: [showcase]}"
    )
    status, events = wide.along(to="rc last", dry_run=True)
    assert (status, table(events)["0.1.0 eu"]) == (Exit.REFUSED, "refused: gate-closed")
    status, events = wide.along(to="showcase last", onward=True, dry_run=True)
    assert (status, table(events)) == (
        Exit.OK,
        {"0.1.0 rc": "planned, then deploy showcase", "0.1.0 eu": "planned after rc, then deploy last"},
    )
    assert not wide.world.only_cluster.state


@pytest.mark.parametrize(
    "gates",
    [
        "after: [showcase], soak: 1h",
        "after: [testing, showcase]",
        "after: [showcase], frozen: ['2020-01-01 to 2099-01-01']",
    ],
)
def test_a_dry_run_foresees_a_gate_that_no_deploy_on_the_way_opens(wide: Wide, gates: str) -> None:
    wide.environments(
        "testing: {cluster: testbed, registry: dev}, showcase: {cluster: testbed, registry: rc}, "
        f"last: {{cluster: testbed, registry: eu, {gates}}}"
    )
    status, events = wide.along(to="showcase last", onward=True, dry_run=True)
    assert (status, table(events)["0.1.0 eu"]) == (Exit.REFUSED, "refused: gate-closed")


@pytest.mark.parametrize(
    ("at", "rows"),
    [
        (lambda it: isinstance(it, Noted) and it.text.startswith("goal 2 of 3"), ["promoted", "failed: cancelled"]),
        (lambda it: isinstance(it, Ended) and isinstance(it.step, TagImage), ["failed: cancelled", "not reached"]),
    ],
    ids=["between two goals", "in the midst of one"],
)
def test_stopped_what_was_done_is_said_and_the_rest_is_declared(wide: Wide, at: Any, rows: list[str]) -> None:
    status, events = wide.along(to="rc eu us", stops_at=at)
    told = outcome(events)
    assert (status, told.status) == (Exit.CANCELLED, "cancelled")
    assert list(table(events).values()) == [*rows, "not reached"]
    assert told.done
    assert [it.code for it in told.problems] == ["cancelled"]
    assert wide.along(to="rc eu us")[0] is Exit.OK
    assert wide.names() == {it: {VERSION} for it in ("rc", "eu", "us")}


def test_a_goal_that_is_named_twice_counts_once(wide: Wide) -> None:
    wide.environments("showcase: {cluster: testbed, registry: rc}")
    _, events = wide.along(to="rc showcase rc eu")
    assert list(table(events)) == ["0.1.0 rc", "0.1.0 eu"]


def test_a_slip_is_told_before_anything_moves(wide: Wide) -> None:
    for to in ("rc nowhere", "rc dev"):
        status, events = wide.along(to=to)
        assert (status, outcome(events).status) == (Exit.USAGE, "failed")
    assert wide.along(to="rc eu", every=True, overridden=("after",))[0] is Exit.USAGE
    assert wide.along(VERSION, to="rc eu", every=True)[0] is Exit.USAGE
    assert wide.there.writes == 0


_CHAIN = "showcase: {cluster: testbed, registry: rc}, last: {cluster: testbed, registry: eu%s}"


def test_a_rollout_that_turned_bad_keeps_the_release_from_going_on(wide: Wide) -> None:
    wide.environments(_CHAIN % "")
    wide.world.only_cluster.rollouts = {"Deployment/web": Rollout("never")}
    status, events = wide.along(to="showcase last", onward=True)
    assert status is Exit.FAILED
    assert table(events) == {
        "0.1.0 rc": "promoted, deploy showcase failed: rollout-late",
        "0.1.0 eu": "failed, it does not run well at rc: rollout-late",
    }
    assert wide.names()["eu"] == set()


def test_environments_of_one_registry_are_deployed_each(wide: Wide) -> None:
    wide.environments("one: {cluster: testbed, registry: rc}, two: {cluster: testbed, registry: rc}")
    _, events = wide.along(to="one two", onward=True, dry_run=True)
    assert [it.word for it in outcome(events).rows] == ["planned, then deploy one", "planned after rc, then deploy two"]
    status, events = wide.along(to="one two", onward=True)
    assert status is Exit.OK
    assert [it.word for it in outcome(events).rows] == ["promoted, runs in one", "nothing to do, runs in two"]
    assert [it.status for it in outcome(events).chapters] == ["done", "done"]


def test_a_protected_environment_at_the_end_is_agreed_to_before_anything_moves(wide: Wide) -> None:
    wide.environments(_CHAIN % ", protected: true")
    status, events = wide.along(to="showcase last", onward=True, agreed=lambda _: None)
    assert (status, [it.code for it in outcome(events).problems]) == (Exit.REFUSED, ["protected"])
    assert "last is protected" in outcome(events).problems[0].message
    assert wide.names() == {"rc": set(), "eu": set(), "us": set()}


def test_deploys_that_make_no_sense_are_refused_before_anything_moves(wide: Wide) -> None:
    wide.environments(_CHAIN % "")
    cases: list[dict[str, Any]] = [
        {"to": "rc eu"},
        {"to": "showcase last", "every": True},
        {"to": "showcase last", "clusters": ("testbed",)},
    ]
    for it in cases:
        assert wide.along(onward=True, **it)[0] is Exit.USAGE, it
    assert wide.there.writes == 0


_GATED = (
    "one: {cluster: testbed, registry: rc}, two: {cluster: testbed, registry: rc, after: [one]}, "
    "three: {cluster: testbed, registry: eu, after: [one]}"
)


@pytest.mark.parametrize("goals", ["one two", "one three", "one two three", "one eu"])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_dry_run_ends_as_the_run_would_wherever_the_release_is_already(
    wide: Wide, goals: str, is_there: bool
) -> None:
    wide.environments(_GATED)
    if is_there:
        assert wide.promote(to="rc")[0] is Exit.OK
    status, events = wide.along(to=goals, onward=True, dry_run=True)
    assert (status, outcome(events).problems) == (Exit.OK, ())
    assert all(it.state in ("planned", "nothing to do") for it in outcome(events).rows)
    assert wide.along(to=goals, onward=True)[0] is Exit.OK


def test_a_dry_run_opens_no_gate_that_nothing_on_the_way_opens(wide: Wide) -> None:
    wide.environments(_GATED)
    assert wide.promote(to="rc")[0] is Exit.OK
    for goals in ("two one", "two three"):
        assert wide.along(to=goals, onward=True, dry_run=True)[0] is Exit.REFUSED, goals


def test_what_arrived_and_does_not_run_well_is_told_as_that(wide: Wide) -> None:
    wide.environments(_GATED)
    wide.world.only_cluster.rollouts = {"Deployment/web": Rollout("never")}
    _, events = wide.along(to="one two three", onward=True)
    assert [it.word for it in outcome(events).rows] == [
        "promoted, deploy one failed: rollout-late",
        "refused: gate-closed",
        "refused, it does not run well at rc: gate-closed",
    ]
    told = facts(events)
    assert told["version.0.1.0.rc"] == "promoted, deploy one failed: rollout-late; refused: gate-closed"
