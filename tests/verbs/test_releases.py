"""Releases, and what runs where; a cluster that is down hides no release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Unavailable
from paasctl.model.answer import ReleasesAnswer
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from paasctl.verbs.releases import AskReleases
from support.conducted import go
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    world = FakeWorld.make(tmp_path / "one")
    assert go(Release(), world)[0] is Exit.OK
    return world


def ask(world: FakeWorld, ends: Exit = Exit.OK, **how: Any) -> ReleasesAnswer:
    answer, status = AskReleases(**how).answer(world, lambda _: None, Cancel())
    assert status is ends
    return answer


def cells(answer: ReleasesAnswer) -> dict[str, dict[str, str]]:
    return {it.version: dict(it.environments) for it in answer.matrix}


def test_a_release_lies_there_until_it_runs(world: FakeWorld) -> None:
    assert cells(ask(world)) == {"0.1.0": {"dev": "there"}}
    assert go(Deploy(environment="dev"), world)[0] is Exit.OK
    assert cells(ask(world, registry="dev")) == {"0.1.0": {"dev": "runs"}}


def test_a_cluster_that_is_down_hides_no_release(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: str) -> bool:
        raise Unavailable("asking testbed: no route to host")

    monkeypatch.setattr(world.only_cluster, "namespace_exists", down)
    answer = ask(world, Exit.UNAVAILABLE)
    assert [it.version for it in answer.rows] == ["0.1.0"]
    assert cells(answer) == {"0.1.0": {"dev": "there, ?"}}
    assert answer.unknown == (("testbed/shop-dev/shop", "asking testbed: no route to host"),)
