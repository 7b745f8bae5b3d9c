"""A secret that is missing is told before anything is built, pushed or recorded."""

from __future__ import annotations

from pathlib import Path

from paasctl.errors import Exit
from paasctl.model.event import Outcome
from paasctl.verbs.deploy import Deploy
from support.conducted import go
from support.world import FakeWorld


def test_a_missing_secret_stops_a_build_before_it_begins(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("port: 8080,", "port: 8080, secrets: {KEY: {env: UNSET}},"))
    world.git.files["site/run"] = b"edited"
    status, events = go(Deploy(environment="dev", build=True), world)
    assert status is Exit.CONFIG
    assert world.writes.count == 0
    assert isinstance(events[-1], Outcome)
    assert "UNSET" in events[-1].problems[0].message
    assert events[-1].problems[0].where.startswith("paas.yaml:")
