"""`build` tells scripts what it made."""

from __future__ import annotations

from pathlib import Path

from paasctl.errors import Exit
from paasctl.model.event import Outcome
from paasctl.verbs.build import BuildImages
from support.conducted import go
from support.world import FakeWorld


def test_the_digest_of_every_image_is_a_named_result(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    status, events = go(BuildImages(), world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    made = world.layout.place("web")
    assert made is not None
    assert dict(events[-1].facts)["digest.web"] == made.digest
