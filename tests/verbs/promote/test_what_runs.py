"""What a release brings beside what runs where it goes: read from the clusters, never guessed, never waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, Exit, Forbidden, PaasError, Unavailable
from paasctl.model.promoting import Brings, Spot, TagRecord
from paasctl.verbs import running
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import PromoteTyped
from support.cluster import FakeCluster
from support.conducted import go
from support.promoting import VERSION, Stops, outcome, plan

_SHOWCASE = "showcase: {cluster: testbed, registry: rc}"
_HERE = (Spot(environment="showcase", cluster="testbed"),)


def _environments(stops: Stops, words: str = _SHOWCASE, clusters: str = "") -> None:
    paas = stops.world.project / "paas.yaml"
    text = paas.read_text().replace("environments: {", f"environments: {{{words}, ")
    paas.write_text(text.replace("clusters: {", f"clusters: {{{clusters}"))


def _brings(stops: Stops, version: str, to: str = "showcase") -> tuple[Brings, ...]:
    status, events = stops.promote(version, to=to, dry_run=True)
    assert status is Exit.OK
    (named,) = (it for it in plan(events).steps if isinstance(it, TagRecord))
    found: tuple[Brings, ...] = named.brings
    return found


def _deploy(stops: Stops, version: str, environment: str = "showcase", **how: Any) -> None:
    assert go(Deploy(environment=environment, version=version, **how), stops.world)[0] is Exit.OK


@pytest.fixture
def runs(stops: Stops) -> Stops:
    """0.1.0 runs in showcase, 0.1.1 lies in its registry, 0.1.2 is new."""
    _environments(stops)
    stops.release("fix: two")
    stops.release("feat: three")
    assert stops.promote("0.1.0", "0.1.1")[0] is Exit.OK
    _deploy(stops, "0.1.0")
    stops.world.only_cluster.reads.clear()
    stops.forget()
    return stops


def _nobody_asked(stops: Stops) -> bool:
    return not stops.world.only_cluster.reads


def test_it_stands_beside_what_runs_and_not_beside_what_only_lies_there(runs: Stops) -> None:
    (found,) = _brings(runs, "0.1.2")
    assert (found.since, found.at, found.back) == ("0.1.0", _HERE, False)
    assert found.commits == ("feat: three", "fix: two")
    (lies,) = runs.there.tags["shop"].keys() - {"0.1.0"}
    assert lies == "0.1.1"


def test_a_registry_stands_for_the_environments_that_take_from_it(runs: Stops) -> None:
    _environments(runs, "demo: {cluster: testbed, registry: rc}")
    assert [(it.since, it.at) for it in _brings(runs, "0.1.2", to="rc")] == [
        ("0.1.0", _HERE),
        ("", (Spot(environment="demo", cluster="testbed"),)),
    ]
    assert runs.world.only_cluster.reads["hurried"] == 1, "a cluster is met once, for all environments"
    assert [it.at for it in _brings(runs, "0.1.2")] == [_HERE], "the one that was named"


def test_where_a_later_one_runs_it_goes_back(runs: Stops) -> None:
    _deploy(runs, "0.1.1")
    runs.release("fix: four")
    assert runs.promote("0.1.3")[0] is Exit.OK
    _deploy(runs, "0.1.3")
    (found,) = _brings(runs, "0.1.2")
    assert (found.since, found.back, found.commits) == ("0.1.3", True, ("fix: four",))


def test_where_nothing_runs_it_is_the_first(stops: Stops) -> None:
    _environments(stops)
    (found,) = _brings(stops, VERSION)
    assert (found.since, found.at, found.unknown, found.commits) == ("", _HERE, "", ("feat: one",))


def test_of_several_each_stands_beside_what_runs(runs: Stops) -> None:
    runs.release("fix: four")
    steps = plan(runs.promote(every=True, to="rc", dry_run=True)[1]).steps
    assert [(of.since, len(of.commits)) for it in steps if isinstance(it, TagRecord) for of in it.brings] == [
        ("0.1.0", 2),
        ("0.1.0", 3),
    ]
    assert runs.world.only_cluster.reads["snapshot"] == 1, "the cluster is asked once"


def test_clusters_that_differ_are_told_apart(stops: Stops) -> None:
    _environments(stops, "showcase: {clusters: [testbed, two], registry: rc}", clusters="two: {context: two}, ")
    stops.world.other_clusters["two"] = FakeCluster(name="two")
    stops.release("fix: two")
    stops.release("feat: three")
    assert stops.promote("0.1.0", "0.1.1")[0] is Exit.OK
    _deploy(stops, "0.1.0")
    _deploy(stops, "0.1.1", clusters=("two",))
    assert [(it.since, [of.cluster for of in it.at], it.commits) for it in _brings(stops, "0.1.2")] == [
        ("0.1.0", ["testbed"], ("feat: three", "fix: two")),
        ("0.1.1", ["two"], ("feat: three",)),
    ]


def test_what_only_has_jobs_is_told_by_its_history(runs: Stops) -> None:
    cluster = runs.world.only_cluster
    for body in cluster.objects.values():
        if body["kind"] == "Deployment":
            body["metadata"]["annotations"].pop("paasctl.dev/version")
    assert [it.since for it in _brings(runs, "0.1.2")] == ["0.1.0"]


FAULTS: dict[str, PaasError] = {
    "dead": Unavailable("reading namespace shop-showcase: https://testbed does not answer"),
    "forbidden": Forbidden("reading namespace shop-showcase: the caller may not", hint="ask an admin"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cluster_that_cannot_be_read_is_said_and_stops_nothing(
    runs: Stops, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def broken(*_: object) -> bool:
        raise FAULTS[fault]

    monkeypatch.setattr(runs.world.only_cluster, "namespace_exists", broken)
    unknown, registry = _brings(runs, "0.1.2")
    assert (unknown.since, unknown.at, unknown.unknown) == ("", _HERE, FAULTS[fault].message)
    assert (registry.since, registry.at, registry.commits) == ("0.1.1", (), ("feat: three",))
    status, events = runs.promote("0.1.2", to="showcase")
    assert (status, outcome(events).status, outcome(events).problems) == (Exit.OK, "done", ())


def test_another_cluster_behind_its_name_is_not_believed(runs: Stops) -> None:  # D1
    paas = runs.world.project / "paas.yaml"
    paas.write_bytes(runs.world.with_identity("testbed", "another"))
    unknown, _ = _brings(runs, "0.1.2")
    assert unknown.unknown.startswith("asking cluster testbed: context 'testbed' leads to another cluster")


def _stalls(runs: Stops, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Until it is let go."""
    gone = threading.Event()

    def stall(_: str) -> bool:
        assert gone.wait(60)
        raise Unavailable("too late")

    monkeypatch.setattr(runs.world.only_cluster, "namespace_exists", stall)
    return gone.set


def test_a_cluster_that_stalls_is_not_waited_for(runs: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.2)
    let_go = _stalls(runs, monkeypatch)
    unknown, registry = _brings(runs, "0.1.2")
    assert (unknown.unknown, registry.since) == ("asking testbed: no answer within 0.2 s", "0.1.1")
    let_go()


def test_whoever_is_asked_to_stop_waits_for_no_cluster(runs: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = _stalls(runs, monkeypatch)
    begun = running.glance(runs.world, [running_place(runs)])
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Cancelled):
        begun.look(cancel)
    let_go()


def running_place(runs: Stops) -> Any:
    from paasctl.verbs.reading import place

    return place(runs.world.config, "showcase")


def test_the_run_ends_where_its_time_ran_out_in_a_cluster(runs: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: str) -> bool:
        raise Cancelled("stopped at your request")

    monkeypatch.setattr(runs.world.only_cluster, "namespace_exists", stopped)
    assert runs.promote("0.1.2", to="showcase", dry_run=True)[0] is Exit.CANCELLED


def test_what_clusters_say_decides_nothing(runs: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> list[Any]:
        found = plan(runs.promote("0.1.2", to="showcase", dry_run=True)[1]).steps
        return [replace(it, brings=()) if isinstance(it, TagRecord) else it for it in found]

    known = steps()
    monkeypatch.setattr(runs.world.only_cluster, "namespace_exists", _broken)
    assert steps() == known


def _broken(*_: object) -> bool:
    raise Unavailable("asking testbed: no route to host")


def test_no_cluster_is_asked_where_nobody_would_see_it(runs: Stops) -> None:
    assert runs.promote("0.1.1", to="showcase")[0] is Exit.OK
    assert runs.promote("0.1.0", "0.1.1", to="rc")[0] is Exit.OK
    assert runs.promote("9.9.9", to="showcase")[0] is Exit.REFUSED
    assert _nobody_asked(runs), "nothing to do, or refused"


def test_a_closed_gate_asks_no_cluster(stops: Stops) -> None:
    _environments(stops, "showcase: {cluster: testbed, registry: rc, after: [dev]}")
    assert stops.promote(to="showcase")[0] is Exit.REFUSED
    assert _nobody_asked(stops)


def test_a_registry_that_no_environment_takes_from_asks_none_and_the_old_rule_holds(stops: Stops) -> None:
    stops.release("fix: two")
    assert stops.promote(to="rc")[0] is Exit.OK
    (found,) = _brings(stops, "0.1.1", to="rc")
    assert (found.since, found.at, found.commits) == (VERSION, (), ("fix: two",))
    assert _nobody_asked(stops)


def test_a_deploy_that_follows_reads_the_cluster_for_both(runs: Stops) -> None:
    world = runs.world.afresh()
    status, events = go(Onward(asked=PromoteTyped(versions=("0.1.2",), to="showcase")), world, dry_run=True)
    for it in world.clients.values():
        it.close()
    assert status is Exit.OK
    found = [of for it in plan(events).steps if isinstance(it, TagRecord) for of in it.brings]
    assert [(it.since, it.at, len(it.commits)) for it in found] == [("0.1.0", _HERE, 2)]
    assert (runs.world.only_cluster.reads["hurried"], runs.world.only_cluster.reads["owned"]) == (0, 1)
