"""Releases, and what runs where; what is down or can't be read hides no release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, Exit, Unavailable
from paasctl.model.answer import ReleasesAnswer
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
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


def _reject(world: FakeWorld, *, rejects: bool = True) -> None:
    world.clock.time += 1
    assert go(Judge(version="0.1.0", rejects=rejects, reason="loses baskets"), world)[0] is Exit.OK


def test_a_rejected_version_is_told_with_who_and_why_until_that_is_taken_back(world: FakeWorld) -> None:
    assert [it.rejected for it in ask(world).rows] == [None]
    _reject(world)
    (row,) = ask(world).rows
    assert row.rejected is not None
    assert (row.rejected.word, row.rejected.why, row.unread) == ("rejected", "loses baskets", "")
    assert row.rejected.by.startswith("a@here")
    _reject(world, rejects=False)
    assert [it.rejected for it in ask(world).rows] == [None]


def test_a_rejection_that_cannot_be_read_hides_no_release(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> Any:
        raise Unavailable("asking for referrers: the registry answers 500")

    monkeypatch.setattr(world.only_registry, "referrers", down)
    answer = ask(world, Exit.UNAVAILABLE)
    assert [(it.version, it.rejected, it.unread) for it in answer.rows] == [
        ("0.1.0", None, "asking for referrers: the registry answers 500")
    ]
    assert cells(answer) == {"0.1.0": {"dev": "there"}}


def test_whoever_stops_it_is_heard(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> Any:
        raise Cancelled("stopped at your request")

    monkeypatch.setattr(world.only_registry, "referrers", stopped)
    with pytest.raises(Cancelled):
        ask(world, Exit.UNAVAILABLE)
