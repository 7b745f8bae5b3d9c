"""What lies under a version's name is another release: a yes to the one opens nothing for the other."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.verbs.deploy import Deploy
from support.approving import approve, wants
from support.conducted import go
from support.promoting import VERSION, Stops, outcome


def _move(stops: Stops) -> None:
    stops.here.tags["shop"]["0.2.0"] = stops.digest(path="shop")
    stops.forget()


def test_it_is_not_promoted(stops: Stops) -> None:
    _move(stops)
    status, events = stops.promote("0.2.0")
    (problem,) = outcome(events).problems
    assert (status, problem.code, stops.there.writes) == (Exit.REFUSED, "release-misnamed", 0)
    assert problem.message == f"promoting 0.2.0 to rc: what lies under that name is shop {VERSION}"


def test_nobody_approves_one_release_by_another_ones_name(stops: Stops) -> None:
    wants(stops)
    _move(stops)
    status, events = approve(stops, version="0.2.0")
    assert (status, outcome(events).problems[0].code, stops.here.writes) == (Exit.REFUSED, "release-misnamed", 0)


def test_it_is_not_deployed(stops: Stops) -> None:
    _move(stops)
    status, events = go(Deploy(environment="dev", version="0.2.0"), stops.world.afresh())
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "release-misnamed")
    assert not stops.world.only_cluster.state


def test_a_neighbours_release_in_the_same_repository_is_not_ours_to_promote(stops: Stops) -> None:
    paas = stops.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("app: shop", "app: shelf"))
    stops.forget()
    status, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.code, stops.there.writes) == (Exit.REFUSED, "other-app", 0)
    status, events = stops.promote(every=True)
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")
