"""`deploy --build` (decision 5): a snapshot of the checkout, only where one may run, and only after the preflight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import Exit, Unavailable
from paasctl.model.event import Outcome
from paasctl.model.kube import Offers
from paasctl.model.plan import Plan
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import FakeWorld


def _edit(world: FakeWorld, old: str, new: str) -> None:
    paas = world.project / "paas.yaml"
    assert old in paas.read_text()
    paas.write_text(paas.read_text().replace(old, new))


def _tagged(world: FakeWorld) -> None:
    world.git.tags["v1.0.0"] = world.git.head


def _without_snapshots(world: FakeWorld) -> None:
    _edit(world, ", snapshots: true", "")


def _tagged_without_snapshots(world: FakeWorld) -> None:
    _tagged(world)
    _without_snapshots(world)


def _protected_unpinned(world: FakeWorld) -> None:
    _edit(world, "snapshots: true", "snapshots: true, protected: true")


def _elsewhere(world: FakeWorld) -> None:
    _edit(world, "{context: testbed}", "{context: testbed, identity: another}")


def _down(world: FakeWorld) -> None:
    def offers() -> Offers:
        raise Unavailable("reading testbed: refused")

    world.only_cluster.offers = offers  # type: ignore[method-assign]  # this one cluster is down


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        pytest.param(_without_snapshots, "no-snapshots", id="it takes releases only"),
        pytest.param(_tagged_without_snapshots, "no-snapshots", id="a tagged commit is no way around"),
        pytest.param(_tagged, "release-not-found", id="a tagged commit is a release, which only `release` makes"),
        pytest.param(_protected_unpinned, "cluster-not-pinned", id="protected and not pinned"),
        pytest.param(_elsewhere, "wrong-cluster", id="another cluster behind the name"),
        pytest.param(_down, "unavailable", id="the cluster does not answer"),
    ],
)
def test_nothing_is_built_or_pushed_for_what_is_refused(
    tmp_path: Path, prepare: Callable[[FakeWorld], None], code: str
) -> None:  # D1
    world = FakeWorld.make(tmp_path / "one")
    prepare(world)
    _, events = go(Deploy(environment="dev", build=True), world)
    assert isinstance(events[-1], Outcome)
    assert [it.code for it in events[-1].problems] == [code]
    assert world.writes.count == 0


def test_on_a_released_commit_the_release_itself_is_deployed(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    assert go(Release(), world)[0] is Exit.OK
    (tag,) = world.git.tags
    status, events = go(Deploy(environment="dev", build=True), world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    assert dict(events[-1].facts)["version"] == tag.removeprefix("v")


def test_a_protected_environment_asks_before_the_build(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    _protected_unpinned(world)
    _edit(world, "{context: testbed}", f"{{context: testbed, identity: {world.only_cluster.identity().uid}}}")
    world.git.files["site/run"] = b"edited"
    asked: list[str] = []

    def agree(plan: Plan) -> bool:
        asked.append(plan.asks)
        return True

    assert go(Deploy(environment="dev", build=True), world, agreed=lambda _: None)[0] is Exit.REFUSED
    assert world.writes.count == 0
    assert go(Deploy(environment="dev", build=True), world, agreed=agree)[0] is Exit.OK
    assert asked == ["dev is protected"]


def test_build_and_version_exclude_each_other(tmp_path: Path) -> None:
    verb = Deploy(environment="dev", build=True, version="1.0.0")
    assert go(verb, FakeWorld.make(tmp_path / "one"))[0] is Exit.USAGE
