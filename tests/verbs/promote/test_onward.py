"""`promote --deploy`: one story of two chapters; what keeps the deploy from going keeps the release from moving."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.errors import Exit, Unavailable
from paasctl.model.event import Event, Noted, Planned
from paasctl.model.kube import Target
from paasctl.model.plan import Apply, AwaitReady
from paasctl.model.promoting import NotePromotion, TagRecord
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import PromoteTyped
from support.conducted import go
from support.promoting import VERSION, Stops, facts, outcome, plan
from support.rollouts import Rollout
from support.world import HOLDER


def _environments(stops: Stops, words: str = "showcase: {cluster: testbed, registry: rc}") -> None:
    paas = stops.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("environments: {", f"environments: {{{words}, "))


def _go(
    stops: Stops, *versions: str, to: str = "showcase", clusters: tuple[str, ...] = (), **how: Any
) -> tuple[Exit, list[Event]]:
    """Another run, on the same cluster."""
    world = stops.world.afresh()
    try:
        return go(Onward(asked=PromoteTyped(versions=versions or (VERSION,), to=to), clusters=clusters), world, **how)
    finally:
        for it in world.clients.values():
            it.close()


def _is_there(stops: Stops) -> bool:
    return VERSION in stops.there.tags.get("shop", {})


def _nothing_moved(stops: Stops) -> bool:
    return stops.there.writes == 0 and not stops.world.only_cluster.state


def test_a_dry_run_tells_both_chapters_and_what_cannot_be_known_yet(stops: Stops) -> None:
    _environments(stops)
    status, events = _go(stops, dry_run=True)
    assert status is Exit.OK
    assert [it.verb for it in plan(events).then] == ["deploy"]
    told = {type(it) for it in outcome(events).left}
    assert {TagRecord, NotePromotion, Apply, AwaitReady} <= told
    said = [it.text for it in events if isinstance(it, Noted)]
    assert "showcase is planned as if 0.1.0 had arrived in rc" in said
    assert f"whether its nodes can pull from {stops.there.host}/shop shows when they do" in said
    (web,) = (it for it in outcome(events).left if isinstance(it, Apply) and it.manifest.key.kind == "Deployment")
    image = web.manifest.body["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"{stops.there.host}/shop/web@{stops.digest()}"
    assert _nothing_moved(stops)


def test_it_is_promoted_and_runs_and_a_second_time_there_is_nothing_to_do(stops: Stops) -> None:
    _environments(stops)
    status, events = _go(stops)
    told = outcome(events)
    assert (status, told.status) == (Exit.OK, "done")
    assert [(it.verb, it.status, bool(it.done)) for it in told.chapters] == [
        ("promote", "done", True),
        ("deploy", "done", True),
    ]
    assert told.done == tuple(step for it in told.chapters for step in it.done)
    assert facts(events)["image.web"] == f"{stops.there.host}/shop/web@{stops.digest()}"
    assert (facts(events)["version"], facts(events)["environment"]) == (VERSION, "showcase")
    assert [it.round for it in events if isinstance(it, Planned)] == [1, 2]
    stops.forget()
    status, events = _go(stops)
    assert (status, outcome(events).status, stops.there.writes) == (Exit.OK, "nothing-to-do", 0)
    assert [it.status for it in outcome(events).chapters] == ["nothing-to-do", "nothing-to-do"]


def test_what_was_planned_is_what_is_done(stops: Stops) -> None:
    _environments(stops)
    shown = plan(_go(stops, dry_run=True)[1]).then[0]
    done = [it.plan for it in _go(stops)[1] if isinstance(it, Planned)][1]
    assert done.stages == shown.stages


def test_what_is_promoted_already_is_only_deployed(stops: Stops) -> None:
    _environments(stops)
    assert stops.promote()[0] is Exit.OK
    stops.forget()
    status, events = _go(stops)
    assert (status, stops.there.writes) == (Exit.OK, 0)
    assert [it.status for it in outcome(events).chapters] == ["nothing-to-do", "done"]
    assert outcome(events).status == "done"
    assert any(isinstance(it, Noted) and it.text == "0.1.0 is in rc already" for it in events)


def test_a_registry_leads_to_the_only_environment_that_takes_from_it(stops: Stops) -> None:
    _environments(stops)
    status, events = _go(stops, to="rc")
    assert (status, facts(events)["environment"]) == (Exit.OK, "showcase")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("other: {cluster: testbed, registry: dev}", "leave --deploy out"),
        ("a: {cluster: testbed, registry: rc}, b: {cluster: testbed, registry: rc}", "--to a or b"),
    ],
    ids=["nobody takes from it", "several do"],
)
def test_a_registry_that_leads_nowhere_or_to_several(stops: Stops, words: str, said: str) -> None:
    _environments(stops, words)
    status, events = _go(stops, to="rc")
    assert status is Exit.USAGE
    assert outcome(events).problems[0].hint.startswith(said)
    assert _nothing_moved(stops)


def test_one_release_runs_in_an_environment(stops: Stops) -> None:
    _environments(stops)
    status, events = _go(stops, "0.1.0", "0.1.1")
    assert (status, outcome(events).problems[0].hint) == (
        Exit.USAGE,
        "paasctl promote VERSION --to showcase --deploy",
    )


@pytest.mark.parametrize(("answer", "code"), [(None, "protected"), (False, "declined")])
def test_a_protected_environment_asks_before_anything_is_promoted(stops: Stops, answer: bool | None, code: str) -> None:
    _environments(stops, "showcase: {cluster: testbed, registry: rc, protected: true}")
    uid = stops.world.only_cluster.identity().uid
    paas = stops.world.project / "paas.yaml"
    paas.write_bytes(stops.world.with_identity("testbed", uid))
    asked = list[str]()

    def agreed(plan: Any) -> bool | None:
        asked.append(plan.asks)
        return answer

    status, events = _go(stops, agreed=agreed)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, code)
    assert _nothing_moved(stops)
    asked.clear()

    def yes(plan: Any) -> bool | None:
        asked.append(plan.asks)
        return True

    assert _go(stops, agreed=yes)[0] is Exit.OK
    assert len(asked) == 1, "both chapters are agreed to at once"


def test_a_wrong_cluster_stops_the_promotion(stops: Stops) -> None:  # D1
    _environments(stops)
    paas = stops.world.project / "paas.yaml"
    paas.write_bytes(stops.world.with_identity("testbed", "another"))
    status, events = _go(stops)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "wrong-cluster")
    assert _nothing_moved(stops)


def test_a_cluster_that_does_not_answer_stops_the_promotion(stops: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    _environments(stops)

    def offers(_: object) -> Any:
        raise Unavailable("asking testbed: no answer")

    monkeypatch.setattr(type(stops.world.only_cluster), "offers", offers)
    assert _go(stops)[0] is Exit.UNAVAILABLE
    assert _nothing_moved(stops)


def test_a_closed_gate_stops_both(stops: Stops) -> None:
    _environments(stops, "showcase: {cluster: testbed, registry: rc, after: [dev]}")
    status, events = _go(stops)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "gate-closed")
    assert _nothing_moved(stops)


def test_a_bad_rollout_is_the_verdict_and_the_release_stays_promoted(stops: Stops) -> None:
    _environments(stops)
    assert _go(stops)[0] is Exit.OK
    (stops.world.project / "site" / "run").write_text("two\n")
    stops.release()
    stops.world.only_cluster.rollouts = {"Deployment/web": Rollout("never")}
    status, events = _go(stops, "0.1.1")
    told = outcome(events)
    assert (status, told.status) == (Exit.FAILED, "failed")
    assert [(it.verb, it.status) for it in told.chapters] == [("promote", "done"), ("deploy", "failed")]
    assert "0.1.1" in stops.there.tags["shop"]
    assert told.back == "paasctl rollback showcase"


def test_a_promotion_that_breaks_on_the_way_deploys_nothing_and_goes_on_when_run_again(stops: Stops) -> None:
    _environments(stops)
    stops.there.fault("PUT manifests", status=403, times=10_000)
    status, events = _go(stops)
    told = outcome(events)
    assert status is told.exit is not Exit.OK
    assert [it.verb for it in told.chapters] == ["promote"]
    assert any(isinstance(it, Apply) for it in told.left)
    assert not _is_there(stops)
    assert not stops.world.only_cluster.state
    stops.there.running.faults.clear()
    assert _go(stops)[0] is Exit.OK
    assert _is_there(stops)


def test_a_cluster_that_goes_away_between_the_chapters_is_the_deploys_failure(
    stops: Stops, monkeypatch: pytest.MonkeyPatch
) -> None:
    _environments(stops)
    kind = type(stops.world.only_cluster)
    offers = kind.offers

    def gone(cluster: Any) -> Any:
        if _is_there(stops):
            raise Unavailable("asking testbed: no answer")
        return offers(cluster)

    monkeypatch.setattr(kind, "offers", gone)
    status, events = _go(stops)
    told = outcome(events)
    assert (status, told.status, [it.message for it in told.problems]) == (
        Exit.UNAVAILABLE,
        "failed",
        ["asking testbed: no answer"],
    )
    assert [(it.verb, it.status, it.exit) for it in told.chapters] == [
        ("promote", "done", Exit.OK),
        ("deploy", "failed", Exit.UNAVAILABLE),
    ]
    assert any(isinstance(it, Apply) for it in told.left)
    monkeypatch.undo()
    assert _go(stops)[0] is Exit.OK


def test_somebody_holds_the_target_when_the_release_has_arrived(stops: Stops) -> None:
    _environments(stops)
    target = Target("testbed", "shop-showcase", "shop")
    stops.world.only_cluster.strangers[target] = HOLDER
    status, events = _go(stops)
    told = outcome(events)
    assert (status, told.status, [it.status for it in told.chapters]) == (Exit.LOCKED, "failed", ["done", "refused"])
    assert _is_there(stops)
    stops.world.only_cluster.strangers.clear()
    assert _go(stops)[0] is Exit.OK


def test_deploy_takes_up_where_a_run_was_killed_between_the_chapters(stops: Stops) -> None:
    _environments(stops)
    assert stops.promote()[0] is Exit.OK  # all that such a run has left
    world = stops.world.afresh()
    assert go(Deploy(environment="showcase", version=VERSION), world)[0] is Exit.OK
    assert outcome(_go(stops)[1]).status == "nothing-to-do"
