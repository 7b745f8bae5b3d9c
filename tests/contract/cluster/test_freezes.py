"""What the port promises of freezes, asked of every cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from paasctl.model.freeze import Freeze
from support.clusters import ClusterWorld, somebody

SAID = Freeze(by="anna@host", at="2026-01-01T00:00:00Z", until="2027-01-01T00:00:00Z", message="fêtes: nobody here")


def test_a_target_of_which_nobody_said_so_is_not_frozen(world: ClusterWorld) -> None:
    assert world.cluster().freeze(world.target) is None
    assert world.cluster().freeze(replace(world.target, namespace="not-there")) is None


def test_every_machine_sees_a_freeze_word_for_word(world: ClusterWorld) -> None:
    world.cluster().set_freeze(world.target, SAID)
    assert world.cluster().freeze(world.target) == SAID


def test_the_last_word_counts(world: ClusterWorld) -> None:
    cluster = world.cluster()
    cluster.set_freeze(world.target, SAID)
    cluster.set_freeze(world.target, replace(SAID, lifted=True, message="over"))
    assert cluster.freeze(world.target) == replace(SAID, lifted=True, message="over")


def test_one_app_s_freeze_is_not_another_s(world: ClusterWorld) -> None:
    cluster = world.cluster()
    cluster.set_freeze(world.target, SAID)
    assert cluster.freeze(replace(world.target, app="other")) is None


def test_of_ten_who_freeze_at_once_one_is_heard_and_nobody_fails(world: ClusterWorld) -> None:
    said = [replace(SAID, message=f"the {number}th") for number in range(10)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda it: _set(world, it), said))
    assert world.cluster().freeze(world.target) in said


def _set(world: ClusterWorld, freeze: Freeze) -> None:
    world.cluster().set_freeze(world.target, freeze)


def test_a_freeze_is_never_pruned_with_the_app_and_needs_no_lock(world: ClusterWorld) -> None:
    cluster = world.cluster()
    with world.cluster().hold(world.target, somebody(), wait=0, seen=print):
        cluster.set_freeze(world.target, SAID)
    assert [it for it in cluster.owned(world.target) if "freeze" in it.key.name] == []


def test_one_that_cannot_be_read_holds(world: ClusterWorld) -> None:
    named = {"name": f"odd-{world.app}", "labels": {"paasctl.dev/freeze": world.target.app}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"freeze.json": "{"}}
    assert world.raw("POST", world.path("configmaps"), body).is_good
    found = world.cluster().freeze(world.target)
    assert found is not None
    assert found.holds(4e9)
    assert "odd" in found.message
    world.cluster().set_freeze(world.target, SAID)
    assert world.cluster().freeze(world.target) == SAID, "what is said anew is heard"
