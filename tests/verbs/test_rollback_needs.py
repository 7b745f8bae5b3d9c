"""`rollback`: not without what it needs, and not on what can't be found out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Forbidden, Unavailable
from paasctl.model.event import Noted, Warned
from paasctl.model.kube import Key
from paasctl.verbs import needs
from paasctl.verbs.freeze import Freezing
from paasctl.verbs.rollback import AskRollback
from support.conducted import go
from support.rollbacks import (
    FIRST,
    SECOND,
    back,
    deploy,
    deployed_twice,
    end,
    pinned,
    problem,
    release,
)
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return deployed_twice(tmp_path / "one")


def test_an_image_that_is_gone_stops_it_before_anything_is_written(world: FakeWorld) -> None:
    (gone,) = (key for key in world.only_registry.manifests if key[0] == "shop/web" and key[1] in pinned(world, FIRST))
    del world.only_registry.manifests[gone]
    writes = world.writes.count
    found = problem(back(world))
    assert found.code == "needs-missing"
    assert "not in its registry any more" in found.message
    assert world.writes.count == writes


def test_what_pods_name_and_nobody_has_stops_it(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    text = paas.read_text()
    named = "{secretRef: {name: shop-keys}}"
    pod = f"{{containers: [{{name: web, envFrom: [{named}, {{configMapRef: {{name: c, optional: true}}}}]}}]}}"
    paas.write_text(text.replace("image: web, port: 8080,", f"image: web, port: 8080, pod: {pod},"))
    release(world)
    assert deploy(world) is Exit.OK
    paas.write_text(text)
    release(world)
    assert deploy(world) is Exit.OK
    found = problem(back(world))
    assert found.code == "needs-missing"
    (said,) = found.evidence
    assert said.startswith("Secret/shop-keys in ")
    assert said.endswith(": not there")
    world.only_cluster.objects[Key("", "Secret", "shop-dev", "shop-keys")] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-keys", "namespace": "shop-dev", "uid": "u", "resourceVersion": "1"},
    }
    assert back(world)[0] is Exit.OK


def test_it_could_not_be_found_out_is_not_yes(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise Unavailable("asking registry.example: no answer")

    monkeypatch.setattr(type(world.only_registry), "has_blob", dead)
    writes = world.writes.count
    assert back(world)[0] is Exit.UNAVAILABLE
    assert world.writes.count == writes


def test_who_may_not_look_for_what_pods_name_is_told(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise Forbidden("reading secrets: not allowed")

    monkeypatch.setattr(needs, "references", lambda _: (Key("", "Secret", "shop-dev", "k"),))
    _, events = back(world, dry_run=True)
    assert end(events).problems[0].code == "needs-missing"
    real = type(world.only_cluster).seen
    monkeypatch.setattr(
        type(world.only_cluster),
        "seen",
        lambda self, keys: forbidden() if any(it.kind == "Secret" for it in keys) else real(self, keys),
    )
    status, events = back(world)
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and "could not be found out: reading secrets" in it.text for it in events)


def test_a_set_has_no_place_here(world: FakeWorld) -> None:
    found = problem(back(world, sets=("db_password=hunter2",)), Exit.USAGE)
    assert found.message.endswith("it takes the values of then, and no --set db_password")
    assert "hunter2" not in str(found)


def test_values_that_cannot_be_read_back_stop_it(world: FakeWorld) -> None:
    (records,) = world.only_cluster.records.values()
    records[0] = replace(records[0], settings=(("colour[0]", "1"),))
    found = problem(back(world), Exit.UNAVAILABLE)
    assert found.code == "history-unreadable"


def test_what_lies_under_the_name_must_be_what_ran(world: FakeWorld) -> None:
    (records,) = world.only_cluster.records.values()
    name, image = records[0].images[0]
    records[0] = replace(records[0], images=((name, image[:-4] + "0000"),))
    found = problem(back(world))
    assert found.code == "release-moved"
    assert "0000" in found.evidence[0]
    records[0] = replace(records[0], images=((name, image.replace("registry.example", "old.example")),))
    assert back(world)[0] is Exit.OK, "registries may get another name"


def test_an_image_whose_layers_are_gone_stops_it(world: FakeWorld) -> None:
    registry = world.only_registry
    digest = pinned(world, FIRST).rpartition("@")[2]
    (content,) = (it for (path, of), (_, it) in registry.manifests.items() if (path, of) == ("shop/web", digest))
    layer = json.loads(content)["layers"][0]["digest"]
    del registry.blobs["shop/web", layer]
    found = problem(back(world))
    assert found.code == "needs-missing"
    assert found.message.endswith(f"1 blob of it is gone: {layer}")


def test_a_record_that_is_gone_is_passed_over_and_listed_as_gone(world: FakeWorld) -> None:
    release(world)
    assert deploy(world) is Exit.OK
    del world.only_registry.named["shop", SECOND]
    status, events = back(world, dry_run=True)
    assert status is Exit.OK
    assert any(isinstance(it, Noted) and it.text.startswith(f"{SECOND} is passed over: its record") for it in events)
    answer, _ = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert [(it.version, it.is_gone) for it in answer.rows] == [(SECOND, True), (FIRST, False)]


def test_a_record_of_history_that_nobody_can_read_stops_it_unless_a_version_is_named(world: FakeWorld) -> None:
    release(world)
    assert deploy(world) is Exit.OK
    (records,) = world.only_cluster.records.values()
    records[1] = replace(records[1], outcome="unreadable", message="ConfigMap/x holds no record")
    assert problem(back(world), Exit.UNAVAILABLE).code == "history-unreadable"
    answer, status = AskRollback(environment="dev").answer(world, lambda _: None, Cancel())
    assert (status, answer.unread) == (Exit.UNAVAILABLE, ("ConfigMap/x holds no record",))
    status, events = back(world, to=FIRST)
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and "ConfigMap/x holds no record" in it.text for it in events)


@pytest.mark.parametrize("to", ["", " "])
def test_an_empty_version_is_no_wish_for_the_last(world: FakeWorld, to: str) -> None:
    assert "the version that was given is empty" in problem(back(world, to=to), Exit.USAGE).message


def test_a_list_takes_no_other_options(world: FakeWorld) -> None:
    assert "--list shows what there is" in problem(back(world, lists=True), Exit.USAGE).message


def test_no_gate_asks_what_ran_well_there_again(world: FakeWorld) -> None:
    """Also where its history knows of a try of what came later before it."""
    (records,) = world.only_cluster.records.values()
    records.insert(0, replace(records[0], number=0, version=SECOND, outcome="failed"))
    paas = world.project / "paas.yaml"
    paas.write_text(
        paas.read_text().replace(
            "dev: {cluster: testbed,", "dev: {frozen: ['2023-11-14 to 2023-11-15'], cluster: testbed,"
        )
    )
    assert back(world)[0] is Exit.OK


def test_a_protected_environment_asks_and_a_freeze_holds(world: FakeWorld) -> None:
    frozen = Freezing(environment="dev", freezes=True, until="", message="holidays", clusters=())
    assert go(frozen, world)[0] is Exit.OK
    status, events = back(world)
    assert status is not Exit.OK
    assert "holidays" in str(end(events).problems)


def test_what_is_in_the_making_is_no_reason_to_refuse(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release may bring what a controller makes its Secrets of."""
    monkeypatch.setattr(needs, "references", lambda _: (Key("", "Secret", "shop-dev", "k"),))
    monkeypatch.setattr(needs, "_is_foreign", lambda group: group == "apps")
    status, events = back(world)
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and it.text.startswith("Secret/k not there in ") for it in events)
