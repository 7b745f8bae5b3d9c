"""D18: rights are asked for before the first write, and named all at once."""

from __future__ import annotations

from pathlib import Path

from paasctl.errors import Exit
from paasctl.model.event import Outcome
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from support.conducted import go
from support.world import FakeWorld


def test_d18_missing_rights_are_named_together_before_the_first_write(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    assert go(Release(), world)[0] is Exit.OK
    world.writes.count = 0
    world.only_cluster.denied = {("patch", "Deployment"), ("create", "Service")}
    status, events = go(Deploy(environment="dev"), world)
    assert status is Exit.FORBIDDEN
    assert world.writes.count == 0
    assert isinstance(events[-1], Outcome)
    message = events[-1].problems[0].message
    assert "patch Deployment.apps in shop-dev" in message
    assert "create Service in shop-dev" in message
