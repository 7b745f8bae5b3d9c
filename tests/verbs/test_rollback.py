"""`rollback`: what ran well before, with the values of then, if all that it needs can still be had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Forbidden, Unavailable
from paasctl.model.answer import RollbackAnswer
from paasctl.model.event import Event, Noted, Outcome, Planned, Problem, Started, Warned
from paasctl.model.kube import Key
from paasctl.verbs import rollback as module
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.release import Release
from paasctl.verbs.rollback import AskRollback, Rollback
from support.conducted import go
from support.rollouts import Rollout
from support.world import FakeWorld

FIRST, SECOND, THIRD = "0.1.0", "0.1.1", "0.1.2"


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    """Two releases, both deployed well, the second now."""
    world = FakeWorld.make(tmp_path / "one")
    paas = world.project / "paas.yaml"
    text = paas.read_text().replace("replicas: 2,", "env: {COLOUR: '{{ values.colour }}'},")
    paas.write_text(f"{text}values: {{colour: red}}\n")
    _release(world)
    assert _deploy(world) is Exit.OK
    _release(world)
    assert _deploy(world) is Exit.OK
    return world


def _release(world: FakeWorld) -> None:
    (world.project / "site" / "run").write_text(f"{world.git.head}\n")
    world.git.commit("feat: more")
    world.git.publish("origin")
    assert go(Release(), world)[0] is Exit.OK


def _deploy(world: FakeWorld, **how: Any) -> Exit:
    return go(Deploy(environment="dev", **how), world)[0]


def _back(world: FakeWorld, *, dry_run: bool = False, **how: Any) -> tuple[Exit, list[Event]]:
    return go(Rollback(environment="dev", **how), world, dry_run=dry_run)


def _end(events: list[Event]) -> Outcome:
    assert isinstance(events[-1], Outcome)
    return events[-1]


def _problem(found: tuple[Exit, list[Event]], status: Exit = Exit.REFUSED) -> Problem:
    assert found[0] is status
    return _end(found[1]).problems[0]


def _web(world: FakeWorld) -> dict[str, Any]:
    live = next(body for key, body in world.only_cluster.state.items() if key.kind == "Deployment")
    container: dict[str, Any] = live["spec"]["template"]["spec"]["containers"][0]
    return container


def _entries(world: FakeWorld) -> list[tuple[str, str]]:
    """Oldest first: version and outcome."""
    (records,) = world.only_cluster.records.values()
    return [(it.version, it.outcome) for it in records]


def test_the_last_that_ran_well_runs_again(world: FakeWorld) -> None:
    now = _web(world)["image"]
    status, events = _back(world, reason="loses baskets")
    assert status is Exit.OK
    end = _end(events)
    assert (end.verb, end.status) == ("rollback", "done")
    assert dict(end.facts) == {"version": FIRST, "environment": "dev", "from": SECOND}
    assert _web(world)["image"] != now
    assert _entries(world) == [(FIRST, "done"), (SECOND, "done"), (FIRST, "done")]
    (records,) = world.only_cluster.records.values()
    assert records[-1].reason == "loses baskets"
    planned = next(it.plan for it in events if isinstance(it, Planned))
    assert planned.verb == "rollback"


def test_a_second_time_goes_further_back_and_never_forward(world: FakeWorld) -> None:
    _release(world)
    assert _deploy(world) is Exit.OK
    assert _back(world)[0] is Exit.OK
    assert dict(_end(_back(world)[1]).facts)["version"] == FIRST
    problem = _problem(_back(world))
    assert (problem.code, problem.message) == ("no-way-back", "rolling back dev: nothing ran well there before")


def test_it_takes_the_values_of_then(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("colour: red", "colour: blue"))
    _release(world)
    assert _deploy(world, sets=("size.big=3",)) is Exit.OK
    paas.write_text(
        paas.read_text().replace("dev: {cluster: testbed,", "dev: {values: {colour: green}, cluster: testbed,")
    )
    assert _deploy(world, version=SECOND) is Exit.OK
    assert _web(world)["env"] == [{"name": "COLOUR", "value": "green"}]
    assert _back(world)[0] is Exit.OK  # to the first: the third is what one came back from
    assert _web(world)["env"] == [{"name": "COLOUR", "value": "red"}]
    (records,) = world.only_cluster.records.values()
    assert records[-1].settings == records[0].settings == (("colour", '"red"'),)


def test_after_a_failed_deploy_it_goes_to_what_ran_well_last(world: FakeWorld) -> None:
    _release(world)
    world.only_cluster.rollouts["Deployment/web"] = Rollout("crash")
    status, events = go(Deploy(environment="dev"), world)
    assert (status, _end(events).back) == (Exit.FAILED, "paasctl rollback dev")
    world.only_cluster.rollouts.clear()
    status, events = _back(world)
    assert status is Exit.OK
    assert dict(_end(events).facts)["version"] == SECOND


def test_stopped_on_the_way_the_same_command_goes_on(world: FakeWorld) -> None:
    status, _ = go(Rollback(environment="dev"), world, stops_at=lambda it: isinstance(it, Started) and it.index == 0)
    assert status is Exit.CANCELLED
    assert _entries(world)[-1] == (FIRST, "cancelled")
    status, events = _back(world)
    assert status is Exit.OK
    assert dict(_end(events).facts)["version"] == FIRST
    assert _entries(world)[-1] == (FIRST, "done")


def test_a_way_back_that_fails_does_not_point_to_where_it_came_from(world: FakeWorld) -> None:
    world.only_cluster.rollouts["Deployment/web"] = Rollout("crash")
    status, events = _back(world)
    assert status is Exit.FAILED
    assert _end(events).back == "paasctl rollback dev --list"


def test_a_version_may_be_named_if_it_ran_well_there(world: FakeWorld) -> None:
    assert dict(_end(_back(world, to=FIRST)[1]).facts)["version"] == FIRST
    problem = _problem(_back(world, to="9.9.9"))
    assert problem.code == "no-way-back"
    assert "--list" in problem.hint


def test_a_rejected_version_is_passed_over_and_not_taken_by_name(world: FakeWorld) -> None:
    _release(world)
    assert _deploy(world) is Exit.OK
    assert go(Judge(version=SECOND, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    assert _problem(_back(world, to=SECOND)).code == "release-rejected"
    status, events = _back(world)
    assert status is Exit.OK
    assert dict(_end(events).facts)["version"] == FIRST
    assert any(
        isinstance(it, Noted) and it.text.startswith(f"{SECOND} is passed over: a@here rejected") for it in events
    )


def test_an_image_that_is_gone_stops_it_before_anything_is_written(world: FakeWorld) -> None:
    (gone,) = (key for key in world.only_registry.manifests if key[0] == "shop/web" and key[1] in _pinned(world, FIRST))
    del world.only_registry.manifests[gone]
    writes = world.writes.count
    problem = _problem(_back(world))
    assert problem.code == "needs-missing"
    assert "not in its registry any more" in problem.message
    assert world.writes.count == writes


def _pinned(world: FakeWorld, version: str) -> str:
    (records,) = world.only_cluster.records.values()
    return str(dict(next(it.images for it in records if it.version == version))["web"])


def test_what_pods_name_and_nobody_has_stops_it(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    text = paas.read_text()
    named = "{secretRef: {name: shop-keys}}"
    pod = f"{{containers: [{{name: web, envFrom: [{named}, {{configMapRef: {{name: c, optional: true}}}}]}}]}}"
    paas.write_text(text.replace("image: web, port: 8080,", f"image: web, port: 8080, pod: {pod},"))
    _release(world)
    assert _deploy(world) is Exit.OK
    paas.write_text(text)
    _release(world)
    assert _deploy(world) is Exit.OK
    problem = _problem(_back(world))
    assert problem.code == "needs-missing"
    (said,) = problem.evidence
    assert said.startswith("Secret/shop-keys in ")
    assert said.endswith(": not there")
    world.only_cluster.objects[Key("", "Secret", "shop-dev", "shop-keys")] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-keys", "namespace": "shop-dev", "uid": "u", "resourceVersion": "1"},
    }
    assert _back(world)[0] is Exit.OK


def test_it_could_not_be_found_out_is_not_yes(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise Unavailable("asking registry.example: no answer")

    monkeypatch.setattr(type(world.only_registry), "resolve", dead)
    writes = world.writes.count
    assert _back(world)[0] is Exit.UNAVAILABLE
    assert world.writes.count == writes


def test_who_may_not_look_for_what_pods_name_is_told(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise Forbidden("reading secrets: not allowed")

    monkeypatch.setattr(module, "references", lambda _: (Key("", "Secret", "shop-dev", "k"),))
    _, events = _back(world, dry_run=True)
    assert _end(events).problems[0].code == "needs-missing"
    real = type(world.only_cluster).seen
    monkeypatch.setattr(
        type(world.only_cluster),
        "seen",
        lambda self, keys: forbidden() if any(it.kind == "Secret" for it in keys) else real(self, keys),
    )
    status, events = _back(world)
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and "could not be found out: reading secrets" in it.text for it in events)


def test_a_set_has_no_place_here(world: FakeWorld) -> None:
    problem = _problem(_back(world, sets=("colour=blue",)), Exit.USAGE)
    assert "takes the values of then, and no --set colour=blue" in problem.message


def test_a_dry_run_says_whether_it_could_and_writes_nothing(world: FakeWorld) -> None:
    writes = world.writes.count
    status, events = _back(world, dry_run=True)
    assert (status, _end(events).status) == (Exit.OK, "dry-run")
    assert world.writes.count == writes
    assert [it.text for it in events if isinstance(it, Noted)][-1] == f"{FIRST} can be had: 1 image in the registry"


def test_the_list_has_what_differs(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("colour: red", "colour: blue, api_token: t0p"))
    _release(world)
    assert _deploy(world) is Exit.OK
    assert go(Judge(version=SECOND, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    answer, status = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert status is Exit.OK
    assert isinstance(answer, RollbackAnswer)
    assert (answer.environment, answer.now) == ("dev", (THIRD,))
    second, first = answer.rows
    assert (second.version, first.version) == (SECOND, FIRST)
    assert second.rejected.startswith("a@here on ")
    assert second.rejected.endswith(": loses baskets")
    assert first.rejected == ""
    told = {it.what: (it.now, it.then) for it in first.differs}
    assert told["value colour"] == ('"blue"', '"red"')
    assert told["value api_token"] == ("***", "")
    assert told["image web"][0] != told["image web"][1]


def test_a_list_whose_rejections_cannot_be_read_says_so(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise Unavailable("asking registry.example: no answer")

    monkeypatch.setattr(type(world.only_registry), "resolve", dead)
    answer, status = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert status is Exit.UNAVAILABLE
    assert [it.rejected for it in answer.rows] == ["unknown"]


def test_where_nothing_was_deployed_there_is_no_way_back(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "new")
    assert _problem(_back(world)).code == "no-way-back"
    answer, _ = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert (answer.now, answer.rows) == ((), ())


def test_values_that_cannot_be_read_back_stop_it(world: FakeWorld) -> None:
    (records,) = world.only_cluster.records.values()
    records[0] = replace(records[0], settings=(("colour[0]", "1"),))
    problem = _problem(_back(world), Exit.UNAVAILABLE)
    assert problem.code == "history-unreadable"
